import numpy as np
import pytest

from data_tools.signals.cells import sketch
from data_tools.signals.hidden import hidden_border
from data_tools.signals.view import View

SKY, SEA, GRASS = 1, 3, 12


def _bands(*colours):
    """A photo of level bands of equal height, with a little noise of fixed seed: [384, 512, 3]."""
    rows = np.repeat(np.array(colours, float), 384 // len(colours), axis=0)
    noise = np.random.default_rng(0).normal(0, 4, (384, 512, 1))
    return np.clip(rows[:, None] + noise, 0, 255).astype(np.uint8)


def _labels(*classes):
    return np.tile(np.repeat(np.array(classes, np.uint8), 384 // len(classes))[:, None], 512)


def hidden_border_of(view):
    return hidden_border(sketch(view))


PHOTO = _bands((150, 190, 240), (30, 60, 110), (70, 130, 40))


def test_a_label_that_shows_every_band_hides_nothing():
    assert hidden_border_of(View(PHOTO, _labels(SKY, SEA, GRASS))) < -6


@pytest.mark.parametrize("classes", [(SKY, SEA, SEA), (SKY, SKY, GRASS)])
def test_bands_painted_as_one_are_a_hidden_border(classes):
    whole = hidden_border_of(View(PHOTO, _labels(SKY, SEA, GRASS)))
    assert hidden_border_of(View(PHOTO, _labels(*classes))) > whole + 3


def test_the_names_of_the_classes_do_not_matter():
    assert hidden_border_of(View(PHOTO, _labels(SKY, SEA, SEA))) == pytest.approx(
        hidden_border_of(View(PHOTO, _labels(GRASS, SKY, SKY)))
    )


def test_a_detail_left_out_counts_less_than_a_band():
    photo = _bands((150, 190, 240), (30, 60, 110))
    photo[300:340, 200:260] = (200, 60, 50)  # 1 % of the picture
    detail = hidden_border_of(View(photo, _labels(SKY, SEA)))
    assert detail < hidden_border_of(View(photo, _labels(SKY, SKY))) - 2


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (384, 512)])
def test_an_even_photo_has_the_least_contrast_and_nothing_to_explain(shape):
    even = np.full((*shape, 3), 128, np.uint8)
    assert hidden_border_of(View(even, np.zeros(shape, np.uint8))) == pytest.approx(0.5 * np.log(0.05))
