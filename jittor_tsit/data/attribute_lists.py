"""Lists of attributes of photos, as CelebA has them (.txt) and as Kaggle has them (.csv). Imports no Jittor."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_text
from data_tools.basics.names import composed, printable
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
FILE_COLUMNS = ("image_id", "image", "img", "file", "filename", "file_name", "name")  # titles of the column of names
MAX_DIGITS = 10  # a longer number is no number of photos
SEPARATORS = ",;"  # of the columns of a .csv; some spreadsheets write semicolons


class Table(NamedTuple):
    """An attribute list as a table.

    Args:
        names: Titles of the columns of values.
        rows: For each photo the number of its line in the file, its name, and its values.
        num_photos: Number of photos that the first line states; None if the list does not begin with a number.
    """

    names: List[str]
    rows: Iterator[Tuple[int, str, List[str]]]
    num_photos: Optional[int]


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
    Values are 1 and -1, or 1 and 0.

    Args:
        names: The attributes to read.

    Returns:
        File name -> values of these attributes, zeros and ones; and lines for the user.

    Raises:
        InputError: The file is missing, lacks an attribute, or has a malformed line.
    """
    table = _read_table(path)
    for name in names:
        if name not in table.names:
            raise InputError(f"{path}: has no attribute {name}; there are {', '.join(table.names) or 'none'}")
    columns = [table.names.index(name) for name in names]
    found: Dict[str, Tuple[int, ...]] = {}
    no = ""  # the value for no in this list, once it is known
    for number, photo, values in table.rows:
        if len(values) != len(table.names) or not photo:
            raise InputError(
                f"{path}, line {number}: a file name and {len(table.names)} values are needed, there are {len(values)}"
            )
        own = [values[column] for column in columns]
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


def _read_table(path: Path) -> Table:
    if not path.is_file():
        raise InputError(f"{path}: no such file; attributes are read from it")
    lines = read_text(path).splitlines()
    first = lines[0].strip() if lines else ""
    num_photos = int(first) if first.isdecimal() and len(first) < MAX_DIGITS else None
    skipped = 0 if num_photos is None else 1
    header = lines[skipped] if len(lines) > skipped else ""
    separator = max(SEPARATORS, key=header.count)
    if separator in header:
        names, rows = _split_csv(path, lines, skipped, separator)
    else:
        names, rows = _split_text(lines, skipped)
    return Table(names, rows, num_photos)


def _split_text(lines: List[str], skipped: int) -> Tuple[List[str], Iterator[Tuple[int, str, List[str]]]]:
    """Split lines at blanks. The last columns are the values, and everything before them is the name."""
    names = lines[skipped].split() if len(lines) > skipped else []
    if names and names[0].lower() in FILE_COLUMNS:
        names = names[1:]

    def rows() -> Iterator[Tuple[int, str, List[str]]]:
        for number, line in enumerate(lines[skipped + 1 :], skipped + 2):
            if line.strip():
                photo, *values = line.strip().rsplit(None, len(names))
                yield number, photo, values

    return names, rows()


def _split_csv(
    path: Path, lines: List[str], skipped: int, separator: str
) -> Tuple[List[str], Iterator[Tuple[int, str, List[str]]]]:
    """Split lines at commas or semicolons. The first column is the name; a column without title before it is left out.

    Pandas writes a column without title, the number of the row.
    """

    def cells() -> Iterator[Tuple[int, List[str]]]:
        reader = csv.reader(lines[skipped:], delimiter=separator, skipinitialspace=True)
        try:
            for row in reader:
                yield skipped + reader.line_num, [cell.strip() for cell in row]
        except csv.Error as error:
            raise InputError(f"{path}, line {skipped + reader.line_num}: {error}") from error

    table = cells()
    _, titles = next(table)
    first = 0 if titles[0] else 1
    rows = ((number, row[first], row[first + 1 :]) for number, row in table if len(row) > first)
    return titles[first + 1 :], rows
