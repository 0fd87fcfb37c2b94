"""Read an attribute list as a table: a line of titles, then a file name and values for each photo."""

from __future__ import annotations

import csv
import re
from itertools import chain, islice
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_text

FILE_TITLES = frozenset(  # titles of the column of names, in small letters without _ - and blanks
    "file filename fname filepath path name id image imageid imagename imagepath img imgid imgname imgpath photo "
    "photoid photoname photopath".split()
)
NUMBERS = re.compile(r"[+-]?[01](\.0+)?|true|false", re.IGNORECASE)  # values; a cell like this is no name of a photo
MAX_DIGITS = 10  # a longer number is no number of photos
SEPARATORS = ",;\t"  # of the columns; some spreadsheets write semicolons

Row = Tuple[int, str, List[str]]  # number of the line in the file, name of the photo, its values


class Table(NamedTuple):
    """An attribute list as a table.

    Args:
        names: Titles of the columns of values.
        rows: For each photo the number of its line in the file, its name, and its values.
        header: Number of the line with the titles.
        num_photos: Number of photos that the first line says; None if the list does not begin with a number.
    """

    names: List[str]
    rows: Iterator[Row]
    header: int
    num_photos: Optional[int]


def read_table(path: Path) -> Table:
    """Read an attribute list. Its columns are separated by commas, semicolons, tabs or blanks.

    Raises:
        InputError: The file is missing or is not text, or the titles and the other lines are separated differently.
            Reading the rows raises it as well if a line is malformed.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; attributes are read from it")
    lines = read_text(path).splitlines()
    used = [number for number, line in enumerate(lines) if line.strip()]
    first = lines[used[0]].strip() if used else ""
    num_photos = int(first) if first.isdecimal() and len(first) < MAX_DIGITS else None
    used = used if num_photos is None else used[1:]
    if not used:
        return Table([], iter(()), 1, num_photos)
    skipped = used[0]
    header, row = lines[skipped], lines[used[1]] if len(used) > 1 else ""
    separator = max(SEPARATORS, key=header.count)
    has_columns = separator in header and (separator in row or separator != "\t")
    if row and has_columns and separator not in row:
        raise _mixed(path, skipped, f"has {separator!r} between its columns, and line {used[1] + 1} has not")
    other = max(SEPARATORS, key=row.count)
    if not has_columns and other in row and len(row.split()) == 1:
        raise _mixed(path, skipped, f"has blanks between its columns, and line {used[1] + 1} has {other!r}")
    names, rows = _split_csv(path, lines, skipped, separator) if has_columns else _split_text(lines, skipped)
    return Table(names, rows, skipped + 1, num_photos)


def _mixed(path: Path, skipped: int, what: str) -> InputError:
    return InputError(f"{path}, line {skipped + 1}: {what}; use one separator in the whole list")


def _split_text(lines: List[str], skipped: int) -> Tuple[List[str], Iterator[Row]]:
    """Split lines at blanks. The last columns are the values, and everything before them is the name."""
    names = lines[skipped].split()
    if _is_file_title(names[0]):
        names = names[1:]

    def rows() -> Iterator[Row]:
        for number, line in enumerate(lines[skipped + 1 :], skipped + 2):
            if line.strip():
                photo, *values = line.strip().rsplit(None, len(names))
                yield number, photo, values

    return names, rows()


def _split_csv(path: Path, lines: List[str], skipped: int, separator: str) -> Tuple[List[str], Iterator[Row]]:
    """Split lines at separators. See `_name_column` for the column of names; columns before it are left out."""

    def cells() -> Iterator[Tuple[int, List[str]]]:
        reader = csv.reader(lines[skipped:], delimiter=separator, skipinitialspace=separator != "\t")
        try:
            for row in reader:
                if row:
                    yield skipped + reader.line_num, [cell.strip() for cell in row]
        except csv.Error as error:
            raise InputError(f"{path}, line {skipped + reader.line_num}: {error}") from error

    table = cells()
    _, titles = next(table)
    begin = list(islice(table, 1))
    if begin and separator == "\t" and len(begin[0][1]) == len(titles) + 1 and not _is_file_title(titles[0]):
        titles = ["", *titles]  # CelebA's form: the column of names has no title
    first = _name_column(titles, begin[0][1] if begin else [])
    rows = ((number, row[first], row[first + 1 :]) for number, row in chain(begin, table) if len(row) > first)
    return titles[first + 1 :], rows


def _name_column(titles: List[str], row: List[str]) -> int:
    """Return the number of the column of names, 0 or 1.

    Pandas writes a first column without title. It is the number of the row, or it holds the names; then the second
    column is one of values.

    Args:
        row: The first line with values; empty if there is none.
    """
    if titles[0] or len(titles) < 2 or _is_file_title(titles[1]):
        return 0 if titles[0] else 1
    return 0 if len(row) > 1 and NUMBERS.fullmatch(row[1]) else 1


def _is_file_title(title: str) -> bool:
    return re.sub(r"[-_\s]", "", title.lower()) in FILE_TITLES
