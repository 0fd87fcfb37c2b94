"""Agreement between label maps: pixel accuracy, intersection over union."""

from __future__ import annotations

import numpy as np


def pixel_accuracy(predicted: np.ndarray, label: np.ndarray) -> float:
    """Share of the pixels of one image whose predicted class is the label's.

    Shapes:
        predicted [H, W], label [H, W], any integers
    """
    return float((predicted == label).mean())


def confusion(predicted: np.ndarray, label: np.ndarray, num_classes: int) -> np.ndarray:
    """Pixels by class: [num_classes, num_classes] int64, rows the label's, columns the predicted.

    Args:
        predicted: Ids below `num_classes`, [H, W] or more axes.
        label: The same shape; pixels of other ids are passed over.
    """
    counted = (label >= 0) & (label < num_classes)
    pairs = label[counted].astype(np.int64) * num_classes + predicted[counted]
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def intersection_over_union(counts: np.ndarray) -> np.ndarray:
    """[num_classes] float, from a `confusion`; nan for a class that neither side has."""
    both = np.diag(counts).astype(float)
    either = counts.sum(0) + counts.sum(1) - both
    return np.divide(both, either, out=np.full(len(both), np.nan), where=either > 0)


def mean_iou(counts: np.ndarray) -> float:
    """Mean of `intersection_over_union` over the classes that appear."""
    return float(np.nanmean(intersection_over_union(counts)))
