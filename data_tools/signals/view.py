"""A pair at the size at which signals are computed, with the derived images that several signals use."""

from __future__ import annotations

from functools import cached_property
from typing import Optional

import cv2
import numpy as np

from data_tools.sets.class_list import LANDSCAPE, ClassList
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH

_WORKING_AREA = IMAGE_WIDTH * IMAGE_HEIGHT  # pixels; larger pairs are reduced, so that their values are comparable


class View:
    """Photo and label map of one pair at the same size: that of the label map, or smaller if it has more pixels than
    the contest's pictures.

    Args:
        photo: [H, W, 3] uint8 RGB; resized by area average.
        label: [h, w] uint8 class ids; resized by nearest neighbour. Pixels without a class then get the class of the
            nearest pixel that has one, so that no signal measures the gaps between objects.
        class_list: The classes of the set.

    Shapes:
        photo, lab [H, W, 3] uint8 (lab is OpenCV's 8 bit: L * 255 / 100, a + 128, b + 128); label, luma [H, W] uint8;
        `half_lab`, `half_label` and `half_luma` at half of that size.
    """

    def __init__(self, photo: np.ndarray, label: np.ndarray, class_list: ClassList = LANDSCAPE):
        height, width = label.shape
        scale = min(1.0, (_WORKING_AREA / (height * width)) ** 0.5)
        self.height, self.width = max(1, round(height * scale)), max(1, round(width * scale))
        self.photo = _resize(photo, self.width, self.height, cv2.INTER_AREA)
        label = _resize(label, self.width, self.height, cv2.INTER_NEAREST)
        self.label = label if class_list.unknown is None else fill_unknown(label, class_list.num_classes)
        self.class_list = class_list

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
    def sky(self) -> Optional[int]:
        """Id of the class named sky; None if the set has no such class."""
        return next(iter(self.class_list.ids_of(["sky"])), None)

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


def fill_unknown(label: np.ndarray, unknown: int) -> np.ndarray:
    """Give pixels with the id `unknown` the class of the nearest other pixel: [H, W] uint8 -> [H, W] uint8.

    A label map without any other pixel is returned as it is.
    """
    missing = label == unknown
    if not missing.any() or missing.all():
        return label
    # `nearest` numbers the pixels that have a class, and gives each other pixel the number of the nearest of them.
    _, nearest = cv2.distanceTransformWithLabels(
        missing.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    classes = np.zeros(int(nearest.max()) + 1, np.uint8)
    classes[nearest[~missing]] = label[~missing]
    return classes[nearest]


def _resize(image: np.ndarray, width: int, height: int, interpolation: int) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    if interpolation == cv2.INTER_AREA and image.shape[0] * image.shape[1] < height * width:
        interpolation = cv2.INTER_LINEAR  # the area average is for shrinking only
    return cv2.resize(image, (width, height), interpolation=interpolation)
