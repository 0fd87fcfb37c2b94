"""Borders of the label against edges of the photo: on drawn maps whose photo is their own colours."""

import numpy as np
import pytest

from data_tools.sets.classes import colorize
from data_tools.signals.alignment import Alignment, alignment
from data_tools.signals.view import View

HEIGHT, WIDTH = 192, 256
seeds = pytest.mark.parametrize("seed", range(4))


def regions(seed, height=HEIGHT, width=WIDTH, count=14):
    """Each pixel belongs to the nearest of some points: straight borders in all directions."""
    points = np.random.default_rng(seed).uniform(0, 1, (count, 2)) * [height, width]
    y, x = np.mgrid[:height, :width]
    distances = [(y - row) ** 2 + (x - column) ** 2 for row, column in points]
    return (np.argmin(distances, axis=0) * 2).astype(np.uint8)  # ids 0, 2 .. 26


def moved(label, down, right):
    """Shift the label map; its border pixels fill the free area."""
    rows = np.clip(np.arange(label.shape[0]) - down, 0, label.shape[0] - 1)
    columns = np.clip(np.arange(label.shape[1]) - right, 0, label.shape[1] - 1)
    return label[rows][:, columns]


def of(label, photo_of):
    return alignment(View(colorize(photo_of), np.ascontiguousarray(label)))


@seeds
def test_a_fitting_label_lies_best_where_it_is(seed):
    fit = of(regions(seed), regions(seed))
    assert fit.edge_misses < -0.9 and fit.shift_gain < -2 and fit.mirror_gain < -2


@seeds
@pytest.mark.parametrize("down, right", [(0, 40), (0, -40), (40, 0), (-30, 20)])
def test_a_shifted_label_gains_by_shifting_back(seed, down, right):
    here, shifted = of(regions(seed), regions(seed)), of(moved(regions(seed), down, right), regions(seed))
    assert shifted.shift_gain > 2 and shifted.edge_misses > here.edge_misses + 0.5


@seeds
@pytest.mark.parametrize("down, right, gains", [(0, 4, False), (8, 0, False), (-4, -4, False), (0, 16, True)])
def test_a_shift_of_two_steps_of_the_grid_is_no_shift_and_of_four_is_one(seed, down, right, gains):
    assert (of(moved(regions(seed), down, right), regions(seed)).shift_gain > 0) == gains


@seeds
def test_a_mirrored_label_gains_by_mirroring(seed):
    assert of(regions(seed)[:, ::-1], regions(seed)).mirror_gain > 2


def test_mirroring_both_changes_the_gain_only_by_the_cells():
    plain = of(regions(0), regions(0))
    both = of(regions(0)[:, ::-1], np.ascontiguousarray(regions(0)[:, ::-1]))
    assert both == pytest.approx(plain, rel=0.1)


@seeds
def test_the_label_of_another_picture_misses_the_edges(seed):
    strange = of(regions(seed + 50), regions(seed))
    assert strange.edge_misses > -0.4 and strange.shift_gain > 0
    assert abs(strange.mirror_gain) < 3  # by chance


def test_edges_of_color_alone_count():
    """Neighbouring regions of one lightness."""
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[60:140, 80:200] = 2
    photo = np.where(label[..., None] == 2, (207, 110, 110), (90, 140, 215)).astype(np.uint8)
    view = View(photo, label)
    assert np.ptp(view.lab[..., 0].astype(int)) <= 12
    assert alignment(view).edge_misses < -1


def test_noise_and_flat_photos_have_no_edges_to_fit():
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    assert abs(alignment(View(noise, regions(0))).edge_misses) < 0.2
    flat = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    assert alignment(View(flat, regions(0))) == pytest.approx((0, 0, 0), abs=1e-6)


def test_faint_noise_on_a_flat_photo_is_no_edge():
    """Cells deviate by less than a grey level, which counts as one."""
    noise = np.random.default_rng(0).integers(99, 102, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    assert abs(alignment(View(noise, regions(0))).edge_misses) < 0.2


@pytest.mark.parametrize("box, known", [(None, False), (8, False), (24, True)])
def test_too_few_cells_of_border_tell_nothing(box, known):
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    if box:
        label[80 : 80 + box, 100 : 100 + box] = 1
    values = of(label, label)
    assert (values != Alignment(0.0, 0.0, 0.0)) == known


def test_the_rim_does_not_count():
    """Resized labels often have a line of another class along the rim."""
    framed = np.full((HEIGHT, WIDTH), 28, np.uint8)
    framed[4:-4, 4:-4] = 0
    assert of(framed, framed) == Alignment(0.0, 0.0, 0.0)


@seeds
def test_upright_pictures_are_compared_as_well(seed):
    label = regions(seed, WIDTH, HEIGHT)
    assert of(label, label).edge_misses < -1
    assert of(moved(label, 40, 0), label).shift_gain > 2
    assert of(label[:, ::-1], label).mirror_gain > 2
