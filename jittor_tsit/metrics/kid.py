"""Kernel distance between sets of features (Binkowski et al., ICLR 2018); on Inception's features it is KID.

Source: the paper, and torch-fidelity's `metric_kid.py`, which has the same kernel, draws, seed, number and size of
    subsets. Differs: sets of fewer than 2,000 images are compared in subsets of half their size.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

import numpy as np

NUM_SUBSETS = 100  # torch-fidelity's default
SUBSET_SIZE = 1000  # torch-fidelity's default
SEED = 2020  # torch-fidelity's default
ALL_PAIRS_LIMIT = (
    4000  # images; up to here all pairs are computed at once, with 0.4 GB, 25 times as fast for 1,000 images
)

Subsets = List[Tuple[np.ndarray, np.ndarray]]


class KID(NamedTuple):
    """Kernel inception distance: mean and deviation of the squared MMD over random subsets of two sets of images."""

    mean: float
    std: float  # standard deviation of the values of the subsets, divided by N, not N - 1
    num_subsets: int
    subset_size: int


def kid(
    a: np.ndarray, b: np.ndarray, num_subsets: int = NUM_SUBSETS, size: Optional[int] = None, seed: int = SEED
) -> KID:
    """Return mean and standard deviation of the squared MMD between random subsets. The mean can be negative.

    Args:
        size: Number of rows of each set in a subset, at least 2. By default 1,000, or half of the smaller set if that
            is less.

    Shapes:
        a [N, D], b [M, D], N and M at least 2

    Raises:
        ValueError: There are fewer than 2 rows or fewer than `size`, `size` is below 2, D differs, or a value is not
            finite. In sets of more than ALL_PAIRS_LIMIT rows only the drawn rows are checked.
    """
    if size is not None and size < 2:
        raise ValueError(f"size={size}: a subset needs at least 2 rows of each set")
    size = size or min(SUBSET_SIZE, max(min(len(a), len(b)) // 2, 2))
    subsets = draw_subsets(len(a), len(b), num_subsets, size, seed)
    if max(len(a), len(b)) > ALL_PAIRS_LIMIT:
        values = [squared_mmd(a[i], b[j]) for i, j in subsets]
    else:
        aa, bb, ab = _kernels(a, b)
        values = [_from_kernels(aa[np.ix_(i, i)], bb[np.ix_(j, j)], ab[np.ix_(i, j)]) for i, j in subsets]
    return KID(float(np.mean(values)), float(np.std(values)), num_subsets, size)


def draw_subsets(num_a: int, num_b: int, num_subsets: int, size: int, seed: int) -> Subsets:
    """Draw the row numbers of each subset in both sets, without repetition. The same seed gives the same numbers."""
    rng = np.random.RandomState(seed)
    return [
        (rng.choice(num_a, size, replace=False), rng.choice(num_b, size, replace=False)) for _ in range(num_subsets)
    ]


def squared_mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Return the unbiased squared maximum mean discrepancy with the cubic kernel (x y / D + 1)^3, in float64.

    Shapes:
        a [N, D], b [M, D], N and M at least 2

    Raises:
        ValueError: There are fewer than 2 rows, D differs, or a value is not finite.
    """
    return _from_kernels(*_kernels(a, b))


def _kernels(a: np.ndarray, b: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the kernel matrix of a with itself [N, N], of b with itself [M, M], and of a with b [N, M], float64.

    Raises:
        ValueError: A set has fewer than 2 rows, the widths differ, or a value is not finite.
    """
    if min(len(a), len(b)) < 2 or a.shape[1:] != b.shape[1:] or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(f"features are [N, D] and [M, D], all finite, N and M >= 2; not {a.shape} and {b.shape}")
    a, b = a.astype(np.float64), b.astype(np.float64)
    return _kernel(a, a), _kernel(b, b), _kernel(a, b)


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _from_kernels(aa: np.ndarray, bb: np.ndarray, ab: np.ndarray) -> float:
    return _mean_of_others(aa) + _mean_of_others(bb) - 2 * ab.mean()


def _mean_of_others(kernel: np.ndarray) -> float:
    """Return the mean of a matrix [N, N] without its diagonal: over all pairs of two different members."""
    count = len(kernel)
    return (kernel.sum() - np.trace(kernel)) / (count * (count - 1))
