"""Random warping of label maps by thin-plate splines. Imports no Jittor.

Source: Katiyar & Khoreva, "Improving Augmentation and Evaluation Schemes for Semantic Image Synthesis", arXiv
    2011.12636. As its abstract says, shapes are warped in the label maps that G gets, and the GAN learns from how they
    differ from the maps and images that are not warped. Our own choice: D and all losses get the maps that are not
    warped; the number of control points; uniform shifts. Spline: Bookstein, "Principal warps: thin-plate splines and
    the decomposition of deformations", PAMI 1989.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from jittor_tsit.data.read_ahead import Arrays

GRID = 5  # control points along each side, corners included: shifts of parts of a map, not of the whole or of pixels


def random_warp(arrays: Arrays, largest: float, rng: np.random.Generator) -> Arrays:
    """Warp maps alike: shift GRID x GRID control points at random, and the pixels between them smoothly.

    Each pixel is read from the nearest pixel of its shifted place, so values are never mixed. A place outside the map
    counts as the nearest place on its border.

    Args:
        arrays: Maps [H, W] of one size and any type.
        largest: Largest shift of a control point, as a share of height and of width. Shifts are uniform up to it.
    """
    height, width = arrays[0].shape
    sides = np.array([[height], [width]], np.float32)
    shifts = rng.uniform(-largest, largest, (2, GRID * GRID)).astype(np.float32) * sides
    down, right = np.rint(shifts @ spline_weights(height, width)).astype(np.int32).reshape(2, height, width)
    rows = np.clip(np.arange(height, dtype=np.int32)[:, None] + down, 0, height - 1)
    columns = np.clip(np.arange(width, dtype=np.int32) + right, 0, width - 1)
    return tuple(array[rows, columns] for array in arrays)


@lru_cache(maxsize=1)  # a run has one size; 20 MB at 512 x 384
def spline_weights(height: int, width: int) -> np.ndarray:
    """Return the weight of each control point in the shift of each pixel, [GRID * GRID, height * width] float32.

    The spline takes the given values at the control points and bends as little as possible between them.
    """
    size = max(height - 1, width - 1, 1)  # one unit for both axes: the spline depends on true distances
    sides = [np.linspace(0, (side - 1) / size, GRID) for side in (height, width)]
    points = np.stack(np.meshgrid(*sides, indexing="ij"), -1).reshape(-1, 2)
    affine = np.concatenate([np.ones((len(points), 1)), points], 1)
    system = np.block([[_kernel(points, points), affine], [affine.T, np.zeros((3, 3))]])
    solution = np.linalg.inv(system)[:, : len(points)]
    weights = np.empty((len(points), height, width), np.float32)
    for row in range(height):  # row by row, because the kernel of all pixels would take twice the result's memory
        pixels = np.stack([np.full(width, row), np.arange(width)], -1) / size
        terms = np.concatenate([_kernel(pixels, points), np.ones((width, 1)), pixels], 1)
        weights[:, row] = (terms @ solution).T
    return weights.reshape(len(points), height * width)


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return r^2 log r^2 of the distances r between two lists of points, [len(a), len(b)]; 0 where r is 0."""
    squares = ((a[:, None] - b[None]) ** 2).sum(-1)
    return squares * np.log(np.where(squares > 0, squares, 1))
