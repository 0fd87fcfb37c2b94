"""The contest's formulas: from the terms of a set of images to its score."""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, NamedTuple, Optional


class Board(NamedTuple):
    """One of the contest's leaderboards."""

    terms: List[str]  # names that the formula needs
    formula: Callable[..., float]  # of those, by name


def _board_2022a(mask_accuracy: float, aesthetic: float, fid: float) -> float:
    return mask_accuracy * (0.5 * aesthetic / 10 + 0.5 * _closeness(fid))


def _board_2022b(mask_accuracy: float, aesthetic: float, fid: float) -> float:
    return mask_accuracy * (0.25 * aesthetic / 10 + 0.25 * _closeness(fid))


def _board_2023a(mask_accuracy: float, aesthetic: float, fid: float, style: float) -> float:
    return mask_accuracy * (0.2 * aesthetic / 10 + 0.3 * (0.5 * style + 0.5) + 0.5 * (100 - fid) / 100)


def _closeness(fid: float) -> float:
    return (100 - min(fid, 100)) / 100


# mask_accuracy 0 to 1, aesthetic 0 to 10, fid 0 and more, style -1 to 1. The 2023 board is published with an aesthetic
# of 0 to 1; it has the 2022 scale here, so that a term means the same everywhere.
BOARDS: Dict[str, Board] = {
    "2022a": Board(["mask_accuracy", "aesthetic", "fid"], _board_2022a),
    "2022b": Board(["mask_accuracy", "aesthetic", "fid"], _board_2022b),  # its other half was people's votes
    "2023a": Board(["mask_accuracy", "aesthetic", "fid", "style"], _board_2023a),
}


def total(board: str, terms: Mapping[str, Optional[float]]) -> Optional[float]:
    """The score, or None if a term that it needs is absent: no total is made up from the rest."""
    values = {name: terms.get(name) for name in BOARDS[board].terms}
    return None if None in values.values() else BOARDS[board].formula(**values)
