"""Formulas of the contest's leaderboards, from the terms of a set of images to its score."""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, NamedTuple, Optional


class Board(NamedTuple):
    """One of the contest's leaderboards: names of its terms, and its formula as a function of them in this order."""

    terms: List[str]  # names of the terms that the formula needs
    formula: Callable[..., float]  # from these terms, by keyword, to the score


def _board_2022a(mask_accuracy: float, aesthetic: float, fid: float) -> float:
    return mask_accuracy * (0.5 * aesthetic / 10 + 0.5 * closeness(fid))


def _board_2022b(mask_accuracy: float, aesthetic: float, fid: float) -> float:
    return mask_accuracy * (0.25 * aesthetic / 10 + 0.25 * closeness(fid))


def _board_2023a(mask_accuracy: float, aesthetic: float, fid: float, style: float) -> float:
    return mask_accuracy * (0.2 * aesthetic / 10 + 0.3 * (0.5 * style + 0.5) + 0.5 * (100 - fid) / 100)


def closeness(fid: float) -> float:
    """Return what the formula uses of FID: 1 - FID / 100, or 0 if FID is above 100."""
    return (100 - min(fid, 100)) / 100


# Name of a Fréchet distance -> function from the distance to its part of the formula, 0 to 1. The distance of VGG-16's
# features is not FID and has another scale.
CLOSENESS: Dict[str, Callable[[float], float]] = {"fid": closeness, "vgg16_relu5_1_frechet": lambda far: 1 / (1 + far)}


def as_far_as_known(mask_accuracy=None, aesthetic=None, closeness=None):
    """Return the 2022 formula of the terms that are known. It ranks checkpoints and images; it is not a contest score.

    Args: numbers or arrays of the same shape, None for a term that is not known.
        mask_accuracy: 0 to 1.
        aesthetic: 1 to 10.
        closeness: Closeness to the photographs, 0 to 1.

    Raises:
        ValueError: All terms are None.
    """
    parts = [part for part in (None if aesthetic is None else aesthetic / 10, closeness) if part is not None]
    if not parts:
        if mask_accuracy is None:
            raise ValueError("mask_accuracy, aesthetic and closeness are all None: at least one of them is needed")
        return mask_accuracy
    second = sum(parts) / len(parts)
    return second if mask_accuracy is None else mask_accuracy * second


# Ranges: mask_accuracy 0 to 1, aesthetic 0 to 10, fid 0 and more, style -1 to 1. The 2023 board is published with an
# aesthetic of 0 to 1; here it has the scale of 2022, so that a term means the same everywhere.
BOARDS: Dict[str, Board] = {
    "2022a": Board(["mask_accuracy", "aesthetic", "fid"], _board_2022a),
    "2022b": Board(["mask_accuracy", "aesthetic", "fid"], _board_2022b),  # the other half was votes of people
    "2023a": Board(["mask_accuracy", "aesthetic", "fid", "style"], _board_2023a),
}


def absent_terms(board: str, terms: Mapping[str, Optional[float]]) -> List[str]:
    """Return the names of the terms that a board, a key of BOARDS, needs and that have no value."""
    return [name for name in BOARDS[board].terms if terms.get(name) is None]


def total(board: str, terms: Mapping[str, Optional[float]]) -> Optional[float]:
    """Return the score of a board, a key of BOARDS, or None if a term that it needs is absent."""
    if absent_terms(board, terms):
        return None
    return BOARDS[board].formula(**{name: terms[name] for name in BOARDS[board].terms})
