"""Colours of an image and of its reference photo: their similarity, the 2023 contest's style term, and a way to it."""

from __future__ import annotations

import numpy as np

BINS = 256  # one for each value of 8 bits; the contest does not state its number
ROUNDING = 1e-9  # of shares of pixels: more than their rounding errors, less than the share of one pixel


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


def match_histograms(image: np.ndarray, reference: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Return the image with the colour histograms of a reference photo.

    In each of red, green and blue, a value of the image becomes the value that the same share of the photo's pixels
    does not exceed (histogram specification).

    Args:
        share: Share of the change that is made, 0 to 1.

    Shapes:
        image [H, W, 3] uint8, reference [H', W', 3] uint8 -> [H, W, 3] uint8
    """
    matched = np.empty(image.shape, np.float64)
    for channel in range(3):
        own, wanted = (_shares_below(one[..., channel]) for one in (image, reference))
        matched[..., channel] = np.searchsorted(wanted, own - ROUNDING)[image[..., channel]]
    return np.rint(image + share * (matched - image)).astype(np.uint8)


def _shares_below(values: np.ndarray) -> np.ndarray:
    """Return for each of the BINS values the share of pixels that do not exceed it."""
    return np.cumsum(np.bincount(values.ravel(), minlength=BINS)) / values.size
