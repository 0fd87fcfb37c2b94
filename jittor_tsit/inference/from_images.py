"""`test` of models from image to image: a folder of images in, one of images out."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

import numpy as np
from PIL import Image
from tqdm import tqdm

from data_tools.basics.errors import InputError
from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.image_io import read_photo, write_photo
from jittor_tsit.data.batches import ImageBatch, alone, to_image, to_pixels
from jittor_tsit.inference.input_images import Originals
from jittor_tsit.inference.model import Model, begin_images
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
    """Write `<stem>.jpg` for every image, at the model's size; returns the exit status.

    Args:
        folder, side_by_side: As of `Originals`.
        back: The other way, by a model that has learned both.
        count: Images of each input, by noise from `seed` on; of several the names are `<stem>_1.jpg` and so on.

    Raises:
        InputError: As `Originals`; or an image is faulty, or the model knows one way or one image only.
    """
    if back and not model.system.has_way_back:
        raise InputError(f"--back: the model in {model.checkpoint} has learned one way only")
    if count > 1 and not model.system.draws_at_test(has_references=False):
        raise InputError(f"--candidates {count}: {model.checkpoint} makes one image of an input, whatever the seed")
    generate = model.system.generate_back if back else model.system.generate
    inputs = parallel.together(Originals, model, folder, back, side_by_side)
    images, names = out / "images", [name for path in inputs.paths for name in names_of(path, count)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{inputs.folder}: two images would be called {twice}")
    parallel.require_same({"images": " ".join(names)}, "inputs")

    def prepare() -> None:
        paths = tqdm(inputs.paths, unit="img", dynamic_ncols=True, desc="reading images", leave=False)
        begin_images(model, images, names, map(inputs.read, paths), seed, back)

    def make() -> None:
        own = inputs.paths[parallel.rank() :: parallel.num_processes()]
        for path in tqdm(own, unit="img", dynamic_ncols=True, desc="images", disable=parallel.rank() > 0):
            a = to_image(inputs.read(path)[None])
            batch = ImageBatch(a, a, [key_of(path.stem)], alone(1))  # there is no target; b is not looked at
            for k, name in enumerate(names_of(path, count)):
                if not (images / f"{name}.jpg").exists():
                    pixels = to_pixels(generate(batch, Noise(seed + k)))[0]
                    write_photo(images / f"{name}.jpg", pixels)

    parallel.on_first_process(prepare)
    parallel.together(make)
    parallel.on_first_process(lambda: save_rows(out / "compare.png", inputs, images, count) if compare else None)
    if parallel.rank() == 0:
        print(f"{images}: {len(names)} images")
    return 0


def names_of(path: Path, count: int) -> List[str]:
    """What the images of an input are called."""
    return [path.stem] if count == 1 else [f"{path.stem}_{k}" for k in range(1, count + 1)]


def save_rows(path: Path, inputs: Originals, images: Path, count: int) -> None:
    """A picture of inputs and their images, spread evenly over the set."""
    places = evenly_spaced(len(inputs.paths), SHEET_PAIRS)
    rows = []
    for source in (inputs.paths[place] for place in places):
        made = [read_photo(images / f"{name}.jpg") for name in names_of(source, count)]
        rows.append(np.concatenate([inputs.read(source), *made], axis=1))
    Image.fromarray(contact_sheet(rows, SHEET_COLUMNS if count == 1 else 1)).save(path)
