"""From a table of signals to the splits: by the rules' limits, or by a number of pairs to keep."""

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
    """The stems of each split, sorted, and what became of every pair."""

    splits: Dict[str, List[str]]
    decisions: List[Decision]


def select(
    table: Table,
    broken: Sequence[Problem],
    settings: Settings,
    manual: Mapping[str, bool],
    keep: Optional[Tuple[int, int]] = None,
) -> Selection:
    """Decide on every pair.

    Each rule gives a pair a severity: 0 for the set's median of its signal, 1 for its limit, and so on evenly. A
    pair's severity in a split is the highest that the split's rules give. Without `keep`, pairs with a severity above
    1 are dropped; with it, the pairs of lowest severity are kept (equal ones by stem), exactly as many as it says.

    Args:
        table: Holds every signal that a rule names.
        broken: Pairs that could not be read.
        manual: stem -> keep it (True) in both selections or drop it from them, whatever the rules say.
        keep: Pairs in Selection I and in Selection II.

    Raises:
        InputError: `keep` or `manual` does not go with the set, or the table lacks a signal.
    """
    _require_known(manual, table, broken)
    order = np.argsort(np.array(table.stems), kind="stable")
    stems = [table.stems[i] for i in order]
    forced = np.array([{True: -np.inf, False: np.inf}.get(manual.get(stem), np.nan) for stem in stems])
    severities = {rule.name: severity(_column(table, rule)[order], rule.limit) for rule in settings.rules}
    inside = np.ones(len(stems), bool)
    members, worst = {_TOTAL: inside}, {}
    for split, count in zip((_FIRST, _SECOND), keep or (None, None)):
        rules = [rule for rule in settings.rules if rule.split == split]
        worst[split] = np.max([severities[rule.name] for rule in rules] + [np.zeros(len(stems))], axis=0)
        score = np.where(np.isnan(forced), worst[split], forced)
        inside = members[split] = _kept(score, inside, count, split)
    splits = {split: [stem for stem, member in zip(stems, chosen) if member] for split, chosen in members.items()}
    decisions = [
        _decision(i, stem, table, order, settings, severities, members, manual) for i, stem in enumerate(stems)
    ]
    decisions += [Decision(p.stem, False, "", "unreadable", p.reason, "", []) for p in broken]
    return Selection(splits, sorted(decisions, key=lambda d: (d.stem, d.value)))


def severity(values: np.ndarray, limit: float) -> np.ndarray:
    """0 at the median, 1 at the limit, evenly on: [n] float64 -> [n] float64; NaN (no value) has 0.

    Where the limit is not above the median, half the pairs would be dropped or more; the unit is then the
    limit itself.
    """
    known = values[~np.isnan(values)]
    median = float(np.median(known)) if len(known) else limit
    unit = limit - median if limit > median else max(abs(limit), 1.0)
    return np.nan_to_num(1 + (values - limit) / unit, nan=0.0)


def _kept(score: np.ndarray, inside: np.ndarray, count: Optional[int], split: str) -> np.ndarray:
    """Which of the pairs `inside` stay: those of at most 1, or the `count` lowest."""
    if count is None:
        return inside & (score <= 1)
    available = int((inside & (score < np.inf)).sum())
    required = int((inside & (score == -np.inf)).sum())
    if not required <= count <= available:
        raise InputError(
            f"--keep: {count} pairs for {split}, and {required} to {available} can be kept of the pairs "
            "before it, with those that --manual names"
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
    """What became of one readable pair, and by which rule: the severest of the split that dropped it, else of all."""
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
            raise InputError(f"--manual: {stem} is to be kept, and cannot be read")
        if stem not in readable and stem not in unreadable:
            raise InputError(f"--manual: {stem} is none of the {len(readable) + len(unreadable)} pairs")
