"""`test` of models from image to image: a folder of images in, one of images out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import List, Optional

import numpy as np
from PIL import Image
from tqdm import tqdm

from data_tools.errors import InputError
from data_tools.image_io import read_photo, resize_photo, write_photo
from jittor_tsit import parallel
from jittor_tsit.data import ImageBatch, alone, list_photos, to_image, to_pixels
from jittor_tsit.models import QUALITY, SHEET_COLUMNS, SHEET_PAIRS, Model, claim
from jittor_tsit.noise import Noise, key_of
from jittor_tsit.samples import halves
from jittor_tsit.training.run_dir import contact_sheet


def translate(model: Model, folder: Optional[Path], out: Path, seed: int, compare: bool) -> int:
    """Write `<stem>.jpg` for every image, at the model's size; returns the exit status.

    Args:
        folder: Of inputs, or of files with two images each where training had such; by default `testA` (`testB` with
            direction=BtoA), or `test`.

    Raises:
        InputError: There is no such folder, or an image is faulty.
    """
    inputs = Originals(model, folder)
    images, stems = out / "images", [path.stem for path in inputs.paths]
    if len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise InputError(f"{inputs.folder}: holds {twice} twice, in two formats")
    parallel.require_same({"images": " ".join(stems)}, "inputs")

    def prepare() -> None:
        digest = hashlib.sha256()
        for path in tqdm(inputs.paths, unit="img", dynamic_ncols=True, desc="reading images", leave=False):
            digest.update(inputs.read(path).tobytes())
        images.mkdir(parents=True, exist_ok=True)
        key = f"{model.checkpoint.resolve()} {model.checkpoint.stat().st_mtime_ns} {seed} {digest.hexdigest()}"
        claim(images, stems, out / "made_by.txt", key)

    def make() -> None:
        own = inputs.paths[parallel.rank() :: parallel.num_processes()]
        for path in tqdm(own, unit="img", dynamic_ncols=True, desc="images", disable=parallel.rank() > 0):
            target = images / f"{path.stem}.jpg"
            if not target.exists():
                a = to_image(inputs.read(path)[None])
                batch = ImageBatch(a, a, [key_of(path.stem)], alone(1))  # there is no target; b is not looked at
                write_photo(target, to_pixels(model.system.generate(batch, Noise(seed)))[0], QUALITY)

    parallel.on_first_process(prepare)
    parallel.together(make)
    parallel.on_first_process(lambda: save_pairs(out / "compare.png", inputs, images) if compare else None)
    if parallel.rank() == 0:
        print(f"{images}: {len(stems)} images")
    return 0


class Originals:
    """Images that a model is given, at its size.

    Args:
        folder: As `translate`.
    """

    def __init__(self, model: Model, folder: Optional[Path]):
        data = model.data
        self.size, self.is_reversed = (data.image_width, data.image_height), data.direction == "BtoA"
        own = Path(data.root, "testB" if self.is_reversed else "testA")
        root = Path(data.root)
        self.has_two = not Path(root, "trainA").is_dir() and Path(root, "train").is_dir()
        self.folder = folder or (Path(root, "test") if self.has_two else own)
        self.paths: List[Path] = list_photos(self.folder)

    def read(self, path: Path) -> np.ndarray:
        """[H, W, 3] uint8"""
        photo = read_photo(path)
        if self.has_two:
            photo = halves(photo, path)[self.is_reversed]
        return resize_photo(photo, *self.size)


def save_pairs(path: Path, inputs: Originals, images: Path) -> None:
    """A picture of inputs and their images, spread evenly over the set."""
    places = np.linspace(0, len(inputs.paths) - 1, min(SHEET_PAIRS, len(inputs.paths))).astype(int)
    pictures = []
    for source in (inputs.paths[place] for place in places):
        pictures.append(np.concatenate([inputs.read(source), read_photo(images / f"{source.stem}.jpg")], axis=1))
    Image.fromarray(contact_sheet(pictures, SHEET_COLUMNS)).save(path)
