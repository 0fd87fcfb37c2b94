"""Which of several images for each label map to keep.

First by each image's own score, then, if wanted, by the distance of the whole set from photographs.
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

import numpy as np

from jittor_tsit.metrics.contest import as_far_as_known

DIRECTIONS = 64  # of the features in which a swap is tried; the photographs vary little in the others
MOST_ROUNDS = 10  # over all label maps; the first do most, the last change little
BLOCK = 512  # rows whose distances are computed at once: 20 MB for 10,000 photographs


class Candidates(NamedTuple):
    """What the judges say of K images for each of L label maps; None where there is no judge."""

    mask_accuracy: Optional[np.ndarray] = None  # [L, K], 0 to 1
    aesthetic: Optional[np.ndarray] = None  # [L, K], 1 to 10
    nearness: Optional[np.ndarray] = None  # [L, K], 0 to 1


def nearness(features: np.ndarray, real: np.ndarray) -> np.ndarray:
    """How near each image is to a photograph: s / (s + d), 1 beside one, 1/2 as far off as they are from each other.

    d is the distance to the nearest photograph's features, s the median of this distance among the photographs.

    Shapes:
        features [N, D], real [M, D], M at least 2 -> [N]
    """
    scale = np.median(_nearest(real, real, skip_own=True))
    distance = _nearest(features, real)
    return scale / np.maximum(scale + distance, 1e-12)  # photographs that are all equal have scale 0


def _nearest(features: np.ndarray, real: np.ndarray, skip_own: bool = False) -> np.ndarray:
    """Distance of each row to the nearest of `real`, [N] float64."""
    real, squares = real.astype(np.float64), (real.astype(np.float64) ** 2).sum(1)
    found = []
    for first in range(0, len(features), BLOCK):
        rows = features[first : first + BLOCK].astype(np.float64)
        square = (rows**2).sum(1)[:, None] + squares - 2 * rows @ real.T
        if skip_own:
            square[np.arange(len(rows)), first + np.arange(len(rows))] = np.inf
        found.append(np.sqrt(np.maximum(square.min(1), 0)))
    return np.concatenate(found)


def own_scores(candidates: Candidates) -> np.ndarray:
    """The contest's formula for each image by itself, as far as there are judges; nearness stands for FID. [L, K]"""
    return as_far_as_known(*candidates)


class Space:
    """The directions in which photographs' features vary most, and the photographs' spread in them.

    Args:
        real: [M, D]
    """

    def __init__(self, real: np.ndarray):
        real = real.astype(np.float64)
        self.mean = real.mean(0)
        _, values, vectors = np.linalg.svd((real - self.mean) / np.sqrt(len(real) - 1), full_matrices=False)
        self.vectors, self.spread = vectors[:DIRECTIONS].T, values[:DIRECTIONS]  # [D, P], [P]

    def project(self, features: np.ndarray) -> np.ndarray:
        """[..., D] -> [..., P]"""
        return (features - self.mean) @ self.vectors

    def distance(self, total: np.ndarray, products: np.ndarray, count: int) -> float:
        """Fréchet distance of `count` projected rows from the photographs.

        Shapes:
            total [P]: the rows' sum, products [P, P]: the sum of their outer products
        """
        mean = total / count
        cov = (products - np.outer(total, mean)) / (count - 1)
        values = np.linalg.eigvalsh(self.spread[:, None] * cov * self.spread)
        roots = np.sqrt(np.maximum(values, 0)).sum()
        return float((mean**2).sum() + np.trace(cov) + (self.spread**2).sum() - 2 * roots)


class Sums(NamedTuple):
    """Of a choice of one image for each label map; a swap changes them by little arithmetic."""

    rows: np.ndarray  # [P] of the projected features
    products: np.ndarray  # [P, P] of their outer products
    terms: np.ndarray  # [T] of mask accuracy and aesthetic, as far as they are known

    def swap(self, old: Sums, new: Sums) -> Sums:
        """With one image in place of another."""
        return Sums(*(total - before + after for total, before, after in zip(self, old, new)))


class Improver:
    """Swaps images as long as the set's formula rises: mean mask accuracy, mean aesthetic, and the set's distance.

    Args:
        candidates: Their mask accuracy and aesthetic count.
        features: [L, K, D], of the network whose distance counts.
        space: Of the photographs' features.
        closeness: From a Fréchet distance to its part of the formula.
        whole: The distance in all directions for a choice [L].
    """

    def __init__(
        self,
        candidates: Candidates,
        features: np.ndarray,
        space: Space,
        closeness: Callable[[float], float],
        whole: Callable[[np.ndarray], float],
    ):
        self.known = [part is not None for part in candidates[:2]]
        self.terms = np.stack([part for part in candidates[:2] if part is not None] or [np.zeros(features.shape[:2])])
        self.rows, self.space, self.closeness, self.whole = space.project(features), space, closeness, whole
        self.count = len(features)

    def improve(self, choice: np.ndarray, report: Callable[[int, int], None]) -> np.ndarray:
        """A better choice than `choice`, or the same, [L] integers.

        Args:
            report: Called after each round with its number and its swaps.
        """
        start, choice = choice, choice.copy()
        offset = self.whole(choice) - self.distance(self.sums(choice))  # what the space's directions leave out
        for number in range(1, MOST_ROUNDS + 1):
            swaps = self.one_round(choice, offset)
            report(number, swaps)
            if not swaps:
                break
        return choice if self.whole_value(choice) > self.whole_value(start) else start

    def whole_value(self, choice: np.ndarray) -> float:
        """The formula for a choice by the distance in all directions."""
        sums = self.sums(choice)
        return self.value(sums, self.whole(choice) - self.distance(sums))

    def one_round(self, choice: np.ndarray, offset: float) -> int:
        """Try every candidate of every label map once; the number of swaps, which are made in `choice`."""
        sums, swaps = self.sums(choice), 0  # anew, so that rounding does not add up
        best = self.value(sums, offset)
        for place in range(self.count):
            for other in range(self.rows.shape[1]):
                if other == choice[place]:
                    continue
                tried = sums.swap(self.one(place, choice[place]), self.one(place, other))
                value = self.value(tried, offset)
                if value > best:
                    best, sums, choice[place], swaps = value, tried, other, swaps + 1
        return swaps

    def one(self, place: int, candidate: int) -> Sums:
        """What one image adds."""
        row = self.rows[place, candidate]
        return Sums(row, np.outer(row, row), self.terms[:, place, candidate])

    def sums(self, choice: np.ndarray) -> Sums:
        """Of a whole choice."""
        places = np.arange(self.count)
        rows = self.rows[places, choice]
        return Sums(rows.sum(0), rows.T @ rows, self.terms[:, places, choice].sum(1))

    def distance(self, sums: Sums) -> float:
        """From the photographs, in the space's directions."""
        return self.space.distance(sums.rows, sums.products, self.count)

    def value(self, sums: Sums, offset: float) -> float:
        """The formula for the set."""
        means = iter(sums.terms / self.count)
        mask_accuracy, aesthetic = (next(means) if known else None for known in self.known)
        near = self.closeness(max(self.distance(sums) + offset, 0.0))
        return float(as_far_as_known(mask_accuracy, aesthetic, near))
