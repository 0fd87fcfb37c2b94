"""Lists of attributes of photos, as CelebA has them (.txt) and as Kaggle has them (.csv). Imports no Jittor."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.names import composed, printable
from jittor_tsit.data.attribute_tables import read_table
from jittor_tsit.data.labels import LabelNames

LIST_FILES = (  # names of the list inside a set, in the order in which they are looked for
    "list_attr_celeba.txt",  # CelebA
    "list_attr_celeba.csv",  # CelebA from Kaggle
    "Anno/list_attr_celeba.txt",  # CelebA as its archives unpack
    "CelebAMask-HQ-attribute-anno.txt",  # CelebA-HQ
)
PHOTO_FOLDERS = (  # names of the folder of photos inside a set, in the order in which they are looked for
    "images",
    "imgs",
    "img_align_celeba/img_align_celeba",  # CelebA from Kaggle
    "img_align_celeba",
    "Img/img_align_celeba",  # CelebA as its archives unpack
    "CelebA-HQ-img",
    "",  # the set's folder itself
)
YES, NO = "1", ("-1", "0")  # values in a list; one list uses only one of the two values for no
SPELLINGS = {"1.0": "1", "+1": "1", "-1.0": "-1", "0.0": "0", "true": "1", "false": "0"}  # as other programs write them


class ListedPhotos(NamedTuple):
    """Photos that have a line in an attribute list, in the order of the list, with their label vectors.

    Args:
        notes: Lines for the user that say what was left out.
    """

    photos: List[Path]
    labels: List[np.ndarray]
    notes: Tuple[str, ...]


def find_list(root: Path) -> Optional[Path]:
    """Return the attribute list of a set, one of LIST_FILES; None if the set has none."""
    return next((root / name for name in LIST_FILES if (root / name).is_file()), None)


def match_attributes(photos: Sequence[Path], path: Path, names: LabelNames) -> ListedPhotos:
    """Return the photos that an attribute list has a line for, with their labels.

    The list may also have lines for other photos, and photos without a line are left out. `ListedPhotos.notes` says
    so. A line names a photo by its file name, or by its file name with another suffix.

    Args:
        path: The attribute list.

    Raises:
        InputError: See `read_attributes`; or no line names one of the photos.
    """
    attributes, notes = read_attributes(path, names.attributes)
    find, folder = _finder(photos), photos[0].parent
    found: Dict[Path, Tuple[int, ...]] = {}
    absent: List[str] = []
    for name, values in attributes.items():
        photo = find(name)
        if photo is None or photo in found:
            absent.append(name)
        else:
            found[photo] = values
    if not found:
        first = f"such as {printable(absent[0])}; there is {printable(photos[0].name)}" if absent else "it has no lines"
        raise InputError(f"{path}: names none of the {len(photos)} photos of {folder} ({first})")
    if absent:
        notes.append(
            f"{path}: {len(absent)} of {len(attributes)} lines have no file in {folder} ({_examples(absent)}); the "
            f"{len(found)} photos that are there are used"
        )
    unlisted = [photo.name for photo in photos if photo not in found]
    if unlisted:
        without = f"{len(unlisted)} photos have no line in {path} and are not used"
        notes.append(f"{folder}: {without} ({_examples(unlisted)})")
    return ListedPhotos(list(found), [names.of_attributes(values) for values in found.values()], tuple(notes))


def _examples(names: Sequence[str]) -> str:
    return printable(names[0]) + (", …" if len(names) > 1 else "")


def _finder(photos: Sequence[Path]) -> Callable[[str], Optional[Path]]:
    """Return a function from a name in a list to the photo of this name, or to None.

    Accents may be written in one code point or in two. Without a file of the name, a file with the same stem is taken.
    """
    by_name = {composed(photo.name): photo for photo in photos}
    by_stem: Dict[str, List[Path]] = {}
    for photo in photos:
        by_stem.setdefault(composed(photo.stem), []).append(photo)

    def find(name: str) -> Optional[Path]:
        same = by_stem.get(composed(Path(name).stem), [])
        return by_name.get(composed(name), same[0] if len(same) == 1 else None)

    return find


def read_attributes(path: Path, names: Sequence[str]) -> Tuple[Dict[str, Tuple[int, ...]], List[str]]:
    """Read attributes of photos from a list.

    A list in CelebA's format has the number of photos in the first line, which may be missing, and the names of the
    attributes in the second line. Every other line is a file name, which may contain blanks, and a value for each
    attribute. A list with commas has a first line such as "image_id,Male,Young"; names with commas stand in quotes.
    Values are 1 and -1, or 1 and 0; see also SPELLINGS.

    Args:
        names: The attributes to read.

    Returns:
        File name -> values of these attributes, zeros and ones; and lines for the user.

    Raises:
        InputError: The file is missing, lacks an attribute, or has a malformed line.
    """
    table = read_table(path)
    for name in names:
        if name not in table.names:
            there = printable(", ".join(table.names)) or "none"
            raise InputError(f"{path}, line {table.header}: has no attribute {name}; there are {there}")
        if table.names.count(name) > 1:
            raise InputError(f"{path}, line {table.header}: {name} stands there more than once; rename or remove one")
    columns = [table.names.index(name) for name in names]
    found: Dict[str, Tuple[int, ...]] = {}
    no = ""  # the value for no in this list, once it is known
    for number, photo, values in table.rows:
        if len(values) != len(table.names) or not photo:
            raise InputError(
                f"{path}, line {number}: a file name and {len(table.names)} values are needed, there are {len(values)}"
            )
        own = [SPELLINGS.get(values[column].lower(), values[column]) for column in columns]
        for name, value in zip(names, own):
            no = _value_for_no(value, no, f"{path}, line {number}, {name}")
        if photo in found:
            raise InputError(f"{path}, line {number}: {printable(photo)} has a line already")
        found[photo] = tuple(int(value == YES) for value in own)
    notes = []
    if table.num_photos not in (None, len(found)):
        notes.append(f"{path}, line 1: says {table.num_photos} photos, but there are lines for {len(found)}")
    return found, notes


def _value_for_no(value: str, no: str, place: str) -> str:
    """Check a value of a list and return the list's value for no, as far as it is known.

    Args:
        no: The value for no in the lines before; empty if none had it.
        place: File, line and attribute, for the error message.
    """
    if value == YES:
        return no
    if value not in NO:
        raise InputError(f"{place}: {printable(value)!r} is no value; allowed are 1 and -1, or 1 and 0")
    if no not in ("", value):
        raise InputError(f"{place}: {value}, but no was {no} before; use 1 and -1, or 1 and 0, in the whole list")
    return value
