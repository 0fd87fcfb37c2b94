"""Fréchet distance between sets of features (Dowson & Landau, 1982); on Inception's features it is FID.

Source: Heusel et al., NIPS 2017; pytorch-fid's `calculate_frechet_distance`. Differs: the trace of the product's matrix
    square root is a sum of singular values, which needs no SciPy and keeps its digits where a covariance is singular;
    pytorch-fid's root is good to about 1e-5 there, or is taken again with 1e-6 added to the diagonals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FEW_IMAGES = 2048  # number of FID's features; with fewer images the covariance is singular


class Statistics(NamedTuple):
    """Mean and covariance of a set of features."""

    mean: np.ndarray  # [D] float64
    factor: np.ndarray  # [D, R] float64; the unbiased covariance is factor @ factor.T


def statistics(features: np.ndarray) -> Statistics:
    """Return mean and covariance of the rows of features, in float64.

    Shapes:
        features [N, D], N at least 2

    Raises:
        ValueError: There are fewer than 2 rows, or a value is not finite.
    """
    if features.ndim != 2 or len(features) < 2 or not np.isfinite(features).all():
        raise ValueError(f"features are [N, D], N >= 2, all finite; not {list(features.shape)}")
    features = features.astype(np.float64)
    mean = features.mean(0)
    rows = (features - mean) / np.sqrt(len(features) - 1)
    if len(rows) > rows.shape[1]:
        rows = np.linalg.qr(rows, mode="r")  # D rows with the same covariance
    return Statistics(mean, rows.T)


def from_moments(mean: np.ndarray, cov: np.ndarray) -> Statistics:
    """Return the statistics of a set from its mean [D] and covariance [D, D], as in pytorch-fid's .npz files."""
    values, vectors = np.linalg.eigh(cov)
    # Leave out eigenvalues that are 0 but for rounding, by NumPy's rule for ranks. Their roots would add 1e-7 each.
    kept = values > values.max() * len(values) * np.finfo(np.float64).eps
    return Statistics(mean, vectors[:, kept] * np.sqrt(values[kept]))


def frechet_distance(a: Statistics, b: Statistics) -> float:
    """Return |mean_a - mean_b|^2 + tr(cov_a + cov_b - 2 (cov_a cov_b)^(1/2)), at least 0.

    Raises:
        ValueError: The sets have different numbers of features D.
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"sets of {len(a.mean)} and {len(b.mean)} features: both must be features of the same network")
    # With cov_a = A A^T and cov_b = B B^T the eigenvalues of cov_a cov_b are the squared singular values of A^T B.
    shared = np.linalg.svd(a.factor.T @ b.factor, compute_uv=False).sum()
    distance = ((a.mean - b.mean) ** 2).sum() + (a.factor**2).sum() + (b.factor**2).sum() - 2 * shared
    return max(float(distance), 0.0)  # of equal sets rounding may leave a tiny negative


def few_images_warning(count: int) -> str:
    """Return a warning about distances from a set of `count` images, or "" if the set is large enough."""
    if count >= FEW_IMAGES:
        return ""
    return (
        f"{count:,} images are fewer than {FEW_IMAGES:,}: the distance is biased upwards; "
        "compare it only with distances between sets of the same sizes"
    )
