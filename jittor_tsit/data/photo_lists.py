"""List the photos of a folder and of folders of classes. Imports no Jittor."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Sequence

from data_tools.basics.errors import InputError
from data_tools.basics.names import composed
from data_tools.sets.formats import IMAGES
from data_tools.sets.listing import list_files, list_folder, require_folder


def list_photos(folder: Path) -> list[Path]:
    """Return the photos of a folder, sorted by name.

    Raises:
        InputError: The folder is missing or holds no photos, or a name is not UTF-8.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; sets without label maps have trainA, trainB and testA, testB")
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


def folder_of_classes(root: Path, classes: Sequence[str], part: str) -> Path:
    """Return the folder that holds all class folders, `root` or the folder `part` in it; else the likelier one."""
    places = [root, root / part] if (root / part).is_dir() else [root]
    return next((place for place in places if all((place / name).is_dir() for name in classes)), places[-1])
