"""Signals for whether the label map explains the photo: uniform regions that differ from each other."""

from __future__ import annotations

import cv2
import numpy as np

from data_tools.sets.classes import NUM_CLASSES
from data_tools.signals.view import View, present

_BINS = 8  # bins a channel of a colour histogram; coarse enough for regions of a few hundred pixels
_SMALLEST_CLASS = 0.03  # share of the picture; the histogram of a smaller class is mostly noise
_TEXTURE_GAIN = 4.0  # scales the local deviation (a few grey levels) to the range of the colour channels


def unexplained(view: View) -> float:
    """Share of the variance of colour and texture that lies within the classes, from 0 (all explained) to 1.

    It is the mean over L, a, b and the local deviation of L. It is high if photo and label map do not belong together,
    or if single classes cover nearly everything.
    """
    features = _features(view)
    mean, deviation = (stat.ravel() for stat in cv2.meanStdDev(features))
    between = np.zeros(len(mean))
    for c in present(view.half_label):
        region = view.half_label == c
        between += region.mean() * (np.array(cv2.mean(features, region.astype(np.uint8))) - mean) ** 2
    flat = deviation < 1  # a channel with a deviation of less than one level counts as unexplained
    return float(np.mean(np.where(flat, 1.0, 1 - between / np.maximum(deviation, 1) ** 2)))


def overlap(view: View) -> float:
    """Similarity of the colours of two touching classes, for the most similar pair: 0..1.

    It is the intersection of their joint histograms of (L, a, b). It is high if one thing is labelled as two classes.
    Classes that cover less than 3 % of the picture are left out. It is 0 if no two of the other classes touch.
    """
    label = view.half_label
    counts = np.bincount(label.ravel(), minlength=NUM_CLASSES)
    large = np.flatnonzero(counts >= _SMALLEST_CLASS * label.size)
    touching = _touching(label)
    bins = (view.half_lab.astype(np.intp) * _BINS) >> 8
    code = (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
    histograms = {c: np.bincount(code[label == c], minlength=_BINS**3) / counts[c] for c in large}
    pairs = [(a, b) for a in large for b in large if a < b and touching[a, b]]
    return float(max((np.minimum(histograms[a], histograms[b]).sum() for a, b in pairs), default=0.0))


def _features(view: View) -> np.ndarray:
    """Return four numbers for each pixel: L, a, b and the deviation of L in the surrounding 5 x 5. [h, w, 4] float32"""
    lab = view.half_lab.astype(np.float32)
    luma = lab[..., 0]
    mean = cv2.blur(luma, (5, 5))
    deviation = np.sqrt(np.maximum(cv2.blur(luma * luma, (5, 5)) - mean * mean, 0))
    return np.dstack([lab, _TEXTURE_GAIN * deviation])


def _touching(label: np.ndarray) -> np.ndarray:
    touching = np.zeros((256, 256), bool)
    for one, other in ((label[:, 1:], label[:, :-1]), (label[1:], label[:-1])):
        differ = one != other
        touching[one[differ], other[differ]] = True
    return touching | touching.T
