"""Decide which pairs belong to which split, by the limits of the rules or by a number of pairs to keep.

`select_splits` of folder.py reads the table of signals, calls `select` and writes the splits.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.table import Table
from data_tools.curation.default_rules import Settings
from data_tools.curation.rules import SPLITS, Decision, Rule
from data_tools.sets.pairing import Problem

_TOTAL, _FIRST, _SECOND = SPLITS


class Selection(NamedTuple):
    """Result of a selection: for each split the sorted stems of its pairs, and for every pair the decision on it."""

    splits: Dict[str, List[str]]
    decisions: List[Decision]


def select(
    table: Table,
    broken: Sequence[Problem],
    settings: Settings,
    manual: Mapping[str, bool],
    keep: Optional[Tuple[int, int]] = None,
) -> Selection:
    """Decide which pairs belong to which split.

    Each rule gives a pair a severity, linear in its signal: 0 at the median of the set, 1 at the limit of the rule. The
    severity of a pair in a split is the highest severity of the split's rules. Without `keep`, pairs with a severity
    above 1 are dropped. With `keep`, exactly that many pairs of the lowest severity are kept (ties by stem).

    Args:
        table: Holds every signal that a rule uses.
        broken: Pairs that could not be read.
        manual: stem -> whether to keep the pair in both selections or to drop it from both. Overrides the rules.
        keep: Number of pairs in Selection I and in Selection II.

    Raises:
        InputError: `keep` is not possible in this set, `manual` names a pair that is not in it, or the table lacks
            a signal.
    """
    _require_known(manual, table, broken)
    order = np.argsort(np.array(table.stems), kind="stable")
    stems = [table.stems[i] for i in order]
    forced = np.array([(-np.inf if manual[stem] else np.inf) if stem in manual else np.nan for stem in stems])
    severities = {rule.name: severity(_column(table, rule)[order], rule.limit) for rule in settings.rules}
    inside = np.ones(len(stems), bool)
    members, worst = {_TOTAL: inside}, {}
    for split, count in zip((_FIRST, _SECOND), keep or (None, None)):
        rules = [rule for rule in settings.rules if rule.split == split]
        worst[split] = np.max([severities[rule.name] for rule in rules] + [np.zeros(len(stems))], axis=0)
        score = np.where(np.isnan(forced), worst[split], forced)
        inside = members[split] = _choose(score, inside, count, split)
    splits = {split: [stem for stem, member in zip(stems, chosen) if member] for split, chosen in members.items()}
    decisions = [
        _decision(i, stem, table, order, settings, severities, members, manual) for i, stem in enumerate(stems)
    ]
    decisions += [Decision(p.stem, False, "", "unreadable", p.reason, "", []) for p in broken]
    return Selection(splits, sorted(decisions, key=lambda d: (d.stem, d.value)))


def severity(values: np.ndarray, limit: float) -> np.ndarray:
    """Scale a signal linearly to 0 at its median and 1 at the limit: [n] float64 -> [n] float64. NaN becomes 0.

    If the limit is not above the median, the unit is the absolute value of the limit, at least 1.
    """
    present = values[~np.isnan(values)]
    median = float(np.median(present)) if len(present) else limit
    unit = limit - median if limit > median else max(abs(limit), 1.0)
    return np.nan_to_num(1 + (values - limit) / unit, nan=0.0)


def _choose(score: np.ndarray, inside: np.ndarray, count: Optional[int], split: str) -> np.ndarray:
    """Return which pairs to keep in a split, [n] bool: those with a score of at most 1, or the `count` lowest scores.

    Args:
        score: [n], severity of each pair in the split.
        inside: [n] bool, pairs of the enclosing split; all others are left out.
        count: Number of pairs to keep; None: the score decides.
        split: Name of the split, for the error message.
    """
    if count is None:
        return inside & (score <= 1)
    available = int((inside & (score < np.inf)).sum())
    required = int((inside & (score == -np.inf)).sum())
    if not required <= count <= available:
        raise InputError(
            f"--keep: {count} pairs for {split}; {required} to {available} are possible, given --manual and the split "
            "before it"
        )
    lowest = np.argsort(np.where(inside, score, np.inf), kind="stable")[:count]
    kept = np.zeros(len(score), bool)
    kept[lowest] = True
    return kept


def _decision(
    i: int,
    stem: str,
    table: Table,
    order: np.ndarray,
    settings: Settings,
    severities: Dict[str, np.ndarray],
    members: Dict[str, np.ndarray],
    manual: Mapping[str, bool],
) -> Decision:
    """Return the decision on one readable pair, the one at row `i` of the table.

    Its rule is the one with the highest severity among the rules of the split that dropped the pair, or among all
    rules for a kept pair.
    """
    split = next(s for s in reversed(SPLITS) if members[s][i])
    kept = split == _SECOND
    judging = [r for r in settings.rules if kept or r.split == SPLITS[SPLITS.index(split) + 1]]
    broken = [r.name for r in settings.rules if severities[r.name][i] > 1]
    if stem in manual:
        return Decision(stem, kept, split, "manual", "keep" if manual[stem] else "drop", "", broken)
    rule = max(judging, key=lambda r: severities[r.name][i])
    value = table.columns[rule.signal][order[i]]
    return Decision(
        stem,
        kept,
        split,
        rule.name,
        f"{value:.6g}",
        f"{rule.limit:.6g}",
        [name for name in broken if name != rule.name],
    )


def _column(table: Table, rule: Rule) -> np.ndarray:
    if rule.signal not in table.columns:
        raise InputError(f"rule {rule.name}: the table has no column {rule.signal}; it has {', '.join(table.columns)}")
    return table.columns[rule.signal]


def _require_known(manual: Mapping[str, bool], table: Table, broken: Sequence[Problem]) -> None:
    readable, unreadable = set(table.stems), {problem.stem for problem in broken}
    for stem, keep in manual.items():
        if keep and stem in unreadable:
            raise InputError(f"--manual: keep {stem}: this pair cannot be read; repair its files or remove the line")
        if stem not in readable and stem not in unreadable:
            raise InputError(f"--manual: {stem} is not one of the {len(readable) + len(unreadable)} pairs")
