"""Whether one class of the label covers what are several things in the photo."""

from __future__ import annotations

from typing import List

import numpy as np

from data_tools.signals.sketches import CHANNELS, Sketches

_NOISE = 4.0  # variance added to each feature (2 of 255 levels): an even channel tells nothing
_CONTRAST_CHANNELS = [0, 1, 2, 5]  # L, a, b and fine detail
_CONTRAST_UNITS = np.array([30, 10, 10, 40])  # of 255 levels: a difference in each that is as plain to see
_SMALLEST_CLASS = 0.08  # share of the cells
_SMALLEST_PART = 0.10  # share of the class: less is a detail in it, not another thing
_LEAST_CONTRAST = 0.05  # the contrast that even a region of one thing has
_CONTRAST_WEIGHT = 0.5  # nats for each nat of contrast; 0.4 to 0.6 are as good


def hidden_border(pair: Sketches) -> float:
    """How likely a border in the photo runs within one class, in nats: usual pairs have -5 to -2.

    What the classes leave unexplained (logarithm of Wilks' lambda over the cells' colours and textures, 0 where
    they explain nothing), plus half the logarithm of the contrast within the class that falls into two the best.

    Args:
        pair: The small form of one pair (`cells.sketch`).
    """
    features = pair.features.reshape(-1, CHANNELS).astype(np.float64)
    classes = pair.classes.ravel()
    regions = [features[classes == c] for c in np.unique(classes)]
    contrast = _largest_contrast(regions, len(features))
    return _unexplained(features, regions) + _CONTRAST_WEIGHT * float(np.log(contrast + _LEAST_CONTRAST))


def _unexplained(features: np.ndarray, regions: List[np.ndarray]) -> float:
    """Logarithm of the volume that the features vary in within the regions, of that in the whole picture."""
    within = sum(_scatter(region) for region in regions)
    noise = len(features) * _NOISE * np.eye(features.shape[1])
    return float(np.linalg.slogdet(within + noise)[1] - np.linalg.slogdet(_scatter(features) + noise)[1])


def _largest_contrast(regions: List[np.ndarray], count: int) -> float:
    """Of all classes, the most variance that parting one in two explains: per cell of the picture."""
    large = [region for region in regions if len(region) >= _SMALLEST_CLASS * count]
    return max((_parted(region[:, _CONTRAST_CHANNELS] / _CONTRAST_UNITS) for region in large), default=0.0) / count


def _parted(region: np.ndarray) -> float:
    """Sum of squares between the two parts of [n, F] that are the furthest apart along its longest axis."""
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
