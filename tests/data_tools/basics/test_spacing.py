"""Evenly spaced positions."""

import pytest

from data_tools.basics.spacing import evenly_spaced


@pytest.mark.parametrize(
    "size, count, positions",
    [
        (0, 3, []),
        (1, 3, [0]),
        (3, 3, [0, 1, 2]),
        (2, 5, [0, 1]),
        (10, 4, [0, 3, 6, 9]),
        (5, 1, [0]),
        (11, 3, [0, 5, 10]),
    ],
)
def test_positions_are_evenly_spaced_and_include_both_ends(size, count, positions):
    assert evenly_spaced(size, count).tolist() == positions
