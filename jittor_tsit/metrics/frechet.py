"""Fréchet distance between sets of features (Dowson & Landau, 1982); on Inception's features it is FID.

Source: Heusel et al., NIPS 2017; pytorch-fid's `calculate_frechet_distance`. Differs: the trace of the product's matrix
    square root is a sum of singular values, which needs no SciPy and keeps its digits where a covariance is singular;
    pytorch-fid's root is good to about 1e-5 there, or is taken again with 1e-6 added to the diagonals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FEW_IMAGES = 2048  # FID's number of features: of fewer images the covariance is singular


class Statistics(NamedTuple):
    """Of a set of features."""

    mean: np.ndarray  # [D] float64
    factor: np.ndarray  # [D, R] float64; with its transpose it gives the unbiased covariance, factor @ factor.T


def statistics(features: np.ndarray) -> Statistics:
    """Of the rows, in float64.

    Shapes:
        features [N, D], N at least 2

    Raises:
        ValueError: Fewer than 2 rows, or a value that is not finite.
    """
    if features.ndim != 2 or len(features) < 2 or not np.isfinite(features).all():
        raise ValueError(f"features are [N, D], N >= 2, all finite; not {list(features.shape)}")
    features = features.astype(np.float64)
    mean = features.mean(0)
    rows = (features - mean) / np.sqrt(len(features) - 1)
    if len(rows) > rows.shape[1]:
        rows = np.linalg.qr(rows, mode="r")  # the same product in D rows
    return Statistics(mean, rows.T)


def from_moments(mean: np.ndarray, cov: np.ndarray) -> Statistics:
    """Of a set known by its mean [D] and covariance [D, D], as pytorch-fid keeps sets in .npz files."""
    values, vectors = np.linalg.eigh(cov)
    # What rounding leaves of zeros, by NumPy's rule for ranks; their roots would add up to 1e-7 each.
    kept = values > values.max() * len(values) * np.finfo(np.float64).eps
    return Statistics(mean, vectors[:, kept] * np.sqrt(values[kept]))


def frechet_distance(a: Statistics, b: Statistics) -> float:
    """|mean_a - mean_b|^2 + tr(cov_a + cov_b - 2 (cov_a cov_b)^(1/2)), at least 0.

    Raises:
        ValueError: The sets have different numbers of features.
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"{len(a.mean)} features cannot be compared with {len(b.mean)}")
    # With cov_a = A A^T and cov_b = B B^T the eigenvalues of cov_a cov_b are the squared singular values of A^T B.
    shared = np.linalg.svd(a.factor.T @ b.factor, compute_uv=False).sum()
    distance = ((a.mean - b.mean) ** 2).sum() + (a.factor**2).sum() + (b.factor**2).sum() - 2 * shared
    return max(float(distance), 0.0)  # of equal sets rounding may leave a tiny negative


def few_images_warning(count: int) -> str:
    """What to tell of a distance from a set of `count` images; "" where nothing need be told."""
    if count >= FEW_IMAGES:
        return ""
    return (
        f"{count:,} images are fewer than {FEW_IMAGES:,}: the distance is biased upwards; "
        "compare it only with distances between sets of the same sizes"
    )
