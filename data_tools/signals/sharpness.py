"""The signal `blur`."""

from __future__ import annotations

import cv2
import numpy as np

from data_tools.signals.view import View

_WINDOW = 9  # pixels of the additional blur, as in the paper
_SMALLEST_GROUND = 0.05  # share of the picture; less is not enough to judge


def blur(view: View) -> float:
    """Blur of the photo: 0 sharp, 1 blurred. It measures how little an additional blur changes the photo.

    The result is that of the worse of the two directions. The sky is left out, because clouds are always soft; if the
    set has no class named sky, the whole photo counts. The value is 0 if the photo is nearly all sky.

    Source: Crete et al., The blur effect: perception and estimation with a new no-reference perceptual blur
        metric (2007). Differs: the sky.
    """
    ground = np.ones(view.label.shape, np.uint8) if view.sky is None else (view.label != view.sky).astype(np.uint8)
    if ground.mean() < _SMALLEST_GROUND:
        return 0.0
    return max(_directional(view.luma, ground), _directional(view.luma.T, ground.T))


def _directional(luma: np.ndarray, ground: np.ndarray) -> float:
    """Return the share (0 to 1) of the differences of horizontal neighbours that a horizontal blur leaves.

    It is near 1 if the photo is blurred horizontally already.

    Args:
        luma: Brightness, [H, W].
        ground: Mask of the pixels that count, [H, W].
    """
    if luma.shape[1] <= _WINDOW:
        return 0.0
    luma, ground = np.ascontiguousarray(luma), np.ascontiguousarray(ground[:, 1:])
    before = cv2.absdiff(luma[:, 1:], luma[:, :-1])
    blurred = cv2.blur(luma, (_WINDOW, 1))
    after = cv2.absdiff(blurred[:, 1:], blurred[:, :-1])
    lost = cv2.subtract(before, after)  # saturates at 0
    total = cv2.mean(before, ground)[0]
    return 1 - cv2.mean(lost, ground)[0] / total if total else 1.0
