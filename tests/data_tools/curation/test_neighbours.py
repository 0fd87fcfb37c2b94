"""Exact search for near label maps and photo hashes, against comparing all pairs."""

import numpy as np
import pytest

from data_tools.curation import neighbours
from data_tools.curation.neighbours import (
    CodeIndex,
    agreement_with,
    cells_needed,
    collapse,
    nearest_hashes,
    nearest_maps,
)

HEIGHT, WIDTH = 6, 7  # 42 cells: not a whole number of words
MIRROR = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)[:, ::-1].ravel()
NONE = np.empty(0, np.int64)


def random_codes(rng, count, ids=3):
    return rng.integers(0, ids, (count, HEIGHT * WIDTH)).astype(np.uint8)


def clustered_codes(rng, count, clusters=5):
    """Few maps, each often repeated with up to six cells changed, in either direction, and some unchanged."""
    codes = random_codes(rng, clusters, ids=29)[rng.integers(0, clusters, count)]
    for code in codes[: count * 2 // 3]:
        code[rng.integers(0, code.size, rng.integers(1, 7))] = rng.integers(0, 29)
    codes[::4] = codes[::4][:, MIRROR]
    return codes[rng.permutation(count)]


def landscape_codes(rng, count):
    """Sky above ground at any height, and a house: data of few dimensions, for which the bounds are efficient."""
    codes = np.zeros((count, HEIGHT, WIDTH), np.uint8)
    for code in codes:
        code[rng.integers(0, HEIGHT + 1) :] = rng.integers(1, 4)
        code[rng.integers(0, HEIGHT), rng.integers(0, WIDTH)] = 9
    return codes.reshape(count, -1)


DATA = pytest.mark.parametrize("kind", [random_codes, clustered_codes, landscape_codes])
FLIPS = pytest.mark.parametrize("mirror", [None, MIRROR], ids=["one direction", "both directions"])


def equal_cells(codes, mirror):
    """Count the equal cells of all pairs one by one."""
    equal = (codes[:, None] == codes).sum(2)
    return equal if mirror is None else np.maximum(equal, (codes[:, None][:, :, mirror] == codes).sum(2))


def nearest_by_all_pairs(codes, least, mirror):
    equal = equal_cells(codes, mirror)
    np.fill_diagonal(equal, -1)
    best = equal.max(1)
    found = best >= least * codes.shape[1]
    return np.where(found, equal.argmax(1), -1), np.where(found, best / codes.shape[1], np.nan)


@pytest.fixture
def few_landmarks(monkeypatch):
    """Loose bounds and small blocks, so that every branch of the search runs."""
    monkeypatch.setattr(neighbours, "LANDMARKS", 8)
    monkeypatch.setattr(neighbours, "DIRECTIONS", 4)
    monkeypatch.setattr(neighbours, "BLOCK", 1000)
    monkeypatch.setattr(neighbours, "CHUNK", 16)


# Nearest maps


@DATA
@FLIPS
@pytest.mark.parametrize("least", [0.3, 0.9, 1.0])
def test_the_nearest_is_that_of_all_pairs(kind, mirror, least):
    codes = kind(np.random.default_rng(0), 150)
    index, agreement = nearest_by_all_pairs(codes, least, mirror)
    nearest = nearest_maps(codes, least, mirror)
    np.testing.assert_array_equal(nearest.index, index)
    np.testing.assert_allclose(nearest.agreement, agreement)


@DATA
@FLIPS
def test_loose_bounds_and_many_blocks_change_nothing(kind, mirror, few_landmarks):
    codes = kind(np.random.default_rng(1), 150)
    index, agreement = nearest_by_all_pairs(codes, 0.3, mirror)
    nearest = nearest_maps(codes, 0.3, mirror)
    np.testing.assert_array_equal(nearest.index, index)
    np.testing.assert_allclose(nearest.agreement, agreement)


def test_the_bounds_decide_on_most_pairs_of_landscapes(monkeypatch):
    monkeypatch.setattr(neighbours, "LANDMARKS", 16)
    codes = landscape_codes(np.random.default_rng(2), 600)
    distinct = len(collapse(codes).first)
    assert nearest_maps(codes, 0.9).compared < 0.2 * distinct**2


def test_of_equal_maps_the_first_is_nearest_and_the_second_is_nearest_to_it():
    codes = np.repeat(np.array([[1] * 8, [2] * 8], np.uint8), [3, 1], axis=0)
    np.testing.assert_array_equal(nearest_maps(codes, 0.5).index, [1, 0, 0, -1])


def test_a_mirrored_copy_is_near_in_both_directions_only():
    map_, other = np.arange(42, dtype=np.uint8), np.full(42, 99, np.uint8)
    codes = np.stack([map_, other, map_[MIRROR]])
    np.testing.assert_array_equal(nearest_maps(codes, 0.9).index, [-1, -1, -1])
    nearest = nearest_maps(codes, 0.9, MIRROR)
    np.testing.assert_array_equal(nearest.index, [2, -1, 0])
    np.testing.assert_array_equal(nearest.mirrored, [True, False, True])
    np.testing.assert_array_equal(nearest.agreement, [1, np.nan, 1])


def test_a_symmetric_map_is_not_its_own_neighbour(few_landmarks):
    codes = np.stack([np.full(42, 1), np.full(42, 2)]).astype(np.uint8)
    np.testing.assert_array_equal(nearest_maps(codes, 0.1, MIRROR).index, [-1, -1])


@FLIPS
def test_no_map_or_one_has_no_neighbour(mirror):
    for count in (0, 1):
        nearest = nearest_maps(np.zeros((count, 42), np.uint8), 0.5, mirror)
        np.testing.assert_array_equal(nearest.index, [-1] * count)
        np.testing.assert_array_equal(nearest.agreement, [np.nan] * count)


def test_an_agreement_of_just_the_least_counts():
    codes = np.zeros((2, 10), np.uint8)
    codes[1, 0] = 1
    np.testing.assert_array_equal(nearest_maps(codes, 0.9).index, [1, 0])
    np.testing.assert_array_equal(nearest_maps(codes, 0.91).index, [-1, -1])


# Parts


@DATA
@FLIPS
@pytest.mark.parametrize("least", [14, 20, 36])
def test_agreeing_pairs_are_those_of_all_pairs_in_order(kind, mirror, least, few_landmarks):
    codes = kind(np.random.default_rng(3), 90)
    rows, columns = np.array([5, 80, 7, 3]), np.arange(89, 9, -2)
    index = CodeIndex(codes, mirror)
    found = [pair for some in index.agreeing(rows, columns, least) for pair in zip(*some)]
    equal = equal_cells(codes, mirror)
    assert found == [(r, c) for r in rows for c in columns if equal[r, c] >= least]
    np.testing.assert_array_equal(index.counts(rows, columns), equal[np.ix_(rows, columns)])


@FLIPS
def test_the_closest_of_some_columns_is_the_first_of_the_best_and_not_the_row(mirror, few_landmarks):
    codes = clustered_codes(np.random.default_rng(4), 120)
    rows, columns = np.arange(0, 120, 3), np.arange(119, -1, -2)
    equal = equal_cells(codes, mirror)[np.ix_(rows, columns)]
    equal[rows[:, None] == columns] = -1
    index, best = CodeIndex(codes, mirror).closest(rows, columns, 40)
    found = equal.max(1) >= 40
    assert 0 < found.sum() < len(rows)
    np.testing.assert_array_equal(index, np.where(found, columns[equal.argmax(1)], -1))
    np.testing.assert_array_equal(best, np.where(found, equal.max(1), -1))


def test_without_columns_nothing_is_close_and_nothing_agrees():
    index = CodeIndex(random_codes(np.random.default_rng(5), 4))
    np.testing.assert_array_equal(index.closest(np.arange(3), NONE, 1), [[-1] * 3] * 2)
    assert list(index.agreeing(np.arange(3), NONE, 1)) == []
    assert list(index.agreeing(NONE, np.arange(3), 1)) == []


def test_bounds_enclose_the_truth_with_little_rounding():
    codes = np.concatenate([landscape_codes(np.random.default_rng(6), 700), random_codes(np.random.default_rng(6), 20)])
    index = CodeIndex(codes)
    everything = np.arange(len(codes))
    upper = np.concatenate([bounds.copy() for _, _, bounds in index.upper_bounds(everything, everything)])
    rests = index.points[0][:, -1]
    equal = equal_cells(codes, None)
    assert (upper > equal - 0.01).all()
    assert (upper - 2 * np.outer(rests, rests) < equal + 0.01).all()


def test_codes_are_collapsed_in_lexicographic_order():
    codes = np.array([[2, 1], [1, 2], [2, 1], [1, 1]], np.uint8)
    one_way, both_ways = collapse(codes), collapse(codes, np.array([1, 0]))
    np.testing.assert_array_equal(one_way.first, [3, 1, 0])
    np.testing.assert_array_equal(one_way.count, [1, 1, 2])
    np.testing.assert_array_equal(one_way.group, [2, 1, 2, 0])
    np.testing.assert_array_equal(both_ways.first, [3, 0])
    np.testing.assert_array_equal(both_ways.group, [1, 1, 1, 0])


def test_agreement_with_given_maps():
    codes = np.array([[1, 2, 3, 4], [4, 3, 2, 1], [1, 2, 3, 9]], np.uint8)
    reverse = np.array([3, 2, 1, 0])
    share, mirrored = agreement_with(codes, np.array([1, 2, -1]), reverse)
    np.testing.assert_array_equal(share, [1, 0.75, np.nan])
    np.testing.assert_array_equal(mirrored, [True, True, False])
    np.testing.assert_array_equal(agreement_with(codes, np.array([2, 2, 0]))[0], [0.75, 0, 0.75])
    symmetric = np.array([[1, 2, 2, 1], [1, 2, 2, 3]], np.uint8)
    assert not agreement_with(symmetric, np.array([1, 0]), reverse)[1].any()  # as near unmirrored


def test_cells_needed_ignores_rounding_and_is_at_least_one():
    assert [cells_needed(share, 768) for share in (0.9, 0.75, 1.0, 1e-6)] == [692, 576, 768, 1]
    assert cells_needed(0.07, 100) == 7  # 0.07 * 100 is 7.000000000000001


@pytest.mark.parametrize("least", [0, -0.1, 1.01, float("nan")])
def test_an_impossible_agreement_is_refused(least):
    with pytest.raises(ValueError, match="must be above 0 and at most 1"):
        nearest_maps(np.zeros((3, 8), np.uint8), least)


def test_the_largest_map_is_counted_right_and_a_larger_one_refused():
    codes = np.stack([np.zeros(2040), np.ones(2040), np.zeros(2040)]).astype(np.uint8)
    codes[2, 0] = 1
    equal = CodeIndex(codes).counts(np.arange(3), np.arange(2))
    np.testing.assert_array_equal(equal, [[2040, 0], [0, 2040], [2039, 1]])
    with pytest.raises(ValueError, match="2041 cells; at most 2040"):
        CodeIndex(np.zeros((2, 2041), np.uint8))


# Hashes


def hashes(rng, count):
    """Twenty photos, each in versions that differ in up to ten bits, and exact copies among them."""
    bits = rng.random((20, 64)) < 0.5
    bits = bits[rng.integers(0, 20, count)]
    for row in bits[::2]:
        row[rng.integers(0, 64, rng.integers(0, 11))] ^= True
    return bits


@pytest.mark.parametrize("earlier_only", [False, True])
@pytest.mark.parametrize("radius", [0, 6, 64])
def test_the_nearest_hash_is_that_of_all_pairs(radius, earlier_only, monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK", 1024 * 70)  # columns in several blocks
    bits = hashes(np.random.default_rng(7), 300)
    distance = (bits[:, None] != bits).sum(2)
    np.fill_diagonal(distance, 999)
    if earlier_only:
        distance[np.triu_indices(300)] = 999
    found = distance.min(1) <= radius
    index, unequal = nearest_hashes(bits.astype(np.uint8), radius, earlier_only)
    np.testing.assert_array_equal(index, np.where(found, distance.argmin(1), -1))
    np.testing.assert_array_equal(unequal, np.where(found, distance.min(1), -1))


def test_rows_in_several_blocks_find_hashes_of_other_blocks():
    bits = np.random.default_rng(8).random((2500, 64)) < 0.5
    bits[[5, 1100, 2400]] = bits[5]
    np.testing.assert_array_equal(nearest_hashes(bits, 0)[0][[5, 1100, 2400]], [1100, 5, 5])
    np.testing.assert_array_equal(nearest_hashes(bits, 0, earlier_only=True)[0][[5, 1100, 2400]], [-1, 5, 5])


def test_of_a_group_of_equal_hashes_only_the_first_has_no_earlier_neighbour():
    index, unequal = nearest_hashes(np.ones((4, 8), bool), 2, earlier_only=True)
    np.testing.assert_array_equal(index, [-1, 0, 0, 0])
    np.testing.assert_array_equal(unequal, [-1, 0, 0, 0])


@pytest.mark.parametrize("count", [0, 1])
def test_no_hash_or_one_has_no_neighbour(count):
    index, unequal = nearest_hashes(np.ones((count, 8), bool), 8)
    assert index.tolist() == unequal.tolist() == [-1] * count
