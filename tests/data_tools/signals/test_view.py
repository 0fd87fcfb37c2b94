"""A pair at working size, and properties that every signal has."""

import numpy as np
import pytest

from data_tools.rendering.write_set import render
from data_tools.sets.classes import NUM_CLASSES
from data_tools.signals.alignment import alignment
from data_tools.signals.cells import sketch
from data_tools.signals.sketches import SHAPES
from data_tools.signals.table import CELL_SIGNALS, NAMES, PAIR_SIGNALS, pair_signals
from data_tools.signals.view import View, borders, present
from helpers.same_bytes import assert_same_bytes

MEASURES = {
    **PAIR_SIGNALS,
    "alignment": alignment,
    "sketch": sketch,
    **{name: lambda view, signal=signal: signal(sketch(view)) for name, signal in CELL_SIGNALS.items()},
}
every_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)


def random_pair(height, width, seed=0):
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    return photo, rng.integers(0, NUM_CLASSES, (height, width)).astype(np.uint8)


def flat(height, width, color):
    photo = np.empty((height, width, 3), np.uint8)
    photo[:] = color
    return photo


def all_signals(view):
    return dict(zip(NAMES, pair_signals(view, sketch(view)).tolist()))


# Sizes


@pytest.mark.parametrize(
    "photo_size, label_size, size",
    [
        ((384, 512), (384, 512), (384, 512)),
        ((768, 1024), (768, 1024), (384, 512)),
        ((768, 1024), (96, 128), (96, 128)),  # the label's size, for it cannot be made sharper
        ((48, 64), (96, 128), (96, 128)),
        ((1024, 768), (1024, 768), (512, 384)),  # upright: the same number of pixels
        ((100, 75), (100, 75), (100, 75)),  # small ones stay small
        ((1000, 4000), (1000, 4000), (222, 887)),
    ],
)
def test_photo_and_label_get_one_size_of_at_most_the_contests_pixels(photo_size, label_size, size):
    view = View(np.zeros((*photo_size, 3), np.uint8), np.zeros(label_size, np.uint8))
    assert (view.height, view.width) == size
    assert view.photo.shape == (*size, 3) and view.label.shape == view.luma.shape == size
    half = (size[0] // 2, size[1] // 2)
    assert view.half_lab.shape == (*half, 3) and view.half_label.shape == view.half_luma.shape == half


@pytest.mark.parametrize(
    "size, working, half",
    [
        ((1, 7), (1, 7), (1, 3)),
        ((7, 1), (7, 1), (3, 1)),
        ((1, 1_000_000), (1, 443405), (1, 221702)),
        ((1_000_000, 1), (443405, 1), (221702, 1)),
    ],
)
def test_a_line_stays_a_line(size, working, half):
    view = View(np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8))
    assert (view.height, view.width) == working
    assert view.half_lab.shape == (*half, 3) and view.half_label.shape == view.half_luma.shape == half


def test_a_larger_photo_is_averaged():
    board = np.indices((64, 64)).sum(axis=0) % 2 * 200
    view = View(np.dstack([board] * 3).astype(np.uint8), np.zeros((32, 32), np.uint8))
    assert (view.photo == 100).all()


def test_a_smaller_photo_is_interpolated():
    view = View(np.array([[[0] * 3, [200] * 3]], np.uint8), np.zeros((4, 8), np.uint8))
    assert (view.photo == np.array([0, 0, 25, 75, 125, 175, 200, 200])[None, :, None]).all()


def test_a_resized_label_holds_no_new_class():
    label = np.where(np.arange(1500)[None] < 700, 2, 28).repeat(1000, axis=0).astype(np.uint8)
    view = View(np.zeros((10, 15, 3), np.uint8), label)
    assert view.label.shape != label.shape and {*np.unique(view.label)} == {*np.unique(view.half_label)} == {2, 28}


def test_pixels_of_the_right_size_are_taken_as_they_are():
    photo, label = random_pair(20, 30)
    view = View(photo, label)
    assert (view.photo == photo).all() and (view.label == label).all()


# Colours


@pytest.mark.parametrize(
    "color, lab, luma",
    [
        ((255, 255, 255), (255, 128, 128), 255),
        ((0, 0, 0), (0, 128, 128), 0),
        ((255, 0, 0), (136, 208, 195), 76),  # CIE Lab 53, 80, 67; luma 0.299 of 255
        ((0, 0, 255), (82, 207, 20), 29),
    ],
)
def test_colors_are_taken_as_rgb(color, lab, luma):
    view = View(flat(4, 6, color), np.zeros((4, 6), np.uint8))
    assert (view.lab == lab).all() and (view.half_lab == lab).all()
    assert (view.luma == luma).all() and (view.half_luma == luma).all()


# Borders and present classes


def test_borders_are_both_sides_of_a_change_but_not_the_rim():
    label = np.zeros((5, 6), np.uint8)
    label[:, 3:] = 7
    assert borders(label).astype(int).tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    assert (borders(label.T.copy()) == borders(label).T).all()


def test_the_classes_present_come_in_the_order_of_ids():
    assert present(np.array([[28, 3], [3, 0]], np.uint8)).tolist() == [0, 3, 28]


# What every signal promises


def test_the_columns_of_the_table_are_the_signals_in_order():
    view = View(*render(seed=7, index=0, width=64, height=48))
    expected = {
        **alignment(view)._asdict(),
        **{name: signal(view) for name, signal in PAIR_SIGNALS.items()},
        **{name: signal(sketch(view)) for name, signal in CELL_SIGNALS.items()},
    }
    assert tuple(expected) == NAMES
    assert pair_signals(view, sketch(view)).tolist() == [*expected.values()]


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (8, 8), (1, 300), (300, 1), (40, 3), (7, 90), (40, 40), (24, 60)])
@every_measure
def test_small_and_thin_pictures_do_not_fail(measure, size):
    photo, label = random_pair(*size)
    for view in (View(photo, label), View(photo, np.zeros_like(label)), View(np.zeros_like(photo), label)):
        value = measure(view)
        assert all(np.isfinite(part).all() for part in (value if isinstance(value, tuple) else [value]))


@every_measure
def test_the_pair_is_not_changed(measure):
    photo, label = random_pair(48, 64)
    view = View(photo.copy(), label.copy())
    measure(view)
    assert (view.photo == photo).all() and (view.label == label).all()


def test_equal_pairs_give_equal_values_to_the_last_bit():
    photo, label = render(seed=7, index=1, width=96, height=72)
    first, second = View(photo, label), View(photo.copy(), label.copy())
    sketch(second)  # what was computed before must not matter
    assert_same_bytes(pair_signals(first, sketch(first)), pair_signals(second, sketch(second)))
    assert all((a == b).all() for a, b in zip(sketch(first), sketch(second)))


@pytest.mark.parametrize("label_size, photo_size", [((96, 128), (192, 256)), ((768, 1024), (768, 1024))])
def test_the_size_of_the_files_does_not_matter(label_size, photo_size):
    """A photo twice as large as its label, and a pair twice as large as the contest's."""
    height, width = label_size if label_size < (384, 512) else (384, 512)
    photo, label = render(seed=7, index=2, width=width, height=height)
    large_photo, large_label = (
        image.repeat(size[0] // height, axis=0).repeat(size[1] // width, axis=1)
        for image, size in ((photo, photo_size), (label, label_size))
    )
    view, of_large = View(photo, label), View(large_photo, large_label)
    assert large_photo.shape != photo.shape
    assert all_signals(of_large) == all_signals(view)
    assert all((a == b).all() for a, b in zip(sketch(of_large), sketch(view)))


@pytest.mark.parametrize("name", [name for name in PAIR_SIGNALS if name not in ("watermark", "greyness")])
def test_a_pair_turned_upright_gives_nearly_the_same(name):
    """All but writing, which runs along lines, and greyness, which samples pixels row by row."""
    photo, label = render(seed=7, index=2, width=128, height=96)
    upright = View(np.ascontiguousarray(photo.transpose(1, 0, 2)), np.ascontiguousarray(label.T))
    assert PAIR_SIGNALS[name](upright) == pytest.approx(PAIR_SIGNALS[name](View(photo, label)), rel=1e-4, abs=1e-6)


def test_a_sketch_has_the_shapes_that_are_stored():
    parts = sketch(View(*render(seed=7, index=0, width=96, height=128)))
    assert [part.shape for part in parts] == [*SHAPES] and {part.dtype for part in parts} == {np.dtype(np.uint8)}
