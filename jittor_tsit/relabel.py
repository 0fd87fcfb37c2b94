"""`test` of models that give photos other labels: a folder of photos in, one image for each label out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

import jittor as jt
import numpy as np
from PIL import Image
from tqdm import tqdm

from data_tools.errors import InputError
from data_tools.image_io import read_photo, resize_photo, write_photo
from jittor_tsit import parallel
from jittor_tsit.config import DataConfig
from jittor_tsit.data import to_image, to_pixels
from jittor_tsit.labelled import LabelNames, middle
from jittor_tsit.models import QUALITY, SHEET_PAIRS, Model, claim
from jittor_tsit.sets import list_photos, photos_with_attributes, photos_with_classes


class Photo(NamedTuple):
    """What is given other labels."""

    path: Path
    label: np.ndarray  # its own; of one with classes it does not matter


def relabel(model: Model, folder: Optional[Path], out: Path) -> int:
    """Write `<stem>_<name>.jpg` for every photo and label, and `compare.png`; returns the exit status.

    Args:
        folder: Laid out as the training set; photos that have classes may lie in it without folders. By default the
            photos of the training set that were kept for test.

    Raises:
        InputError: There are no such photos, or one is faulty.
    """
    names = model.system.names
    photos = parallel.together(find_photos, model.data, names, folder)
    targets = [*names.attributes, *names.classes]
    stems = [f"{photo.path.stem}_{name}" for photo in photos for name in targets]
    if len(set(stems)) < len(stems):
        raise InputError(f"{photos[0].path.parent}: two photos have the same name in different folders")
    parallel.require_same({"photos": " ".join(stems)}, "inputs")
    images = out / "images"

    def prepare() -> None:
        digest = hashlib.sha256()
        for photo in tqdm(photos, unit="img", dynamic_ncols=True, desc="reading photos", leave=False):
            digest.update(read(photo, model.data).tobytes() + photo.label.tobytes())
        images.mkdir(parents=True, exist_ok=True)
        key = f"{model.checkpoint.resolve()} {model.checkpoint.stat().st_mtime_ns} {digest.hexdigest()}"
        claim(images, stems, out / "made_by.txt", key)

    def make() -> None:
        own = photos[parallel.rank() :: parallel.num_processes()]
        for photo in tqdm(own, unit="photo", dynamic_ncols=True, desc="images", disable=parallel.rank() > 0):
            paths = {name: images / f"{photo.path.stem}_{name}.jpg" for name in targets}
            if not all(path.exists() for path in paths.values()):
                for name, pixels in relabelled(model, photo).items():
                    write_photo(paths[name], pixels, QUALITY)

    parallel.on_first_process(prepare)
    parallel.together(make)
    parallel.on_first_process(lambda: save_rows(out / "compare.png", photos, targets, images, model.data))
    if parallel.rank() == 0:
        print(f"{images}: {len(stems)} images, {len(photos)} photos as {', '.join(targets)}")
    return 0


def find_photos(data: DataConfig, names: LabelNames, folder: Optional[Path]) -> List[Photo]:
    """The photos to be given other labels. Arguments as of `relabel`.

    Raises:
        InputError: There are none.
    """
    if not names.attributes:
        root = folder or Path(data.root)
        if folder and not any((folder / name).is_dir() for name in ("test", *names.classes)):
            return [Photo(path, names.of_class(0)) for path in list_photos(folder)]
        return [Photo(*pair) for pair in zip(*photos_with_classes(root, names, "test"))]
    if folder:
        return [Photo(*pair) for pair in zip(*photos_with_attributes(folder, names, 0)[0])]
    if not data.num_test:
        raise InputError(f"num_test=0: no photo of {data.root} was kept for test; name a folder by --data")
    return [Photo(*pair) for pair in zip(*photos_with_attributes(Path(data.root), names, data.num_test)[1])]


def read(photo: Photo, data: DataConfig) -> np.ndarray:
    """[H, W, 3] uint8, as training sees it."""
    return resize_photo(middle(read_photo(photo.path), data.crop), data.image_width, data.image_height)


def relabelled(model: Model, photo: Photo) -> Dict[str, np.ndarray]:
    """The photo with each label, by its name, [H, W, 3] uint8."""
    targets, image = model.system.targets(photo.label), to_image(read(photo, model.data)[None])
    each = jt.concat([image] * len(targets), 0)
    pixels = to_pixels(model.system.relabelled(each, jt.array(np.stack(list(targets.values())))))
    return dict(zip(targets, pixels))


def save_rows(path: Path, photos: List[Photo], targets: List[str], images: Path, data: DataConfig) -> None:
    """A picture of photos, each with all its images, spread evenly over the set."""
    places = np.linspace(0, len(photos) - 1, min(SHEET_PAIRS, len(photos))).astype(int)
    rows = []
    for photo in (photos[place] for place in places):
        made = [read_photo(images / f"{photo.path.stem}_{name}.jpg") for name in targets]
        rows.append(np.concatenate([read(photo, data), *made], axis=1))
    Image.fromarray(np.concatenate(rows)).save(path)
