"""Choice of one image for each label map among several.

The first choice is by each image's own score. `Improver` then swaps images to reduce the distance of the whole set from
photographs.
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

import numpy as np

from jittor_tsit.metrics.contest import as_far_as_known

DIRECTIONS = 64  # principal directions of the features in which swaps are judged; photographs vary little in the others
MOST_ROUNDS = 10  # passes over all label maps; later passes change little
BLOCK = 512  # rows whose distances are computed at once, which takes 20 MB for 10,000 photographs


class Candidates(NamedTuple):
    """Ratings of K images for each of L label maps. A field is None if the network that rates is missing."""

    mask_accuracy: Optional[np.ndarray] = None  # [L, K], 0 to 1
    aesthetic: Optional[np.ndarray] = None  # [L, K], 1 to 10
    nearness: Optional[np.ndarray] = None  # [L, K], 0 to 1


def nearness(features: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Return how near each image is to the nearest photograph, s / (s + d).

    d is the distance of the image's features to those of the nearest photograph. s is the median, over the photographs,
    of the distance to the nearest other photograph. The value is 1 at distance 0 and 1/2 at distance s.

    Shapes:
        features [N, D], real [M, D], M at least 2 -> [N]
    """
    scale = np.median(_nearest(real, real, skip_own=True))
    distance = _nearest(features, real)
    return scale / np.maximum(scale + distance, 1e-12)  # photographs that are all equal have scale 0


def _nearest(features: np.ndarray, real: np.ndarray, skip_own: bool = False) -> np.ndarray:
    """Return for each row of `features` the distance to the nearest row of `real`, [N] float64.

    Args:
        skip_own: Whether row k of `real` does not count for row k, because both are the same set.
    """
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
    """Return the contest's 2022 formula for each image, [L, K], from the ratings that are present.

    Nearness takes the place of FID, which a single image does not have.

    Raises:
        ValueError: All ratings are None.
    """
    return as_far_as_known(*candidates)


class Space:
    """Projection of features on the principal directions of photographs' features.

    Args:
        real: Features of the photographs, [M, D].
    """

    def __init__(self, real: np.ndarray):
        real = real.astype(np.float64)
        self.mean = real.mean(0)
        _, values, vectors = np.linalg.svd((real - self.mean) / np.sqrt(len(real) - 1), full_matrices=False)
        self.vectors, self.spread = vectors[:DIRECTIONS].T, values[:DIRECTIONS]  # [D, P], [P]

    def project(self, features: np.ndarray) -> np.ndarray:
        """Project features [..., D] on the P principal directions. -> [..., P]"""
        return (features - self.mean) @ self.vectors

    def distance(self, total: np.ndarray, products: np.ndarray, count: int) -> float:
        """Return the Fréchet distance of `count` projected rows from the photographs.

        Args:
            total: Sum of the rows, [P].
            products: Sum of the outer products of the rows with themselves, [P, P].
        """
        mean = total / count
        cov = (products - np.outer(total, mean)) / (count - 1)
        values = np.linalg.eigvalsh(self.spread[:, None] * cov * self.spread)
        roots = np.sqrt(np.maximum(values, 0)).sum()
        return float((mean**2).sum() + np.trace(cov) + (self.spread**2).sum() - 2 * roots)


class Sums(NamedTuple):
    """Sums over the chosen images of all label maps. The same type holds what one image contributes to them.

    A swap of an image changes the sums with few operations.
    """

    rows: np.ndarray  # [P], sum of the projected features
    products: np.ndarray  # [P, P], sum of their outer products
    terms: np.ndarray  # [T], sum of mask accuracy, then of aesthetic, without the unknown ones

    def swap(self, old: Sums, new: Sums) -> Sums:
        """Return the sums with one image replaced by another.

        Args:
            old, new: Contributions of the two images to the sums, as `Improver.one` returns them.
        """
        return Sums(*(total - before + after for total, before, after in zip(self, old, new)))


class Improver:
    """Swaps images as long as the score of the set rises.

    The score is the contest's 2022 formula of mean mask accuracy, mean aesthetic and the Fréchet distance of the set.

    Args:
        candidates: Ratings of the images; mask accuracy and aesthetic are used.
        features: Features of the images by the network whose distance counts, [L, K, D].
        space: Principal directions of the photographs' features.
        to_closeness: Function from a Fréchet distance to its part of the formula.
        exact_distance: Function from a choice [L] to its Fréchet distance in all directions of the features.
    """

    def __init__(
        self,
        candidates: Candidates,
        features: np.ndarray,
        space: Space,
        to_closeness: Callable[[float], float],
        exact_distance: Callable[[np.ndarray], float],
    ):
        self.known = [part is not None for part in candidates[:2]]
        self.terms = np.stack([part for part in candidates[:2] if part is not None] or [np.zeros(features.shape[:2])])
        self.rows, self.space, self.to_closeness, self.exact_distance = (
            space.project(features),
            space,
            to_closeness,
            exact_distance,
        )
        self.count = len(features)

    def improve(self, choice: np.ndarray, report: Callable[[int, int], None]) -> np.ndarray:
        """Return a choice with a higher score, or `choice` itself if none was found, [L] integers.

        Args:
            choice: Number of the chosen image for each label map, [L].
            report: Called after each round with its number and its number of swaps.
        """
        start, choice = choice, choice.copy()
        offset = self.exact_distance(choice) - self.distance(
            self.sums(choice)
        )  # the part of the distance in the other directions
        for number in range(1, MOST_ROUNDS + 1):
            swaps = self.one_round(choice, offset)
            report(number, swaps)
            if not swaps:
                break
        return choice if self.exact_value(choice) > self.exact_value(start) else start

    def exact_value(self, choice: np.ndarray) -> float:
        """Return the score of a choice [L]. Its Fréchet distance is computed in all directions of the features."""
        sums = self.sums(choice)
        return self.value(sums, self.exact_distance(choice) - self.distance(sums))

    def one_round(self, choice: np.ndarray, offset: float) -> int:
        """Try each candidate of each label map once. Change `choice` [L] in place where the score rises.

        Args:
            offset: See `value`.

        Returns:
            The number of changes.
        """
        sums, swaps = self.sums(choice), 0  # summed again, so that rounding errors do not add up
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
        """Return the contribution of one image to the sums: number `candidate` of label map number `place`."""
        row = self.rows[place, candidate]
        return Sums(row, np.outer(row, row), self.terms[:, place, candidate])

    def sums(self, choice: np.ndarray) -> Sums:
        """Return the sums over the images of a choice [L]."""
        places = np.arange(self.count)
        rows = self.rows[places, choice]
        return Sums(rows.sum(0), rows.T @ rows, self.terms[:, places, choice].sum(1))

    def distance(self, sums: Sums) -> float:
        """Return the Fréchet distance of the images from the photographs, in the principal directions only."""
        return self.space.distance(sums.rows, sums.products, self.count)

    def value(self, sums: Sums, offset: float) -> float:
        """Return the score of the set whose sums are given.

        Args:
            offset: Part of the distance in the other directions, added to that in the principal directions.
        """
        means = iter(sums.terms / self.count)
        mask_accuracy, aesthetic = (next(means) if known else None for known in self.known)
        near = self.to_closeness(max(self.distance(sums) + offset, 0.0))
        return float(as_far_as_known(mask_accuracy, aesthetic, near))
