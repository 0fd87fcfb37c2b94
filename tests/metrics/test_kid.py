"""The kernel distance: by hand, and torch-fidelity's numbers."""

import numpy as np
import pytest

from helpers.reference_vectors import Given, Vectors, reference_files
from jittor_tsit.metrics import kid as kid_module
from jittor_tsit.metrics.kid import SEED, draw_subsets, kid, squared_mmd

ATOL, ATOL_FLOAT32 = 1e-9, 1e-5  # of the vectors' README, for float64 and for float32 arithmetic
FILES = reference_files(raw_cases=Given())


@pytest.mark.reference
@pytest.mark.parametrize("path", FILES)
def test_subsets_and_whole_sets_are_the_official_ones(path):
    vectors = Vectors(path)
    for case in vectors.config["raw_cases"]:
        a, b = (vectors[f"input/{case}/{name}"] for name in "ab")
        places = zip(*(vectors[f"input/{case}/kid_idx_{name}"] for name in "ab"))
        values = [squared_mmd(a[i], b[j]) for i, j in places]
        np.testing.assert_allclose(values, vectors[f"output/{case}/kid_per_subset"], rtol=0, atol=ATOL)
        np.testing.assert_allclose(squared_mmd(a, b), vectors[f"output/{case}/kid_full_set"], rtol=0, atol=ATOL)


@pytest.mark.reference
@pytest.mark.parametrize("whole", (0, 10**6), ids=("each subset alone", "all pairs at once"))
@pytest.mark.parametrize("path", FILES)
def test_mean_and_deviation_are_the_official_ones(path, whole, monkeypatch):
    monkeypatch.setattr(kid_module, "ALL_PAIRS_LIMIT", whole)
    vectors = Vectors(path)
    for case in vectors.config["raw_cases"]:
        sets = (vectors[f"input/{case}/{name}"] for name in "ab")
        ours = kid(*sets, vectors.config["kid_subsets"], vectors.config["kid_subset_size"])
        output = vectors.group(f"output/{case}/")
        np.testing.assert_allclose(ours[:2], (output["kid_mean"], output["kid_std"]), rtol=0, atol=ATOL)
        np.testing.assert_allclose(ours.mean, output["kid_mean_float32_features"], rtol=0, atol=ATOL_FLOAT32)


@pytest.mark.reference
@pytest.mark.parametrize("path", FILES)
def test_subsets_are_drawn_as_the_official_ones(path):
    vectors = Vectors(path)
    num_subsets, size = vectors.config["kid_subsets"], vectors.config["kid_subset_size"]
    for case in vectors.config["raw_cases"]:
        counts = (len(vectors[f"input/{case}/{name}"]) for name in "ab")
        drawn = zip(*draw_subsets(*counts, num_subsets, size, SEED))
        for ours, name in zip(drawn, "ab"):
            np.testing.assert_array_equal(ours, vectors[f"input/{case}/kid_idx_{name}"])


def test_value_by_hand():
    a, b = np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]])
    # (xy + 1)^3: between the two of a 1, between the two of b 7^3, across 1, 1, 3^3, 4^3
    assert squared_mmd(a, b) == pytest.approx(1 + 7**3 - 2 * (1 + 1 + 3**3 + 4**3) / 4, rel=1e-12)


def test_sets_may_differ_in_size():
    a, b = np.array([[0.0], [1.0]]), np.array([[2.0], [3.0], [2.0]])
    # within b the pairs give 7^3 twice and 5^3; across 1 three times, 3^3 twice and 4^3
    assert squared_mmd(a, b) == pytest.approx(1 + (2 * 7**3 + 5**3) / 3 - 2 * (3 + 2 * 3**3 + 4**3) / 6, rel=1e-12)


def test_sets_of_one_distribution_are_near_zero_and_others_are_not(rng):
    a, b = rng.random((400, 8)), rng.random((400, 8))
    same, other = kid(a, b), kid(a, b + 0.5)
    assert abs(same.mean) < 0.01 < 1 < other.mean  # the shift alone makes it 2.4, the draw moves it by 0.001
    assert 0 < same.std < 0.05


def test_the_same_seed_gives_the_same_value(rng):
    a, b = rng.random((30, 4)), rng.random((20, 4))
    assert kid(a, b) == kid(a, b)
    assert kid(a, b).mean != kid(a, b, seed=1).mean


@pytest.mark.parametrize("count", (10, kid_module.ALL_PAIRS_LIMIT + 1), ids=("small sets", "large sets"))
@pytest.mark.parametrize("size", (0, 1))
def test_subsets_of_fewer_than_two_rows_are_refused(count, size):
    features = np.zeros((count, 1))
    with pytest.raises(ValueError, match=f"size={size}: a subset needs at least 2 rows"):
        kid(features, features, num_subsets=1, size=size)


@pytest.mark.parametrize("counts, size", (((2500, 2000), 1000), ((1000, 5000), 500), ((5000, 3), 2), ((2, 2), 2)))
def test_subsets_of_small_sets_have_half_their_size(counts, size):
    result = kid(*(np.zeros((count, 1)) for count in counts), num_subsets=1)
    assert (result.num_subsets, result.subset_size) == (1, size)


@pytest.mark.parametrize(
    "a, b",
    (
        (np.zeros((1, 3)), np.zeros((2, 3))),
        (np.zeros((2, 3)), np.zeros((2, 4))),
        (np.zeros((2, 3)), np.full((2, 3), np.inf)),
    ),
)
def test_what_is_no_pair_of_sets_is_refused(a, b):
    with pytest.raises(ValueError, match="all finite, N and M >= 2"):
        squared_mmd(a, b)
