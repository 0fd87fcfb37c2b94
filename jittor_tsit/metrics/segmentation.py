"""Agreement of two label maps: pixel accuracy and intersection over union."""

from __future__ import annotations

import numpy as np


def pixel_accuracy(predicted: np.ndarray, label: np.ndarray) -> float:
    """Return the share of the pixels of one image whose predicted class is the class of the label.

    Shapes:
        predicted and label have the same shape, any integers
    """
    return float((predicted == label).mean())


def confusion(predicted: np.ndarray, label: np.ndarray, num_classes: int) -> np.ndarray:
    """Return the confusion matrix, the number of pixels of each class of the label and each predicted class.

    Args:
        predicted: Class ids from 0 to num_classes - 1, [H, W] or more axes.
        label: Class ids, same shape; pixels with other ids are ignored.

    Returns:
        [num_classes, num_classes] int64; rows are classes of the label, columns are predicted classes
    """
    counted = (label >= 0) & (label < num_classes)
    pairs = label[counted].astype(np.int64) * num_classes + predicted[counted]
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def intersection_over_union(counts: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each class, [num_classes] float; NaN for a class in neither map.

    Args:
        counts: Result of `confusion`.
    """
    both = np.diag(counts).astype(float)
    either = counts.sum(0) + counts.sum(1) - both
    return np.divide(both, either, out=np.full(len(both), np.nan), where=either > 0)


def mean_iou(counts: np.ndarray) -> float:
    """Return the mean of `intersection_over_union` over the classes that occur."""
    return float(np.nanmean(intersection_over_union(counts)))
