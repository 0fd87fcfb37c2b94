"""Likeness of colours between an image and the photo whose style it takes, the 2023 contest's style term."""

from __future__ import annotations

import numpy as np

BINS = 256  # one a value of 8 bits; the contest does not say how many it takes


def histogram_correlation(image: np.ndarray, reference: np.ndarray) -> float:
    """Correlation of the colour histograms, mean over red, green and blue: -1 to 1.

    Shapes:
        image [H, W, 3] uint8, reference [H', W', 3] uint8

    Source: the contest names the histogram's correlation only; this is OpenCV's HISTCMP_CORREL channel by channel.
    """
    pairs = [
        [np.bincount(one[..., channel].ravel(), minlength=BINS) for one in (image, reference)] for channel in range(3)
    ]
    return float(np.mean([_correlation(*pair) for pair in pairs]))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    spread = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / spread) if spread else 1.0  # both flat, as OpenCV has it
