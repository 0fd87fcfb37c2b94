"""A pair at the size at which signals are computed, with the derived images that several signals use."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH

_WORKING_AREA = IMAGE_WIDTH * IMAGE_HEIGHT  # pixels; larger pairs are reduced, so that their values are comparable


class View:
    """Photo and label map of one pair at the same size: that of the label map, or smaller if it has more pixels than
    the contest's pictures.

    Args:
        photo: [H, W, 3] uint8 RGB; resized by area average.
        label: [h, w] uint8 class ids; resized by nearest neighbour.

    Shapes:
        photo, lab [H, W, 3] uint8 (lab is OpenCV's 8 bit: L * 255 / 100, a + 128, b + 128); label, luma [H, W] uint8;
        `half_lab`, `half_label` and `half_luma` at half of that size.
    """

    def __init__(self, photo: np.ndarray, label: np.ndarray):
        height, width = label.shape
        scale = min(1.0, (_WORKING_AREA / (height * width)) ** 0.5)
        self.height, self.width = max(1, round(height * scale)), max(1, round(width * scale))
        self.photo = _resize(photo, self.width, self.height, cv2.INTER_AREA)
        self.label = _resize(label, self.width, self.height, cv2.INTER_NEAREST)

    @cached_property
    def lab(self) -> np.ndarray:
        return cv2.cvtColor(self.photo, cv2.COLOR_RGB2LAB)

    @cached_property
    def luma(self) -> np.ndarray:
        return cv2.cvtColor(self.photo, cv2.COLOR_RGB2GRAY)

    @cached_property
    def half_lab(self) -> np.ndarray:
        return cv2.resize(self.lab, self._half_size, interpolation=cv2.INTER_AREA)

    @cached_property
    def half_luma(self) -> np.ndarray:
        return cv2.resize(self.luma, self._half_size, interpolation=cv2.INTER_AREA)

    @cached_property
    def half_label(self) -> np.ndarray:
        return cv2.resize(self.label, self._half_size, interpolation=cv2.INTER_NEAREST)

    @property
    def _half_size(self):
        return max(1, self.width // 2), max(1, self.height // 2)


def present(label: np.ndarray) -> np.ndarray:
    """Return the class ids that occur in a label map, ascending and each once."""
    return np.flatnonzero(np.bincount(label.ravel()))


def borders(label: np.ndarray) -> np.ndarray:
    """Return the pixels next to a pixel of another class, except at the rim of the picture: [H, W] -> [H, W] bool."""
    border = np.zeros(label.shape, bool)
    across, down = label[:, 1:] != label[:, :-1], label[1:] != label[:-1]
    border[:, 1:] |= across
    border[:, :-1] |= across
    border[1:] |= down
    border[:-1] |= down
    border[[0, -1]] = False  # resized label maps often have a line of another class there
    border[:, [0, -1]] = False
    return border


def _resize(image: np.ndarray, width: int, height: int, interpolation: int) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    if interpolation == cv2.INTER_AREA and image.shape[0] * image.shape[1] < height * width:
        interpolation = cv2.INTER_LINEAR  # the area average is for shrinking only
    return cv2.resize(image, (width, height), interpolation=interpolation)
