"""The command `test` for StarGAN: translate every photo of a folder to each target label."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, cast

import jittor as jt
import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.progress import progress_bar
from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.image_io import read_photo, write_photo
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batches import to_image, to_pixels
from jittor_tsit.data.folders import list_photos, photos_with_attributes, photos_with_classes
from jittor_tsit.data.labels import LabelNames, read_middle
from jittor_tsit.inference.model import Model, prepare_images
from jittor_tsit.inference.sheets import SHEET_PAIRS
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.tasks import PhotoRelabeler


class Photo(NamedTuple):
    """A photo to translate: its file, its own label vector, and the stem of its result files."""

    path: Path
    label: np.ndarray  # the photo's own label; not used for classes
    stem: str  # beginning of the names of its images


def relabel(model: Model, folder: Optional[Path], out: Path) -> int:
    """Write `<stem>_<name>.jpg` for every photo and target label, and `compare.png`.

    Args:
        folder: Folder with the layout of the training set; with classes also a folder of photos without class folders.
            Default: the test photos of the training set.

    Returns:
        The exit status of the command.

    Raises:
        InputError: There are no photos, or one is faulty.
    """
    names = cast(PhotoRelabeler, model.system).names
    photos = parallel.on_all_processes(find_photos, model.data, names, folder)
    targets = [*names.attributes, *names.classes]
    stems = [f"{photo.stem}_{name}" for photo in photos for name in targets]
    parallel.require_same({"photos": " ".join(stems)}, "inputs")
    images = out / "images"

    def contents() -> Iterator[np.ndarray]:
        for photo in progress_bar(photos, unit="img", desc="reading photos", leave=False):
            yield read(photo, model.data)
            yield photo.label

    def make() -> None:
        own = photos[parallel.rank() :: parallel.num_processes()]
        for photo in progress_bar(own, unit="photo", desc="images", disable=parallel.rank() > 0):
            paths = {name: images / f"{photo.stem}_{name}.jpg" for name in targets}
            if not all(path.exists() for path in paths.values()):
                for name, pixels in translate_to_targets(model, photo).items():
                    write_photo(paths[name], pixels)

    parallel.on_first_process(lambda: prepare_images(model, images, stems, contents()))
    parallel.on_all_processes(make)
    parallel.on_first_process(lambda: save_rows(out / "compare.png", photos, targets, images, model.data))
    if parallel.rank() == 0:
        print(f"{images}: {len(stems)} images, {len(photos)} photos as {', '.join(targets)}")
    return 0


def find_photos(data: DataConfig, names: LabelNames, folder: Optional[Path]) -> List[Photo]:
    """Find the photos to translate. See `relabel` for `folder`.

    Raises:
        InputError: There are none.
    """
    if names.attributes:
        if not folder and not data.num_test:
            raise InputError(f"num_test=0: no photo of {data.root} was kept for test; name a folder by --data")
        train, test = photos_with_attributes(folder or Path(data.root), names, 0 if folder else data.num_test)
        paths, labels = train if folder else test
    elif folder and not any((folder / name).is_dir() for name in ("test", *names.classes)):
        paths = list_photos(folder)
        labels = [names.of_class(0)] * len(paths)
    else:
        root = folder or Path(data.root)
        if not folder and not (root / "test").is_dir():
            if (root / "train").is_dir():
                raise InputError(f"{root}: no folder test beside train; name a folder of photos by --data")
            print(f"{root}: no photos for test; taking those of training")
        paths, labels = photos_with_classes(root, names, "test")
    return [Photo(*each) for each in zip(paths, labels, distinct_stems(paths))]


def distinct_stems(paths: Sequence[Path]) -> List[str]:
    """Return file names without suffix. If two are equal, put the name of their folder in front.

    Raises:
        InputError: Two names in one folder are equal. The message names both files.
    """
    counts = Counter(path.stem for path in paths)
    stems = [path.stem if counts[path.stem] == 1 else f"{path.parent.name}_{path.stem}" for path in paths]
    found: Dict[str, Path] = {}
    for stem, path in zip(stems, paths):
        if stem in found:
            raise InputError(f"{path} and {found[stem]}: their images would have the same name; rename one file")
        found[stem] = path
    return stems


def read(photo: Photo, data: DataConfig) -> np.ndarray:
    """Read a photo; cut and resize it as in training, [H, W, 3] uint8."""
    return read_middle(photo.path, data.crop, data.image_width, data.image_height)


def translate_to_targets(model: Model, photo: Photo) -> Dict[str, np.ndarray]:
    """Translate a photo to each target label: name of the target -> [H, W, 3] uint8."""
    system = cast(PhotoRelabeler, model.system)
    targets, image = system.targets(photo.label), to_image(read(photo, model.data)[None])
    each = jt.concat([image] * len(targets), 0)
    pixels = to_pixels(system.relabel(each, jt.array(np.stack(list(targets.values())))))
    return dict(zip(targets, pixels))


def save_rows(path: Path, photos: List[Photo], targets: List[str], images: Path, data: DataConfig) -> None:
    """Draw a sheet with a row for each photo and its images for all targets, evenly spaced over the set."""
    places = evenly_spaced(len(photos), SHEET_PAIRS)
    rows = []
    for photo in (photos[place] for place in places):
        outputs = [read_photo(images / f"{photo.stem}_{name}.jpg") for name in targets]
        rows.append(np.concatenate([read(photo, data), *outputs], axis=1))
    Image.fromarray(np.concatenate(rows)).save(path)
