"""The truth file of a set with planted defects: it lists every pair and its defect."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Dict, Iterable, NamedTuple

from data_tools.basics.errors import InputError
from data_tools.basics.table import read_rows, write_rows

TRUTH_FILE = "truth.csv"


class Truth(NamedTuple):
    """One row of the truth file: which defect was planted into a pair.

    Args:
        kind: A name of `KINDS`; empty for an unchanged pair.
        partner: For a swapped pair, the pair whose label map it has. For a duplicate or a twin, the original. (The
            original of a group of twins is its own partner.) Otherwise empty.
        detail: The random choices, as text for people.
    """

    stem: str
    kind: str
    partner: str
    detail: str


def write_truth(path: Path, rows: Iterable[Truth]) -> None:
    """Write the rows as CSV, sorted by stem.

    Raises:
        InputError: The folder is missing or may not be written to.
    """
    write_rows(path, Truth._fields, sorted(rows))


def read_truth(path: Path) -> Dict[str, Truth]:
    """Read `truth.csv`: stem -> its row.

    Raises:
        InputError: The file cannot be read, has other columns, or names a stem twice.
    """
    rows = read_rows(path)
    header = next(iter(rows))
    if tuple(header) != Truth._fields:
        raise InputError(f"{path}: has the columns {', '.join(header)}; they must be {', '.join(Truth._fields)}")
    truth: Dict[str, Truth] = {}
    for row in rows:
        if row[0] in truth:
            raise InputError(f"{path}: names the stem {row[0]} twice")
        truth[row[0]] = Truth(*row)
    return truth


def summary(truth: Dict[str, Truth]) -> str:
    """Return one line of text with the number of pairs of each kind of defect."""
    counts = Counter(row.kind for row in truth.values() if row.kind)
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in sorted(counts))
    return f"{len(truth)} pairs, {sum(counts.values())} of them with a defect: {kinds}"
