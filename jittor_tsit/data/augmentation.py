"""Random crop and colour jitter of NumPy arrays. samples.py decides which image gets them, and mirrors images."""

from __future__ import annotations

from typing import Tuple

import numpy as np

from jittor_tsit.data.read_ahead import Arrays


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
