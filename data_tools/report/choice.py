"""Choose the pairs that the review page shows, and count pairs for its tables."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, NamedTuple, Sequence

import numpy as np

from data_tools.basics.table import Table
from data_tools.curation.equivalence import ClassMember
from data_tools.curation.rules import SPLITS, Decision, Rule

UNREADABLE, MANUAL = "unreadable", "manual"  # `Decision.rule` of pairs that no rule decided
MEMBERS_SHOWN = 12  # largest number of members of a class on the page


class Examples(NamedTuple):
    """Examples for one rule, as rows of the table.

    Args:
        above: Pairs that break the rule, the nearest to the limit first.
        below: Pairs that do not break the rule, the nearest to the limit first.
        worst: Pairs with the highest values, the highest first. Empty if `above` holds all pairs that break the rule.
    """

    above: List[int]
    below: List[int]
    worst: List[int]


def examples(values: np.ndarray, limit: float, count: int) -> Examples:
    """Choose example pairs for a rule, at most `count` for each of the three lists. NaN values are left out.

    Args:
        values: The rule's signal for each row of the table.
        limit: The rule's limit. A pair breaks the rule if its value is above the limit.
    """
    measured = np.flatnonzero(~np.isnan(values))
    order = measured[np.argsort(values[measured], kind="stable")].tolist()
    first_above = int(np.searchsorted(values[order], limit, side="right"))
    above, below = order[first_above:], order[:first_above]
    worst = order[::-1][:count] if len(above) > count else []
    return Examples(above[:count], below[::-1][:count], worst)


def signal(table: Table, rule: Rule) -> np.ndarray:
    """Return the rule's signal of all pairs, [len(table.stems)]; all NaN if the table has no such column."""
    return table.columns.get(rule.signal, np.full(len(table.stems), np.nan))


def num_breaking(table: Table, rule: Rule) -> int:
    """Count the pairs that break a rule, including those that another rule or a person dropped or kept."""
    return int((signal(table, rule) > rule.limit).sum())


def split_sizes(decisions: Sequence[Decision]) -> Dict[str, int]:
    """Return the number of pairs in each split, by name.

    A pair of Selection II also counts in Selection I and in Total, and a pair of Selection I also counts in Total.
    """
    innermost = Counter(decision.split for decision in decisions)
    return {split: sum(innermost[inner] for inner in SPLITS[i:]) for i, split in enumerate(SPLITS)}


def shown_classes(classes: Sequence[Sequence[ClassMember]]) -> List[Sequence[ClassMember]]:
    """Return the equivalence classes of at least two members, the largest first. The page shows only these."""
    return sorted((members for members in classes if len(members) > 1), key=len, reverse=True)
