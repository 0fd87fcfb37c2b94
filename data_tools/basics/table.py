"""Tables with one row a pair: what `scan` measures and what `select` decides, as plain CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_text, write_atomic

_DIGITS = 6  # significant ones: more than any signal means, and fewer than rounding in sums disturbs


class Table(NamedTuple):
    """Named signals of many pairs.

    Shapes:
        columns: name -> [len(stems)] float64; a signal that does not apply to a pair is NaN (an empty cell).
    """

    stems: List[str]
    columns: Dict[str, np.ndarray]


def write_table(path: Path, table: Table) -> None:
    """Write a table as CSV: `stem` first, then a column a signal, six significant digits.

    Raises:
        InputError: The folder is missing or may not be written to.
    """
    columns = [["" if np.isnan(v) else f"{v:.{_DIGITS}g}" for v in column] for column in table.columns.values()]
    write_rows(path, ("stem", *table.columns), zip(table.stems, *columns))


def read_table(path: Path) -> Table:
    """Read what `write_table` wrote.

    Raises:
        InputError: The file cannot be read, its first column is not `stem`, a stem comes twice, or a cell is
            not a number; says which.
    """
    rows = read_rows(path)
    header = next(rows)
    if header[0] != "stem":
        raise InputError(f"{path}: the first column is {header[0]!r}, and must be 'stem'")
    stems: List[str] = []
    values: List[List[float]] = []
    for number, row in enumerate(rows, start=2):
        stems.append(row[0])
        values.append([_number(path, number, name, cell) for name, cell in zip(header[1:], row[1:])])
    if len(set(stems)) < len(stems):
        raise InputError(f"{path}: names the stem {next(s for s in stems if stems.count(s) > 1)} twice")
    columns = np.array(values, np.float64).reshape(len(stems), len(header) - 1)
    return Table(stems, {name: columns[:, i] for i, name in enumerate(header[1:])})


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write any rows as CSV (UTF-8, quoted where needed), whole or not at all.

    Raises:
        InputError: The folder is missing or may not be written to.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_atomic(path, text.getvalue().encode("utf-8"))


def read_rows(path: Path) -> Iterable[List[str]]:
    """Header and rows of a CSV file, every row as long as the header.

    Raises:
        InputError: The file cannot be read, is empty, or a row has another number of cells than the header.
    """
    text = read_text(path)
    rows = csv.reader(io.StringIO(text, newline=""))
    header: List[str] = []
    try:
        for row in rows:
            header = header or row
            if not header:
                raise InputError(f"{path}: is empty" + (" in its first line" if text.strip() else ""))
            if len(row) != len(header):
                raise InputError(f"{path}: line {rows.line_num} has {len(row)} cells, and the header {len(header)}")
            yield row
    except csv.Error as error:
        raise InputError(f"{path}: line {rows.line_num} is not CSV: {error}") from error
    if not header:
        raise InputError(f"{path}: is empty")


def _number(path: Path, line: int, name: str, cell: str) -> float:
    try:
        return float(cell) if cell else float("nan")
    except ValueError as error:
        raise InputError(f"{path}: row {line} has {cell!r} for {name}, and a number is needed") from error
