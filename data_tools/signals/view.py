"""A pair at working size, with what several signals need of it computed once."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH

_WORKING_AREA = IMAGE_WIDTH * IMAGE_HEIGHT  # pixels; larger pairs are reduced, so that values compare across sizes


class View:
    """Photo and label of one size: the label's, or less if that has more pixels than the contest's pictures.

    Args:
        photo: [H, W, 3] uint8 RGB; resized (area average) to the label's proportions.
        label: [h, w] uint8 class ids; resized by nearest neighbour.

    Shapes:
        photo, lab [H, W, 3] uint8 (lab as OpenCV's 8 bit: L * 255 / 100, a + 128, b + 128); label, luma [H, W]
        uint8; the same at half size in `half_lab`, `half_label` and `half_luma`.
    """

    def __init__(self, photo: np.ndarray, label: np.ndarray):
        height, width = label.shape
        scale = min(1.0, (_WORKING_AREA / (height * width)) ** 0.5)
        self.height, self.width = max(1, round(height * scale)), max(1, round(width * scale))
        self.photo = _resized(photo, self.width, self.height, cv2.INTER_AREA)
        self.label = _resized(label, self.width, self.height, cv2.INTER_NEAREST)

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
    """Ids that occur in a label map, ascending."""
    return np.flatnonzero(np.bincount(label.ravel()))


def borders(label: np.ndarray) -> np.ndarray:
    """Pixels on either side of a change of class, the picture's own rim left out: [H, W] -> [H, W] bool."""
    border = np.zeros(label.shape, bool)
    across, down = label[:, 1:] != label[:, :-1], label[1:] != label[:-1]
    border[:, 1:] |= across
    border[:, :-1] |= across
    border[1:] |= down
    border[:-1] |= down
    border[[0, -1]] = False  # resized labels often carry a line of another class there
    border[:, [0, -1]] = False
    return border


def _resized(image: np.ndarray, width: int, height: int, interpolation: int) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    if interpolation == cv2.INTER_AREA and image.shape[0] * image.shape[1] < height * width:
        interpolation = cv2.INTER_LINEAR  # area averages only shrink
    return cv2.resize(image, (width, height), interpolation=interpolation)
