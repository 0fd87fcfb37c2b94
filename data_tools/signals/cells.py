"""The small form of a pair that comparisons over the whole set work on."""

from __future__ import annotations

import cv2
import numpy as np

from data_tools.signals.sketches import COLUMNS, HASH_BITS, ROWS, Sketches
from data_tools.signals.view import View, present

_HASH_SIDE = round((HASH_BITS + 1) ** 0.5)  # of the square of frequencies; their mean is left out


def sketch(view: View) -> Sketches:
    """The small form of one pair: as `Sketches`, without the first axis."""
    return Sketches(cell_classes(view), cell_features(view), photo_hash(view))


def cell_classes(view: View) -> np.ndarray:
    """The most common class of each cell, of equally common ones the lower id: [ROWS, COLUMNS] uint8."""
    best_share = np.zeros((ROWS, COLUMNS), np.float32)
    classes = np.zeros((ROWS, COLUMNS), np.uint8)
    for c in present(view.half_label):
        share = _reduced((view.half_label == c).astype(np.float32))
        more = share > best_share
        classes[more], best_share[more] = c, share[more]
    return classes


def cell_features(view: View) -> np.ndarray:
    """Colour and texture of each cell: [ROWS, COLUMNS, CHANNELS] uint8.

    L, a, b (OpenCV's 8 bit); deviation of L and of colour within the cell; fine and coarse detail; and whether
    lines run upright or level. Deviations and details on a logarithmic scale.
    """
    lab = view.half_lab.astype(np.float32)
    mean = _reduced(lab)
    variance = np.maximum(_reduced(lab * lab) - mean * mean, 0)
    luma = lab[..., 0]
    upright, level = (np.abs(cv2.Sobel(luma, cv2.CV_32F, *axis)) for axis in ((1, 0), (0, 1)))
    upright, level = _reduced(upright), _reduced(level)
    coarse = cv2.resize(luma, (4 * COLUMNS, 4 * ROWS), interpolation=cv2.INTER_AREA)
    features = np.dstack(
        [
            mean,
            40 * np.log1p(np.sqrt(variance[..., 0])),  # the factors spread usual values over 0..255
            50 * np.log1p(np.sqrt(variance[..., 1] + variance[..., 2])),
            50 * np.log1p(_reduced(np.abs(cv2.Laplacian(luma, cv2.CV_32F)))),
            50 * np.log1p(_reduced(np.abs(cv2.Laplacian(coarse, cv2.CV_32F)))),
            128 + 120 * (upright - level) / (upright + level + 4),
        ]
    )
    return np.clip(np.rint(features), 0, 255).astype(np.uint8)


def photo_hash(view: View) -> np.ndarray:
    """Signs of the photo's low frequencies, but for the mean: [HASH_BITS] uint8 of 0 and 1.

    Re-encoding, scaling and slight crops flip few of them.

    Source: Zauner, Implementation and benchmarking of perceptual image hash functions (2010); there 8 x 8 bits.
    """
    side = 4 * _HASH_SIDE  # as there: the DCT is taken of four times the side
    small = cv2.resize(view.half_lab[..., 0], (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    frequencies = cv2.dct(small)[:_HASH_SIDE, :_HASH_SIDE].ravel()[1:]
    return (frequencies > 0).astype(np.uint8)


def _reduced(image: np.ndarray) -> np.ndarray:
    return cv2.resize(image, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
