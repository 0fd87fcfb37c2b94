"""Which pairs the page shows, and what it counts."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, NamedTuple, Sequence

import numpy as np

from data_tools.basics.table import Table
from data_tools.curation.equivalence import ClassMember
from data_tools.curation.rules import SPLITS, Decision, Rule

UNREADABLE, MANUAL = "unreadable", "manual"  # what a decision names where no rule decided
MEMBERS_SHOWN = 12  # of one equivalence class


class Examples(NamedTuple):
    """Pairs that show what a rule does, by their place in the table.

    Args:
        above: Those that break the rule, the nearest to the limit first.
        below: Those that do not, the nearest first.
        worst: The highest values first; empty if `above` holds all that break the rule, for then `above` and
            `below` hold the highest too.
    """

    above: List[int]
    below: List[int]
    worst: List[int]


def examples(values: np.ndarray, limit: float, count: int) -> Examples:
    """At most `count` pairs of each kind; pairs without a value (NaN) are none of them."""
    measured = np.flatnonzero(~np.isnan(values))
    order = measured[np.argsort(values[measured], kind="stable")].tolist()
    first_above = int(np.searchsorted(values[order], limit, side="right"))
    above, below = order[first_above:], order[:first_above]
    worst = order[::-1][:count] if len(above) > count else []
    return Examples(above[:count], below[::-1][:count], worst)


def signal(table: Table, rule: Rule) -> np.ndarray:
    """The values that a rule judges, [len(table.stems)]; all NaN if the table does not have them."""
    return table.columns.get(rule.signal, np.full(len(table.stems), np.nan))


def num_breaking(table: Table, rule: Rule) -> int:
    """How many pairs break a rule, whatever became of them."""
    return int((signal(table, rule) > rule.limit).sum())


def split_sizes(decisions: Sequence[Decision]) -> Dict[str, int]:
    """Number of pairs in each split."""
    innermost = Counter(decision.split for decision in decisions)
    return {split: sum(innermost[inner] for inner in SPLITS[i:]) for i, split in enumerate(SPLITS)}


def shown_classes(classes: Sequence[Sequence[ClassMember]]) -> List[Sequence[ClassMember]]:
    """The classes of at least two members, the largest first."""
    return sorted((members for members in classes if len(members) > 1), key=len, reverse=True)
