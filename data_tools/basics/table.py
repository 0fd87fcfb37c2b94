"""Read and write CSV tables with one row for each pair: what `scan` measures and what `select` decides."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_text, write_atomic
from data_tools.basics.names import to_utf8

_DIGITS = 6  # significant digits: more than any signal is accurate to, few enough to hide rounding


class Table(NamedTuple):
    """Signals of many pairs: for each stem one row, for each signal one column.

    Shapes:
        columns: name -> [len(stems)] float64; NaN (an empty cell) where a signal does not apply to a pair.
    """

    stems: List[str]
    columns: Dict[str, np.ndarray]


def write_table(path: Path, table: Table) -> None:
    """Write a table as CSV: the column `stem`, then one column for each signal with six significant digits.

    Raises:
        InputError: The folder is missing or may not be written to.
    """
    columns = [["" if np.isnan(v) else f"{v:.{_DIGITS}g}" for v in column] for column in table.columns.values()]
    write_rows(path, ("stem", *table.columns), zip(table.stems, *columns))


def read_table(path: Path) -> Table:
    """Read a table that `write_table` wrote.

    Raises:
        InputError: The file cannot be read, its first column is not `stem`, a stem occurs twice, or a cell is
            not a number.
    """
    rows = read_rows(path)
    header = next(rows)
    if header[0] != "stem":
        raise InputError(f"{path}: the first column is {header[0]!r}; it must be 'stem'")
    stems: List[str] = []
    values: List[List[float]] = []
    for number, row in enumerate(rows, start=2):
        stems.append(row[0])
        values.append([_number(path, number, name, cell) for name, cell in zip(header[1:], row[1:])])
    if len(set(stems)) < len(stems):
        raise InputError(f"{path}: names the stem {next(s for s in stems if stems.count(s) > 1)} twice; remove a row")
    columns = np.array(values, np.float64).reshape(len(stems), len(header) - 1)
    return Table(stems, {name: columns[:, i] for i, name in enumerate(header[1:])})


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as CSV (UTF-8, quoted where needed). The file appears whole or not at all.

    Raises:
        InputError: The folder is missing or may not be written to.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_atomic(path, to_utf8(text.getvalue()))


def read_rows(path: Path) -> Iterator[List[str]]:
    """Yield the header and the rows of a CSV file.

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
                raise InputError(f"{path}: line {rows.line_num} has {len(row)} cells; the header has {len(header)}")
            yield row
    except csv.Error as error:
        raise InputError(f"{path}: line {rows.line_num} is not CSV: {error}") from error
    if not header:
        raise InputError(f"{path}: is empty")


def _number(path: Path, line: int, name: str, cell: str) -> float:
    try:
        return float(cell) if cell else float("nan")
    except ValueError as error:
        raise InputError(f"{path}: row {line} has {cell!r} for {name}; a number is needed") from error
