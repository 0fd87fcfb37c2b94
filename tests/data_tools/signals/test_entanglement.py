"""Torn and interwoven label maps: pieces and borders counted by hand."""

import numpy as np
import pytest

from data_tools.signals.entanglement import border_length, fragments, mixing
from data_tools.signals.view import View

SIDE = 96


def seen(label):
    """A view of a label map without a photo. All sizes here are even, so that half of a size is exact."""
    label = np.asarray(label, np.uint8)
    return View(np.zeros((*label.shape, 3), np.uint8), label)


def ground(height=SIDE, width=SIDE):
    return np.zeros((height, width), np.uint8)


def with_boxes(boxes, label=None):
    """Boxes (top, left, height, width, class) on class 0."""
    label = ground() if label is None else label
    for top, left, height, width, c in boxes:
        label[top : top + height, left : left + width] = c
    return label


# fragments


def test_whole_regions_are_no_fragments():
    assert fragments(seen(ground())) == 0
    assert fragments(seen(with_boxes([(0, 0, 48, 96, 1), (60, 20, 20, 20, 28)]))) == 0


@pytest.mark.parametrize("c", [1, 28])
def test_three_islands_of_a_class_are_two_more_than_one(c):
    assert fragments(seen(with_boxes([(10, 10, 10, 10, c), (40, 40, 10, 10, c), (70, 70, 10, 10, c)]))) == 2


def test_islands_of_different_classes_are_no_fragments():
    assert fragments(seen(with_boxes([(10, 10, 10, 10, 1), (40, 40, 10, 10, 2), (70, 70, 10, 10, 3)]))) == 0


def test_what_a_bar_cuts_in_two_counts_too():
    assert fragments(seen(with_boxes([(40, 0, 10, 96, 1)]))) == 1


def test_fragments_of_all_classes_are_added():
    stripes = np.repeat(np.arange(12) % 3, 8)[None].repeat(SIDE, axis=0)
    assert fragments(seen(stripes)) == 9  # four stripes of each of three classes


def test_pieces_that_touch_at_a_corner_are_one():
    assert fragments(seen(with_boxes([(10, 10, 10, 10, 1), (20, 20, 10, 10, 1)]))) == 0


@pytest.mark.parametrize("side, pieces", [(2, 0), (4, 2)])
def test_specks_of_less_than_four_pixels_at_half_size_are_not_counted(side, pieces):
    boxes = [(20, 20, 30, 30, 1), (70, 10, side, side, 1), (70, 70, side, side, 1)]
    assert fragments(seen(with_boxes(boxes))) == pieces


# border_length


@pytest.mark.parametrize("height, width", [(96, 96), (96, 128), (128, 96)])
def test_a_level_horizon_is_as_long_as_the_picture_is_wide(height, width):
    label = ground(height, width)
    label[height // 2 :] = 1
    assert border_length(seen(label)) == pytest.approx((width / height) ** 0.5)


def test_a_map_of_one_class_has_no_border():
    assert border_length(seen(ground())) == 0


def test_an_islands_border_goes_all_around():
    assert border_length(seen(with_boxes([(20, 20, 24, 36, 1)]))) == pytest.approx(2 * (24 + 36) / SIDE)


def test_borders_of_all_pairs_of_classes_are_added():
    label = with_boxes([(0, 0, 48, 96, 1), (20, 20, 20, 20, 28), (60, 60, 20, 20, 5)])
    assert border_length(seen(label)) == pytest.approx((96 + 80 + 80) / SIDE)


def test_every_change_between_neighbors_is_counted():
    small = np.random.default_rng(0).integers(0, 29, (30, 40))
    changes = sum(a != b for row in small for a, b in zip(row, row[1:]))
    changes += sum(a != b for column in small.T for a, b in zip(column, column[1:]))
    assert border_length(seen(small.repeat(2, axis=0).repeat(2, axis=1))) == pytest.approx(changes / 1200**0.5)


# mixing


@pytest.mark.parametrize("side", [8, 32, 60])
def test_a_square_island_has_1_whatever_its_size(side):
    assert mixing(seen(with_boxes([(10, 20, side, side, 1)]))) == pytest.approx(1)


def test_a_horizon_has_less_than_a_square():
    label = ground()
    label[48:] = 1
    assert mixing(seen(label)) == pytest.approx(48 / (4 * (48 * 24) ** 0.5))  # at half size: 48 long, 24 high


def test_a_comb_has_its_perimeter_over_a_squares():
    teeth = [(20, 20 + 8 * i, 40, 4, 1) for i in range(8)]
    perimeter, area = 8 * 2 * (20 + 2), 8 * 20 * 2  # at half size
    assert mixing(seen(with_boxes(teeth))) == pytest.approx(perimeter / (4 * area**0.5))
    assert perimeter / (4 * area**0.5) > 4


def test_the_worst_pair_of_classes_counts():
    comb = [(20, 20 + 8 * i, 40, 4, 1) for i in range(8)]
    alone = mixing(seen(with_boxes(comb)))
    assert mixing(seen(with_boxes([*comb, (70, 10, 20, 20, 28)]))) == pytest.approx(alone)


def test_classes_of_less_than_half_a_percent_are_all_border_and_not_counted():
    dots = [(10, 4 + 8 * i, 2, 2, 1) for i in range(12)]  # 12 of 2304 pixels at half size
    assert mixing(seen(with_boxes(dots[:11]))) == 0
    assert mixing(seen(with_boxes(dots))) == pytest.approx(12**0.5)
