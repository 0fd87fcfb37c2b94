"""List the photos of a folder and of folders of classes. Imports no Jittor."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.names import composed
from data_tools.sets.contents import describe
from data_tools.sets.formats import IMAGES
from data_tools.sets.listing import list_files, list_folder, require_folder
from jittor_tsit.data.labels import LabelNames

PhotosAndLabels = Tuple[List[Path], List[np.ndarray]]


def list_photos(folder: Path) -> list[Path]:
    """Return the photos of a folder, sorted by name.

    Raises:
        InputError: The folder is missing or holds no photos, or a name is not UTF-8.
    """
    if not folder.is_dir():
        there = f"; in {folder.parent} lie {describe(folder.parent)}" if folder.parent.is_dir() else ""
        raise InputError(
            f"{folder}: no such folder; sets without label maps have trainA, trainB and testA, testB{there}"
        )
    return list_files(folder, IMAGES)


def holds_photos(folder: Path) -> bool:
    """Return whether photos lie in a folder itself. Then they go before those in its sub-folders.

    Raises:
        InputError: The folder is missing or cannot be read.
    """
    return bool(list_folder(require_folder(folder), IMAGES).files)


def by_stem(paths: Sequence[Path]) -> Dict[str, Path]:
    """Return the files by their stems.

    Raises:
        InputError: Two files have the same stem.
    """
    found: Dict[str, Path] = {}
    for path in paths:
        first = found.setdefault(composed(path.stem), path)
        if first != path:
            raise InputError(f"{path}: {first.name} has the same name, in another format")
    return found


def photos_of_any_class(folder: Path, names: LabelNames) -> List[Path]:
    """Return the photos of a folder, or of its class folders if it holds no photos itself.

    Raises:
        InputError: See `photos_with_classes` and `list_photos`.
    """
    if not holds_photos(folder) and any((folder / name).is_dir() for name in names.classes):
        return photos_with_classes(folder, names, "")[0]
    return list_photos(folder)


def photos_with_classes(root: Path, names: LabelNames, part: str) -> PhotosAndLabels:
    """Return (photos, one-hot label vectors) of the class folders.

    Args:
        part: Name of a folder that may lie between `root` and the class folders. Those in `root` itself go
            first.

    Raises:
        InputError: A class has no folder, or a folder has no photos.
    """
    folder = _folder_of_classes(root, names.classes, part)
    photos, labels = [], []
    for number, name in enumerate(names.classes):
        if not (folder / name).is_dir():
            there = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
            raise InputError(f"{folder}: no folder for the class {name}; there are {', '.join(there) or 'none'}")
        found = list_photos(folder / name)
        photos += found
        labels += [names.of_class(number)] * len(found)
    return photos, labels


def _folder_of_classes(root: Path, classes: Sequence[str], part: str) -> Path:
    """Return the folder that holds all class folders, `root` or the folder `part` in it; else the likelier one."""
    places = [root, root / part] if (root / part).is_dir() else [root]
    return next((place for place in places if all((place / name).is_dir() for name in classes)), places[-1])
