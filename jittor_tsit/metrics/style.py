"""Similarity of colours between an image and its reference photo, the style term of the 2023 contest."""

from __future__ import annotations

import numpy as np

BINS = 256  # one for each value of 8 bits; the contest does not state its number


def histogram_correlation(image: np.ndarray, reference: np.ndarray) -> float:
    """Return the correlation of the colour histograms, averaged over red, green and blue, -1 to 1.

    Shapes:
        image [H, W, 3] uint8, reference [H', W', 3] uint8

    Source: OpenCV's HISTCMP_CORREL for each channel; the contest names the correlation of histograms only.
    """
    pairs = [
        [np.bincount(one[..., channel].ravel(), minlength=BINS) for one in (image, reference)] for channel in range(3)
    ]
    return float(np.mean([_correlation(*pair) for pair in pairs]))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    spread = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / spread) if spread else 1.0  # a constant histogram; 1 as in OpenCV
