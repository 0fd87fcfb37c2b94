"""Inputs of the sample grid: a batch, the columns beside the outputs, and the names of all. Imports no Jittor."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Sequence, Tuple

import numpy as np

from jittor_tsit.data.read_ahead import Arrays
from jittor_tsit.data.samples import Samples


class GridHeads(NamedTuple):
    """What stands above the columns of a sample grid."""

    before: str  # above the first column
    output: str  # above the model's output, where the system itself does not name its outputs
    after: Tuple[str, ...] = ()  # above the columns to the right of the outputs


class GridInputs(NamedTuple):
    """A batch for the sample grid, and the columns of images that stand left and right of the model's outputs."""

    batch: Any
    before: np.ndarray  # first column, [N, H, W, 3] uint8
    after: List[np.ndarray]  # columns to the right of the model's outputs, each [N, H, W, 3] uint8
    heads: GridHeads
    names: List[str]  # stems of the N samples
    numbers: List[int]  # their places in the set, from 1


def make_grid(
    batch: Any,
    before: np.ndarray,
    after: List[np.ndarray],
    heads: GridHeads,
    samples: Samples,
    positions: Sequence[int],
) -> GridInputs:
    """Return the columns of a grid with the names of the samples at these positions of the list."""
    names, numbers = [samples.name(position) for position in positions], [position + 1 for position in positions]
    return GridInputs(batch, before, after, heads, names, numbers)


def stack_samples(samples: Samples, positions: Sequence[int]) -> Arrays:
    """Read the samples at these positions without augmentation and stack each of their arrays."""
    return tuple(np.stack(arrays) for arrays in zip(*(samples.unaugmented(position) for position in positions)))
