"""The command `test` for image-to-image models: translate every image of a folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Dict, Optional

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.names import quantity
from data_tools.basics.progress import progress_bar
from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.image_io import read_photo
from jittor_tsit.data.batches import ImageBatch, full_share
from jittor_tsit.data.sheets import SHEET_PAIRS, Row, across_of, draw_sheet, heads_of
from jittor_tsit.inference.input_images import InputImages
from jittor_tsit.inference.model import Model
from jittor_tsit.inference.names import draws_of
from jittor_tsit.inference.options import DEFAULT, ImageOptions
from jittor_tsit.inference.results import SHEET, digest, prepare_folder
from jittor_tsit.inference.sizes import generate_padded, least_side
from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.status_line import IMAGE_NOTE, FirstWait
from jittor_tsit.systems.draws import Noise, key_of


def translate(
    model: Model,
    place: Optional[Path],
    out: Path,
    seed: int,
    compare: bool,
    back: bool = False,
    side_by_side: Optional[bool] = None,
    options: ImageOptions = DEFAULT,
) -> int:
    """Translate every image of a folder, or one file, and write the images to the folder `out`/images.

    Args:
        place, side_by_side: See `InputImages`.
        compare: Whether to draw `compare.png` with inputs and outputs.
        back: Whether to translate from domain B to domain A.

    Returns:
        The exit status of the command.

    Raises:
        InputError: See `InputImages`; or an image is faulty; or the model cannot translate back, or its images do not
            depend on the seed.
    """
    if back and not model.system.translates_back:
        raise InputError(f"--back: the model in {model.checkpoint} has learned one direction only; leave --back out")
    require_random(model, options.draws, "--draws")
    inputs = parallel.on_all_processes(InputImages, model, place, back, side_by_side, options)
    parallel.require_same({"images": " ".join(inputs.names.values())}, "inputs")
    if parallel.rank() == 0:
        print(f"{quantity(len(inputs.paths), 'image')} of {inputs.folder}; results: {inputs.sizing}")

    def prepare() -> None:
        keys = keys_of(model, inputs, seed, back, options)
        prepare_folder(out, {**keys, SHEET: digest(*keys.values())}, inputs.paths)

    parallel.on_first_process(prepare)
    parallel.on_all_processes(make_images, model, inputs, out, seed, back, options)
    maker = model.maker(seed)
    parallel.on_first_process(lambda: save_rows(out / SHEET, inputs, out, options, maker) if compare else None)
    if parallel.rank() == 0:
        print(f"{out / 'images'}: {quantity(len(inputs.paths) * options.draws, 'image')}")
        print(f"{out / SHEET}: inputs beside images" if compare else f"next: --compare draws {out / SHEET}")
    return 0


def require_random(model: Model, draws: int, option: str, has_references: bool = False) -> None:
    """Raise InputError if several images of each input are wanted, and the model's do not depend on the seed.

    Args:
        option: Name of the option that asks for `draws` images, for the message.
        has_references: Whether reference photos give the styles.
    """
    if draws > 1 and not model.system.is_random_at_test(has_references):
        raise InputError(f"{option} {draws}: {model.checkpoint} generates the same image for every seed; leave it out")


def keys_of(model: Model, inputs: InputImages, seed: int, back: bool, options: ImageOptions) -> Dict[str, str]:
    """Return for each image file a digest of all that its content depends on. All inputs are read.

    Raises:
        InputError: An input is faulty. The message names the first one.
    """
    keys = {}
    for path in progress_bar(inputs.paths, unit="img", desc="reading images", leave=False):
        content = digest(model.key, back, options.format, options.quality, path.stem, inputs.read(path))
        for k, name in enumerate(draws_of(inputs.names[path], options.draws)):
            keys[options.file(name)] = digest(content, seed + k)
    return keys


def make_images(model: Model, inputs: InputImages, out: Path, seed: int, back: bool, options: ImageOptions) -> None:
    """Translate this process's share of the inputs, as far as their images are not in `out` yet."""
    own, first_image = inputs.paths[parallel.rank() :: parallel.num_processes()], FirstWait(IMAGE_NOTE)
    for path in progress_bar(own, unit="img", desc="images", disable=parallel.rank() > 0):
        targets = [out / options.file(name) for name in draws_of(inputs.names[path], options.draws)]
        if all(target.exists() for target in targets):
            continue
        photo = inputs.read(path)
        for k, target in enumerate(targets):
            if not target.exists():
                with first_image:
                    pixels = translation(model, photo, path.stem, Noise(seed + k), back)
                options.write(target, pixels)


def translation(model: Model, photo: np.ndarray, name: str, noise: Noise, back: bool) -> np.ndarray:
    """Translate one photo, [H, W, 3] uint8 -> [H, W, 3] uint8, or [H, W] uint8 by a model of grey images.

    Args:
        name: File name without suffix, which with the seed of `noise` decides the draws.
        back: Whether to translate from domain B to domain A.
    """
    generate = model.system.generate_back if back else model.system.generate
    batch = partial(ImageBatch, index=[key_of(name)], share=full_share(1))  # there is no target; b is not used
    channels = model.system.batch_kind.channels[back]
    sides = model.system.image_multiple, least_side(model.data)
    return generate_padded(lambda a: generate(batch(a, a), noise), photo, *sides, channels)[0]


def save_rows(path: Path, inputs: InputImages, out: Path, options: ImageOptions, maker: str) -> None:
    """Draw a sheet of inputs with their images, evenly spaced over the set, and write it to `path`.

    Args:
        maker: What made the images; the sheet names it.
    """
    rows = []
    for place in evenly_spaced(len(inputs.paths), SHEET_PAIRS):
        source = inputs.paths[place]
        files = [out / options.file(name) for name in draws_of(inputs.names[source], options.draws)]
        rows.append(Row(inputs.names[source], place + 1, [inputs.read(source), *map(read_photo, files)]))
    lines = [maker, f"{len(rows)} of {len(inputs.paths):,} images of {inputs.folder}"]
    draw_sheet(lines, ["input", *heads_of(options.draws)], rows, across=across_of(options.draws)).save(path)
