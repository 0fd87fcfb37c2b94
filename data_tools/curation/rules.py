"""The types of a rule and of a decision, and reading and writing of `decisions.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple

from data_tools.basics.errors import InputError
from data_tools.basics.table import read_rows, write_rows

SPLITS = ("total", "selection_1", "selection_2")  # each is a part of the one before; the files are <split>.txt


class Rule(NamedTuple):
    """A pair whose `signal` is above `limit` is dropped from `split` and from the splits inside it.

    `name` is one word for tables and options. `meaning` describes the fault in a few words for the review page.
    `reason` explains the default limit.
    """

    name: str
    signal: str
    limit: float
    split: str
    meaning: str
    reason: str


class Decision(NamedTuple):
    """Decision on one pair: whether it is kept, and which rule decided.

    Args:
        kept: Whether the pair is in Selection II, the innermost split.
        split: The innermost split that holds the pair; empty if it is not even in Total.
        rule: For a dropped pair, the rule with the highest severity, `unreadable` or `manual`. For a kept pair, the
            rule with the highest severity (below its limit), or `manual`.
        value, limit: The signal's value and the rule's limit, as text. For an unreadable pair, `value` is the reason.
        others: Further rules that the pair breaks.
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
        InputError: The file cannot be read, or has other columns.
    """
    rows = read_rows(path)
    header = next(rows)
    if tuple(header) != _HEADER:
        raise InputError(f"{path}: has the columns {', '.join(header)}; they must be {', '.join(_HEADER)}")
    return [
        Decision(stem, decision == "kept", split, rule, value, limit, others.split())
        for stem, decision, split, rule, value, limit, others in rows
    ]
