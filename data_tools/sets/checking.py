"""Find the pairs of a data set that cannot be used for training, and the pairs that are unusual.

Used by `data_tools check`, and by `train` through jittor_tsit/data/read_through.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, Optional, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.names import printable
from data_tools.basics.threads import with_bar
from data_tools.sets.classes import NUM_CLASSES
from data_tools.sets.image_io import QUARTER_TURNS, read_label, read_photo, read_storage
from data_tools.sets.odd_files import OddFiles
from data_tools.sets.oddities import Unusual, unusual_label, unusual_photo
from data_tools.sets.pairing import Pair, Problem

# The contest pairs 1024x768 photos with 512x384 labels: the sizes may differ, the proportions may not.
_ASPECT_TOLERANCE = 0.01  # a size rounded by one pixel is within this from 100 pixels on


def check_pair(pair: Pair, num_classes: int = NUM_CLASSES, unknown: Optional[int] = None) -> Optional[str]:
    """Read both files of a pair; return in one line the error that `read_pair` raises for it, or None."""
    try:
        read_pair(pair, num_classes, unknown)
    except InputError as error:
        return printable(str(error))
    return None


def read_pair(
    pair: Pair, num_classes: int = NUM_CLASSES, unknown: Optional[int] = None
) -> Tuple[np.ndarray, np.ndarray]:
    """Decode both files of a pair in full.

    Args:
        unknown: As in `read_label`.

    Returns:
        photo [H, W, 3] uint8 RGB; label [h, w] uint8 as `read_label` returns it.

    Raises:
        InputError: A file cannot be read, an id is out of range, or the proportions of photo and label differ by
            more than 1 %.
    """
    photo, label = read_photo(pair.photo), read_label(pair.label, num_classes, unknown)
    fault = mismatch(pair, (photo.shape[1], photo.shape[0]), (label.shape[1], label.shape[0]))
    if fault is not None:
        raise InputError(fault)
    return photo, label


def mismatch(pair: Pair, photo_size: Tuple[int, int], label_size: Tuple[int, int]) -> Optional[str]:
    """Compare the proportions of a photo and its label map.

    Args:
        photo_size, label_size: (width, height) in pixels.

    Returns:
        A message of one line if the proportions differ by more than 1 %, else None.
    """
    stretch = (photo_size[0] * label_size[1]) / (photo_size[1] * label_size[0])
    if abs(stretch - 1) <= _ASPECT_TOLERANCE:
        return None
    (width, height), (label_width, label_height) = photo_size, label_size
    return printable(
        f"{pair.photo}: {width}x{height} has other proportions than its label, {label_width}x{label_height}"
        f"{_turned_by_exif(pair.photo)}"
    )


def _turned_by_exif(photo: Path) -> str:
    """Return what to do about a photo that its EXIF orientation turned by 90 degrees; an empty string for others."""
    orientation = read_storage(photo).orientation
    if orientation not in QUARTER_TURNS:
        return ""
    return (
        f"; its EXIF orientation {orientation} turned the photo, and the label is not turned: if the label shows the "
        "photo as it is stored, remove the orientation (exiftool -n -Orientation=1 FILE), otherwise turn the label"
    )


def inspect_pair(pair: Pair, num_classes: int = NUM_CLASSES, unknown: Optional[int] = None) -> Optional[Problem]:
    """Read a pair in full and return its problem, or None.

    A pair that `read_pair` refuses is broken. A readable pair whose files are unusual (`oddities`) is odd.
    """
    problem, _ = _inspect(pair, num_classes, unknown)
    return problem


def _inspect(pair: Pair, num_classes: int, unknown: Optional[int]) -> Tuple[Optional[Problem], Sequence[Unusual]]:
    """Return the problem of a pair, or None, and what is unusual about its files if they can be read."""
    fault = check_pair(pair, num_classes, unknown)
    if fault is not None:
        return Problem(pair.stem, fault, broken=True), ()
    try:
        files = unusual_files(pair)
    except InputError as error:  # the file has changed since `check_pair` read it
        return Problem(pair.stem, printable(str(error)), broken=True), ()
    reason = "; ".join(f"{file.path}: {', '.join(file.notes)}" for file in files if file.notes)
    return Problem(pair.stem, printable(reason), broken=False) if reason else None, files


def unusual_files(pair: Pair) -> Tuple[Unusual, Unusual]:
    """Return what is unusual about the photo and the label map of a readable pair. Errors as in `read_pair`."""
    return unusual_photo(pair.photo), unusual_label(pair.label)


def check_pairs(
    pairs: Sequence[Pair],
    num_classes: int = NUM_CLASSES,
    workers: int = 2,
    progress: bool = True,
    unknown: Optional[int] = None,
    sound: Callable[[Pair], None] = lambda pair: None,
    unusual: Callable[[Unusual], None] = lambda file: None,
) -> list[tuple[str, str]]:
    """Run `check_pair` on many pairs with `workers` threads, and show a progress bar on stderr if it takes long.

    Args:
        sound: Called in this thread with each pair that has no problem, as soon as it is checked.
        unusual: Called in this thread with each file of a pair that has no problem.

    Returns:
        (stem, message) of the pairs with a problem, in the order of `pairs`.
    """

    def check(pair: Pair) -> Tuple[Optional[str], Sequence[Unusual]]:
        fault = check_pair(pair, num_classes, unknown)
        return fault, unusual_files(pair) if fault is None else ()

    problems = []
    for pair, (fault, files) in zip(pairs, with_bar(check, pairs, workers, "check", progress)):
        if fault is not None:
            problems.append((pair.stem, fault))
            continue
        sound(pair)
        for file in files:
            unusual(file)
    return problems


def inspect_pairs(
    pairs: Sequence[Pair],
    num_classes: int = NUM_CLASSES,
    workers: int = 2,
    progress: bool = True,
    unknown: Optional[int] = None,
) -> List[Problem]:
    """Run `inspect_pair` on many pairs with `workers` threads, and show a progress bar on stderr if it takes long.

    Returns:
        The problems, broken and odd, in the order of `pairs`. If photos would be scaled differently
        (`OddFiles.require_one_scale`), the last one is a broken problem of the first deep photo.
    """
    problems, odd = [], OddFiles()
    results = with_bar(lambda pair: _inspect(pair, num_classes, unknown), pairs, workers, "check", progress)
    for problem, files in results:
        if problem is not None:
            problems.append(problem)
        for file in files:
            odd.add(file)
    try:
        odd.require_one_scale()
    except InputError as error:
        first = min(path for _, path in odd.depths.values())
        problems.append(Problem(first.stem, printable(str(error)), broken=True))
    return problems
