"""The signal `hidden_border`: whether one class of the label map covers several different things in the photo."""

from __future__ import annotations

from functools import reduce
from typing import List

import numpy as np

from data_tools.signals.sketches import CHANNELS, Sketches

_NOISE = 4.0  # variance added to each feature (2 of 255 levels), so that uniform channels have no influence
_CONTRAST_CHANNELS = [0, 1, 2, 5]  # L, a, b and fine detail
_CONTRAST_UNITS = np.array([30, 10, 10, 40])  # of 255 levels; equally visible differences in these channels
_SMALLEST_CLASS = 0.08  # share of the cells
_SMALLEST_PART = 0.10  # share of the class; a smaller part is a detail and not another thing
_LEAST_CONTRAST = 0.05  # contrast within a region of a single thing
_CONTRAST_WEIGHT = 0.5  # weight of the logarithm of the contrast; 0.4 to 0.6 give equal results


def hidden_border(pair: Sketches) -> float:
    """Likelihood, in nats, that one class covers two different things. Usual pairs have -5 to -2.

    It is the sum of two terms: the logarithm of Wilks' lambda of the cells' colours and textures (0 if the classes
    explain nothing), and half of the logarithm of the largest contrast between two parts of one class.

    Args:
        pair: Sketch of one pair (`cells.sketch`).
    """
    features = pair.features.reshape(-1, CHANNELS).astype(np.float64)
    classes = pair.classes.ravel()
    regions = [features[classes == c] for c in np.unique(classes)]
    contrast = _largest_contrast(regions, len(features))
    return _unexplained_variance(features, regions) + _CONTRAST_WEIGHT * float(np.log(contrast + _LEAST_CONTRAST))


def _unexplained_variance(features: np.ndarray, regions: List[np.ndarray]) -> float:
    """Return how much of the features' variance the regions do not explain: log Wilks' lambda, at most about 0.

    It is the log determinant of the scatter within the regions minus that of the scatter in the whole picture.

    Args:
        features: [cells, F].
        regions: The rows of `features` of each region.
    """
    within = reduce(np.add, map(_scatter, regions))
    noise = len(features) * _NOISE * np.eye(features.shape[1])
    return float(np.linalg.slogdet(within + noise)[1] - np.linalg.slogdet(_scatter(features) + noise)[1])


def _largest_contrast(regions: List[np.ndarray], count: int) -> float:
    """Split each large class in two, and return the largest variance that a split explains, per cell of the picture.

    Args:
        regions: The features of the cells of each class.
        count: Number of cells of the picture.
    """
    large = [region for region in regions if len(region) >= _SMALLEST_CLASS * count]
    return (
        max((_split_variance(region[:, _CONTRAST_CHANNELS] / _CONTRAST_UNITS) for region in large), default=0.0) / count
    )


def _split_variance(region: np.ndarray) -> float:
    """Split the cells of a region [n, F] in two along its principal axis, at the point that separates them best.

    Returns:
        The sum of squares between the two parts; 0 if the region is too small.
    """
    centred = region - region.mean(axis=0)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    sums = np.cumsum(np.sort(centred @ axis))[:-1]
    sizes = np.arange(1, len(region))
    between = sums**2 * (1 / sizes + 1 / (len(region) - sizes))
    least = max(1, int(_SMALLEST_PART * len(region)))
    return float(between[least - 1 : len(region) - least].max(initial=0.0))


def _scatter(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(axis=0)
    return centred.T @ centred
