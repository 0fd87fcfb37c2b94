"""Which pairs stay out of Selection I and II: the rules as data, and what they decided."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple

from data_tools.basics.errors import InputError
from data_tools.basics.table import read_rows, write_rows

SPLITS = ("total", "selection_1", "selection_2")  # each a part of the one before; files are <split>.txt


class Rule(NamedTuple):
    """A pair whose `signal` is above `limit` stays out of `split` (and of the splits within it).

    `name` is one word for tables and options, `meaning` a few words for the report ("label shows something
    else than the photo"), `reason` why the default limit is what it is.
    """

    name: str
    signal: str
    limit: float
    split: str
    meaning: str
    reason: str


class Decision(NamedTuple):
    """What became of one pair.

    Args:
        kept: Whether it is in Selection II, the innermost split.
        split: The innermost split that holds it; empty if it is not even in Total.
        rule: The rule that put it out (the clearest if several did), `unreadable`, or `manual`; for a pair that
            is kept, the rule that it came closest to, or `manual`.
        value, limit: The signal's value and the rule's limit, as text; the reason for an unreadable pair.
        others: Further rules that it breaks.
    """

    stem: str
    kept: bool
    split: str
    rule: str
    value: str
    limit: str
    others: List[str]


_HEADER = ("stem", "decision", "split", "rule", "value", "limit", "others")


def write_decisions(path: Path, decisions: List[Decision]) -> None:
    """Write `decisions.csv`.

    Raises:
        InputError: The folder is missing or may not be written to.
    """
    write_rows(
        path,
        _HEADER,
        (
            (d.stem, "kept" if d.kept else "dropped", d.split, d.rule, d.value, d.limit, " ".join(d.others))
            for d in decisions
        ),
    )


def read_decisions(path: Path) -> List[Decision]:
    """Read `decisions.csv`.

    Raises:
        InputError: The file cannot be read, or is not such a table.
    """
    rows = read_rows(path)
    header = next(rows)
    if tuple(header) != _HEADER:
        raise InputError(f"{path}: has the columns {', '.join(header)}; they must be {', '.join(_HEADER)}")
    return [
        Decision(stem, decision == "kept", split, rule, value, limit, others.split())
        for stem, decision, split, rule, value, limit, others in rows
    ]
