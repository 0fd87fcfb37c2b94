"""Compute the sketch of a pair: a small form of it that comparisons over the whole set use."""

from __future__ import annotations

import cv2
import numpy as np

from data_tools.signals.sketches import COLUMNS, HASH_BITS, ROWS, Sketches
from data_tools.signals.view import View, present

_HASH_SIDE = round((HASH_BITS + 1) ** 0.5)  # side of the square of frequencies; frequency 0 is left out


def sketch(view: View) -> Sketches:
    """Compute the small form of one pair: the arrays of `Sketches` for it, without their first axis."""
    return Sketches(cell_classes(view), cell_features(view), photo_hash(view))


def cell_classes(view: View) -> np.ndarray:
    """Return the most common class of each cell: [ROWS, COLUMNS] uint8. Of equally common ones, the lowest id."""
    best_share = np.zeros((ROWS, COLUMNS), np.float32)
    classes = np.zeros((ROWS, COLUMNS), np.uint8)
    for c in present(view.half_label):
        share = _to_cells((view.half_label == c).astype(np.float32))
        more = share > best_share
        classes[more], best_share[more] = c, share[more]
    return classes


def cell_features(view: View) -> np.ndarray:
    """Compute the colour and texture of each cell: [ROWS, COLUMNS, CHANNELS] uint8.

    The channels are: mean L, a, b (OpenCV's 8 bit); standard deviation of L and of colour; fine and coarse detail;
    whether lines are vertical (above 128) or horizontal. Deviations and details have a logarithmic scale.
    """
    lab = view.half_lab.astype(np.float32)
    mean = _to_cells(lab)
    variance = np.maximum(_to_cells(lab * lab) - mean * mean, 0)
    luma = lab[..., 0]
    upright, level = (np.abs(cv2.Sobel(luma, cv2.CV_32F, *axis)) for axis in ((1, 0), (0, 1)))
    upright, level = _to_cells(upright), _to_cells(level)
    coarse = cv2.resize(luma, (4 * COLUMNS, 4 * ROWS), interpolation=cv2.INTER_AREA)
    features = np.dstack(
        [
            mean,
            40 * np.log1p(np.sqrt(variance[..., 0])),  # the factors scale usual values to 0..255
            50 * np.log1p(np.sqrt(variance[..., 1] + variance[..., 2])),
            50 * np.log1p(_to_cells(np.abs(cv2.Laplacian(luma, cv2.CV_32F)))),
            50 * np.log1p(_to_cells(np.abs(cv2.Laplacian(coarse, cv2.CV_32F)))),
            128 + 120 * (upright - level) / (upright + level + 4),
        ]
    )
    return np.clip(np.rint(features), 0, 255).astype(np.uint8)


def photo_hash(view: View) -> np.ndarray:
    """Compute a perceptual hash: the signs of the photo's low frequencies. [HASH_BITS] uint8 of 0 and 1.

    Encoding the photo again, scaling it and cropping it slightly change few bits.

    Source: Zauner, Implementation and benchmarking of perceptual image hash functions (2010); there 8 x 8 bits.
    """
    side = 4 * _HASH_SIDE  # as in the source, the DCT has four times the side
    small = cv2.resize(view.half_lab[..., 0], (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    frequencies = cv2.dct(small)[:_HASH_SIDE, :_HASH_SIDE].ravel()[1:]
    return (frequencies > 0).astype(np.uint8)


def _to_cells(image: np.ndarray) -> np.ndarray:
    return cv2.resize(image, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
