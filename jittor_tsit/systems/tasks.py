"""What a system has besides `System`, where `test` or a judge needs more than `generate`."""

from typing import Dict, Tuple

import jittor as jt
import numpy as np

from jittor_tsit.data.labels import LabelNames
from jittor_tsit.systems.base import System


class PhotoSegmenter(System):
    """A system that predicts label maps. Its kind of data has `predicts_label_maps`."""

    def segment(self, photo: np.ndarray) -> np.ndarray:
        """Predict the class ids [H, W] uint8 of a photo [H, W, 3] uint8 of any size."""
        raise NotImplementedError

    def segment_with_confidence(self, photo: np.ndarray) -> Tuple[np.ndarray, float]:
        """Return what `segment` returns, and the mean probability of the predicted classes, 0 to 1."""
        raise NotImplementedError


class PhotoRelabeler(System):
    """A system that changes attributes or the class of photos: TestTask.PHOTOS_WITH_OTHER_LABELS."""

    names: LabelNames  # of the attributes and classes

    def find_label(self, image: jt.Var) -> np.ndarray:
        """Return a label vector [c] for a photo [1, 3, H, W] in [-1, 1] whose label nobody knows."""
        raise NotImplementedError

    def targets(self, label: np.ndarray) -> Dict[str, np.ndarray]:
        """Return the label vectors to translate a photo to, by the name of what changes: name -> [c].

        Args:
            label: The photo's own label vector.
        """
        raise NotImplementedError

    def relabel(self, image: jt.Var, target: jt.Var) -> jt.Var:
        """Translate images [N, 3, H, W] in [-1, 1] to target labels [N, c]."""
        raise NotImplementedError


class PhotoClassifier(System):
    """A system that classifies photos of two domains: TestTask.CLASSES_OF_PHOTOS."""

    names: LabelNames  # of the classes

    def classify(self, image: jt.Var, side: int) -> np.ndarray:
        """Predict the class numbers [N] of images [N, 3, H, W] in [-1, 1] of domain `side`, 0 or 1."""
        raise NotImplementedError

    def translate(self, image: jt.Var, side: int, there: int) -> jt.Var:
        """Translate images [N, 3, H, W] in [-1, 1] from domain `side` to domain `there`."""
        raise NotImplementedError
