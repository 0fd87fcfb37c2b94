"""The command `test` for image-to-image models: translate every image of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.progress import progress_bar
from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.image_io import read_photo, write_photo
from jittor_tsit.data.batches import ImageBatch, full_share, to_image, to_pixels
from jittor_tsit.inference.input_images import InputImages
from jittor_tsit.inference.model import Model, prepare_images
from jittor_tsit.inference.sheets import SHEET_COLUMNS, SHEET_PAIRS, contact_sheet
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.draws import Noise, key_of


def translate(
    model: Model,
    folder: Optional[Path],
    out: Path,
    seed: int,
    compare: bool,
    back: bool = False,
    count: int = 1,
    side_by_side: Optional[bool] = None,
) -> int:
    """Translate every image of a folder and write `<stem>.jpg` at the model's size.

    Args:
        folder, side_by_side: See `InputImages`.
        compare: Whether to draw `compare.png` with inputs and outputs.
        back: Whether to translate from domain B to domain A.
        count: Number of images for each input, with the seeds `seed`, `seed` + 1, … If it is above 1, the names are
            `<stem>_1.jpg`, `<stem>_2.jpg`, …

    Returns:
        The exit status of the command.

    Raises:
        InputError: See `InputImages`; or an image is faulty; or the model cannot translate back, or its images do not
            depend on the seed.
    """
    if back and not model.system.translates_back:
        raise InputError(f"--back: the model in {model.checkpoint} has learned one direction only; leave --back out")
    if count > 1 and not model.system.is_random_at_test(has_references=False):
        raise InputError(f"--candidates {count}: {model.checkpoint} generates the same image for every seed")
    generate = model.system.generate_back if back else model.system.generate
    inputs = parallel.on_all_processes(InputImages, model, folder, back, side_by_side)
    images, names = out / "images", [name for path in inputs.paths for name in names_of(path, count)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{inputs.folder}: two images would be called {twice}")
    parallel.require_same({"images": " ".join(names)}, "inputs")

    def prepare() -> None:
        paths = progress_bar(inputs.paths, unit="img", desc="reading images", leave=False)
        prepare_images(model, images, names, map(inputs.read, paths), seed, back)

    def make() -> None:
        own = inputs.paths[parallel.rank() :: parallel.num_processes()]
        for path in progress_bar(own, unit="img", desc="images", disable=parallel.rank() > 0):
            a = to_image(inputs.read(path)[None])
            batch = ImageBatch(a, a, [key_of(path.stem)], full_share(1))  # there is no target; b is not used
            for k, name in enumerate(names_of(path, count)):
                if not (images / f"{name}.jpg").exists():
                    pixels = to_pixels(generate(batch, Noise(seed + k)))[0]
                    write_photo(images / f"{name}.jpg", pixels)

    parallel.on_first_process(prepare)
    parallel.on_all_processes(make)
    parallel.on_first_process(lambda: save_rows(out / "compare.png", inputs, images, count) if compare else None)
    if parallel.rank() == 0:
        print(f"{images}: {len(names)} images")
    return 0


def names_of(path: Path, count: int) -> List[str]:
    """Return the names of the `count` images of an input file, without the suffix; see `translate`."""
    return [path.stem] if count == 1 else [f"{path.stem}_{k}" for k in range(1, count + 1)]


def save_rows(path: Path, inputs: InputImages, images: Path, count: int) -> None:
    """Draw a sheet of inputs with their `count` images each, evenly spaced over the set, and write it to `path`."""
    places = evenly_spaced(len(inputs.paths), SHEET_PAIRS)
    rows = []
    for source in (inputs.paths[place] for place in places):
        outputs = [read_photo(images / f"{name}.jpg") for name in names_of(source, count)]
        rows.append(np.concatenate([inputs.read(source), *outputs], axis=1))
    Image.fromarray(contact_sheet(rows, SHEET_COLUMNS if count == 1 else 1)).save(path)
