"""The Fréchet distance: closed forms, and pytorch-fid's numbers."""

import numpy as np
import pytest

from helpers.reference_vectors import Given, Vectors, reference_files
from jittor_tsit.metrics.frechet import FEW_IMAGES, few_images_warning, frechet_distance, from_moments, statistics

# of the vectors' README; its singular cases are those with fewer samples than features
RTOL, RTOL_SINGULAR, ATOL_IDENTICAL = 1e-6, 1e-5, 1e-4
FILES = reference_files(raw_cases=Given())


def diagonal(mean, variances):
    return from_moments(np.asarray(mean, float), np.diag(np.asarray(variances, float)))


def random_cov(rng, size, rank):
    factor = rng.standard_normal((size, rank))
    return factor @ factor.T / rank


@pytest.mark.reference
@pytest.mark.parametrize("path", FILES)
def test_distance_of_moments_is_the_official_one(path):
    vectors = Vectors(path)
    for case in vectors.config["cases"]:
        ours = frechet_distance(
            *(from_moments(vectors[f"input/{case}/mu{k}"], vectors[f"input/{case}/sigma{k}"]) for k in "12")
        )
        rtol = RTOL_SINGULAR if "lowrank" in case else RTOL
        atol = ATOL_IDENTICAL if "identical" in case else 0
        for name in ("value", "value_exact", "value_scipy_1.13.1"):
            np.testing.assert_allclose(ours, vectors[f"output/{case}/{name}"], rtol=rtol, atol=atol, err_msg=case)


@pytest.mark.reference
@pytest.mark.parametrize("path", FILES)
def test_distance_of_features_is_the_official_one(path):
    vectors = Vectors(path)
    for case in vectors.config["raw_cases"]:
        a, b = (vectors[f"input/{case}/{name}"] for name in "ab")
        ours = frechet_distance(statistics(a), statistics(b))
        rtol = RTOL if min(len(a), len(b)) > a.shape[1] else RTOL_SINGULAR
        for name in ("fid", "fid_exact", "fid_torch_fidelity"):
            np.testing.assert_allclose(ours, vectors[f"output/{case}/{name}"], rtol=rtol, err_msg=case)


@pytest.mark.parametrize("shape", ((2, 5), (5, 5), (6, 5), (70, 5)))
def test_statistics_are_numpys(rng, shape):
    features = rng.standard_normal(shape).astype(np.float32)
    stats = statistics(features)
    features = features.astype(np.float64)
    np.testing.assert_allclose(stats.mean, features.mean(0), rtol=1e-12)
    np.testing.assert_allclose(stats.factor @ stats.factor.T, np.cov(features, rowvar=False), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", ((4, 9), (30, 9)))
def test_features_and_their_moments_give_the_same(rng, shape):
    a, b = rng.random(shape), rng.random((20, 9)) + 0.1
    of_features = frechet_distance(statistics(a), statistics(b))
    of_moments = (from_moments(features.mean(0), np.cov(features, rowvar=False)) for features in (a, b))
    assert frechet_distance(*of_moments) == pytest.approx(of_features, rel=1e-7)  # of singular ones, else 1e-12


def test_closed_form_of_independent_gaussians():
    a, b = diagonal([1, 2, 3], [1, 4, 0]), diagonal([1, 0, 3], [9, 4, 16])
    assert frechet_distance(a, b) == pytest.approx(2**2 + (1 - 3) ** 2 + 0 + 4**2, rel=1e-12)


def test_closed_form_of_a_scaled_covariance(rng):
    cov = random_cov(rng, size=6, rank=9)
    a, b = from_moments(np.zeros(6), cov), from_moments(np.zeros(6), 9 * cov)
    assert frechet_distance(a, b) == pytest.approx((1 - 3) ** 2 * np.trace(cov), rel=1e-12)


def test_closed_form_of_singular_covariances_in_different_subspaces(rng):
    first, second = np.zeros((8, 8)), np.zeros((8, 8))
    first[:3, :3], second[3:, 3:] = random_cov(rng, 3, 2), random_cov(rng, 5, 2)
    turn = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    a, b = (from_moments(np.zeros(8), turn @ cov @ turn.T) for cov in (first, second))
    assert frechet_distance(a, b) == pytest.approx(np.trace(first) + np.trace(second), rel=1e-12)


def test_it_is_symmetric(rng):
    a, b = statistics(rng.random((20, 4))), statistics(rng.random((3, 4)) + 1)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-12)


@pytest.mark.parametrize("count", (2, 5, 500))
def test_identical_sets_are_at_distance_zero(rng, count):
    stats = statistics(rng.random((count, 64)))
    assert 0 <= frechet_distance(stats, stats) < 1e-12  # rounding of traces of about 5


def test_constant_features_are_at_the_distance_of_their_means():
    a, b = statistics(np.zeros((3, 2))), statistics(np.ones((4, 2)))
    assert frechet_distance(a, b) == 2


@pytest.mark.parametrize("features", (np.zeros((1, 3)), np.zeros(4), np.array([[0.0, np.nan], [1.0, 2.0]])))
def test_statistics_refuse_what_is_no_set(features):
    with pytest.raises(ValueError, match=r"features are \[N, D\], N >= 2, all finite"):
        statistics(features)


def test_different_numbers_of_features_are_refused():
    with pytest.raises(ValueError, match="sets of 2 and 3 features"):
        frechet_distance(diagonal([0, 0], [1, 1]), diagonal([0, 0, 0], [1, 1, 1]))


def test_small_sets_are_warned_of():
    assert few_images_warning(FEW_IMAGES) == ""
    assert few_images_warning(700).startswith("700 images are fewer than 2,048: ")
