"""Options of augmentation; random crop and colour jitter. samples.py decides which image gets them, and mirrors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from jittor_tsit.data.read_ahead import Arrays


@dataclass(frozen=True)
class Augmentation:
    """Resizing and augmentation of training images.

    Args:
        load: (width, height) to which an image is resized first.
        size: (width, height) of the random crop that follows.
        flip: Whether a random half of the images is mirrored.
        color_jitter: Largest relative change of brightness, contrast and saturation, 0 to 1.
        load_side: If not 0, the length to which the shorter side is resized, in place of `load`.
        warp: Largest shift of the control points by which label maps for G are warped, as a share of a side; 0: no
            warping. See warping.py.
    """

    load: Tuple[int, int]
    size: Tuple[int, int]
    flip: bool
    color_jitter: float = 0.0
    load_side: int = 0
    warp: float = 0.0


def random_crop(arrays: Arrays, size: Tuple[int, int], rng: np.random.Generator) -> Arrays:
    """Cut the same random rectangle of `size` (width, height) out of all arrays [H, W, ...]."""
    width, height = size
    top, left = (int(rng.integers(whole - part + 1)) for whole, part in zip(arrays[0].shape, (height, width)))
    return tuple(array[top : top + height, left : left + width] for array in arrays)


def color_jitter(photo: np.ndarray, brightness: float, contrast: float, saturation: float) -> np.ndarray:
    """Change brightness, contrast and saturation of a photo [H, W, 3] uint8.

    Args:
        brightness, contrast, saturation: Relative changes; 0 keeps the photo, -1 removes all of the quantity.
    """
    colours = photo.astype(np.float32) * (1 + brightness)
    colours += contrast * (colours - colours.mean())
    colours += saturation * (colours - colours.mean(2, keepdims=True))
    return np.clip(np.rint(colours), 0, 255).astype(np.uint8)
