"""Signals for fragmented and interlocking regions of a label map."""

from __future__ import annotations

import cv2
import numpy as np

from data_tools.sets.classes import NUM_CLASSES
from data_tools.signals.view import View, present

_SMALLEST_PIECE = 4  # pixels at half size; resizing leaves smaller pieces at edges
_SMALLEST_CLASS = 0.005  # share of the picture; smaller things consist mostly of border


def fragments(view: View) -> float:
    """Count the connected regions of every class beyond its first one, summed over the classes.

    Regions of less than 4 pixels at half size do not count. The result is 0 if every class is connected.
    """
    return float(sum(max(_pieces(view.half_label == c) - 1, 0) for c in present(view.half_label)))


def border_length(view: View) -> float:
    """Length of all class borders, in units of the root of the picture's area. A straight horizon has about 1."""
    changes = _interfaces(view.half_label).sum() / 2
    return float(changes / np.sqrt(view.half_label.size))


def mixing(view: View) -> float:
    """How finely two classes interlock: the largest value over all pairs of classes.

    The value of a pair is the length of its common border divided by the perimeter of a square with the area of the
    smaller class. It is 1 for a square island, and much larger for comb-like or speckled regions.
    """
    interfaces = _interfaces(view.half_label)
    areas = np.bincount(view.half_label.ravel(), minlength=len(interfaces)).astype(float)
    smaller = np.minimum(areas[:, None], areas[None])
    counted = smaller >= _SMALLEST_CLASS * view.half_label.size
    return float((interfaces / (4 * np.sqrt(np.maximum(smaller, 1))) * counted).max())


def _pieces(mask: np.ndarray) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return int((stats[1:, cv2.CC_STAT_AREA] >= _SMALLEST_PIECE).sum())


def _interfaces(label: np.ndarray) -> np.ndarray:
    """Count the pairs of neighbouring pixels of two different classes: [H, W] -> [C, C], symmetric, diagonal 0."""
    count = max(NUM_CLASSES, int(label.max()) + 1)
    shared = np.zeros(count * count, np.int64)
    for one, other in ((label[:, 1:], label[:, :-1]), (label[1:], label[:-1])):
        differ = one != other
        shared += np.bincount(one[differ].astype(np.intp) * count + other[differ], minlength=count * count)
    shared = shared.reshape(count, count)
    return shared + shared.T
