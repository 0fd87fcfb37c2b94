"""Splitting pairs into a training part and a held-out part."""

from pathlib import Path

import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.held_out import hold_out
from data_tools.sets.pairing import Pair


def pairs_of(count):
    return [Pair(f"{i:03d}", Path(f"{i:03d}.jpg"), Path(f"{i:03d}.png")) for i in range(count)]


def test_the_two_parts_are_disjoint_complete_and_independent_of_order():
    pairs = pairs_of(50)
    train, held = hold_out(pairs, 5, 2)
    assert held and sorted(train + held) == pairs and train == sorted(train) and held == sorted(held)
    assert hold_out(pairs[::-1], 5, 2) == (train[::-1], held)
    assert hold_out(pairs, 5, 3)[1] != held


def test_each_pair_is_held_out_by_exactly_one_fold():
    pairs = pairs_of(40)
    held = [pair for fold in range(1, 6) for pair in hold_out(pairs, 5, fold)[1]]
    assert sorted(held) == pairs


def test_a_part_of_the_set_holds_out_the_same_pairs_as_the_whole():
    pairs = pairs_of(400)
    assert hold_out(pairs[:300], 5, 1)[1] == [pair for pair in hold_out(pairs, 5, 1)[1] if pair in pairs[:300]]


def test_a_small_set_holds_out_at_least_one_pair_and_keeps_at_least_one():
    for fold in range(1, 3):
        train, held = hold_out(pairs_of(4), 2, fold)
        assert train and held


@pytest.mark.parametrize("count, folds, fold", [(3, 1, 1), (3, 50, 1), (1, 2, 1), (1, 2, 2)])
def test_a_split_with_an_empty_part_is_refused(count, folds, fold):
    with pytest.raises(InputError, match=f"folds={folds}, fold={fold}: holds out . of {count} pairs; take other folds"):
        hold_out(pairs_of(count), folds, fold)
