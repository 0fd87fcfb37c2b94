"""The settings of a speed benchmark, and its random batch. Needs NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from data_tools.sets.classes import NUM_CLASSES

SYSTEMS = ("tsit", "spade")
PATCH = 16  # pixels; the label is constant within squares of this side, as it is within regions of a real label map
MATMUL_SIDE = {"cpu": 2048, "cuda": 8192}  # rows and columns of the matrices whose product measures peak arithmetic
COPIED = 2**26  # float32 numbers that are copied to measure the bandwidth; more than fit into caches
PEAK_TRIALS = 5  # repetitions of each peak measurement; the fastest counts
SETTLING_PASSES = 10  # passes in training mode before a check, so that the running statistics are near real ones


@dataclass(frozen=True)
class Case:
    """A system at a certain size, batch and precision."""

    system: str  # one of SYSTEMS
    width: int  # channels of G's last features, E's first and D's first
    image_width: int
    image_height: int
    batch: int
    vgg: bool  # whether the loss contains the perceptual term
    num_classes: int = NUM_CLASSES
    precision: str = "float32"  # of our convolutions in training; PyTorch's precision is part of its settings

    def batch_arrays(self) -> Tuple[np.ndarray, np.ndarray]:
        """Make a random batch, always the same one: labels [N, H, W] uint8, photos [N, H, W, 3] uint8."""
        rng = np.random.default_rng(0)
        rows, columns = -(-self.image_height // PATCH), -(-self.image_width // PATCH)
        label = rng.integers(0, self.num_classes, (self.batch, rows, columns), np.uint8)
        label = label.repeat(PATCH, 1).repeat(PATCH, 2)[:, : self.image_height, : self.image_width]
        photo = rng.integers(0, 256, (self.batch, self.image_height, self.image_width, 3), np.uint8)
        return label, photo


def read_size(text: str) -> Tuple[int, int]:
    """Parse a width and a height: "512x384" -> (512, 384)."""
    width, height = text.lower().split("x")
    return int(width), int(height)
