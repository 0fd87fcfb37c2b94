"""Blur."""

from __future__ import annotations

import cv2
import numpy as np

from data_tools.signals.view import View

_WINDOW = 9  # pixels of the second blur; the paper's


def blur(view: View) -> float:
    """How little a further blur changes the photo, along the worse of the two directions: 0 sharp, 1 blurred.

    Source: Crete et al., The blur effect: perception and estimation with a new no-reference perceptual blur
        metric (2007).
    """
    return max(_directional(view.luma), _directional(view.luma.T))


def _directional(luma: np.ndarray) -> float:
    """Share of the differences between neighbours in a row that survives blurring along the row."""
    if luma.shape[1] <= _WINDOW:
        return 0.0
    luma = np.ascontiguousarray(luma)
    before = cv2.absdiff(luma[:, 1:], luma[:, :-1])
    blurred = cv2.blur(luma, (_WINDOW, 1))
    after = cv2.absdiff(blurred[:, 1:], blurred[:, :-1])
    lost = cv2.subtract(before, after)  # saturates at 0
    total = int(before.sum(dtype=np.int64))
    return 1 - int(lost.sum(dtype=np.int64)) / total if total else 1.0
