"""What a speed benchmark measures, and the batch it is measured with. Needs NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from data_tools.sets.classes import NUM_CLASSES

SYSTEMS = ("tsit", "spade")
PATCH = 16  # pixels; labels are constant within squares of this side, as regions of a photograph are
MATMUL_SIDE = {"cpu": 2048, "cuda": 8192}  # of the matrices whose product shows a device's peak
COPIED = 2**26  # float32 numbers whose copying shows the bandwidth; more than caches hold
PEAK_TRIALS = 5  # of which the fastest counts
SETTLING_PASSES = 10  # in training mode before a check; a new network's running statistics saturate its images


@dataclass(frozen=True)
class Case:
    """One system at one size."""

    system: str  # one of SYSTEMS
    width: int  # channels of G's last, of E's first and of D's first features
    image_width: int
    image_height: int
    batch: int
    vgg: bool  # whether the loss has the perceptual term
    num_classes: int = NUM_CLASSES
    precision: str = "float32"  # of our convolutions in training; PyTorch's settings have their own

    def batch_arrays(self) -> Tuple[np.ndarray, np.ndarray]:
        """A random batch, the same every time: labels [N, H, W] uint8, photos [N, H, W, 3] uint8."""
        rng = np.random.default_rng(0)
        rows, columns = -(-self.image_height // PATCH), -(-self.image_width // PATCH)
        label = rng.integers(0, self.num_classes, (self.batch, rows, columns), np.uint8)
        label = label.repeat(PATCH, 1).repeat(PATCH, 2)[:, : self.image_height, : self.image_width]
        photo = rng.integers(0, 256, (self.batch, self.image_height, self.image_width, 3), np.uint8)
        return label, photo


def read_size(text: str) -> Tuple[int, int]:
    """Width and height: "512x384" -> (512, 384)."""
    width, height = text.lower().split("x")
    return int(width), int(height)
