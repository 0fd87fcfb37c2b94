"""Equal values keep their order, in sets of more than 16: NumPy's default order is stable up to there by chance."""

import numpy as np

from data_tools.curation.equivalence import EquivalenceClass, read_classes, thin, write_classes
from data_tools.report.choice import examples

COUNT = 60


def grey(count):
    """Equal thumbnails: [count, 2, 3, 3] uint8."""
    return np.full((count, 2, 3, 3), 128, np.uint8)


def test_members_of_equal_rank_stay_in_the_order_of_their_indices(rng):
    faults = rng.integers(0, 3, COUNT) / 10
    members = EquivalenceClass(0, np.arange(COUNT), np.zeros(COUNT, bool))
    expected = [i for fault in (0, 0.1, 0.2) for i in range(COUNT) if faults[i] == fault]
    assert thin(members, grey(COUNT), faults).order.tolist() == expected


def test_members_of_a_class_that_is_not_thinned_are_written_in_order(tmp_path, rng):
    redundant = rng.integers(0, 2, COUNT).astype(float)
    members = EquivalenceClass(0, np.arange(COUNT), np.zeros(COUNT, bool))
    write_classes(tmp_path / "c.csv", [f"{i:02d}" for i in range(COUNT)], [members], redundant, keep=1)
    (rows,) = read_classes(tmp_path / "c.csv")
    expected = [i for value in (0, 1) for i in range(COUNT) if redundant[i] == value]
    assert [int(row.stem) for row in rows] == expected


def test_examples_of_equal_values_are_the_first_pairs_above_and_the_last_below(rng):
    values = np.where(rng.integers(0, 2, COUNT), 0.5, 0.3)
    high, low = np.flatnonzero(values == 0.5).tolist(), np.flatnonzero(values == 0.3).tolist()
    found = examples(values, 0.4, 5)
    assert found.above == high[:5] and found.below == low[::-1][:5] and found.worst == high[::-1][:5]
