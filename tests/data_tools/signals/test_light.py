"""Faults of light, on photos of flat tones whose values follow from counting."""

import cv2
import numpy as np
import pytest

from data_tools.sets.classes import CLASS_IDS
from data_tools.signals.light import backlight, greyness, overexposure, underexposure
from data_tools.signals.view import View

HEIGHT, WIDTH = 80, 120
SKY, TREE, GRASS, LAKE = (CLASS_IDS[name] for name in ("sky", "tree", "grass", "lake"))
WHITE, BLACK = 255, 0


def toned(*bands):
    """Level bands (share of the height, class, tone of grey), from above."""
    label, tones = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    top = 0
    for share, c, tone in bands:
        end = top + round(share * HEIGHT)
        label[top:end], tones[top:end] = c, tone
        top = end
    assert top == HEIGHT
    return View(np.dstack([tones] * 3), label)


# backlight


@pytest.mark.parametrize(
    "sky, ground, value",
    [
        (WHITE, BLACK, 1),
        (WHITE, 39, 216 / 255),  # crushed: below 40
        (WHITE, 40, 0),
        (140, 38, 0.4),
        (128, 128, 0),  # evenly lit
        (BLACK, BLACK, 0),
        (BLACK, WHITE, 0),
        (10, 30, 0),  # at night the ground is brighter
    ],
)
def test_backlight_is_the_skys_excess_over_a_crushed_foreground(sky, ground, value):
    assert backlight(toned((0.5, SKY, sky), (0.5, TREE, ground))) == pytest.approx(value)


def test_the_crushed_share_of_the_foreground_counts():
    view = toned((0.5, SKY, WHITE), (0.4, TREE, BLACK), (0.1, GRASS, 200))
    assert backlight(view) == pytest.approx(0.8)


def test_sky_and_foreground_are_as_bright_as_their_medians():
    view = toned((0.2, SKY, WHITE), (0.3, SKY, 200), (0.3, TREE, 30), (0.2, GRASS, 240))
    assert backlight(view) == pytest.approx(170 / 255 * 0.6)


@pytest.mark.parametrize("name", ["water", "sea", "river", "lake", "waterfall"])
def test_water_is_neither_sky_nor_foreground(name):
    water = CLASS_IDS[name]
    bright = toned((0.5, SKY, WHITE), (0.3, water, WHITE), (0.2, TREE, BLACK))
    assert backlight(bright) == pytest.approx(1)
    dark = toned((0.5, SKY, WHITE), (0.3, water, BLACK), (0.2, TREE, 100))
    assert backlight(dark) == 0


def test_without_sky_the_brightest_of_the_larger_classes_stands_for_it():
    assert backlight(toned((0.5, TREE, WHITE), (0.5, GRASS, BLACK))) == pytest.approx(1)
    assert backlight(toned((0.5, TREE, BLACK), (0.5, GRASS, WHITE))) == pytest.approx(1)
    assert backlight(toned((0.5, LAKE, WHITE), (0.5, GRASS, BLACK))) == 0  # water does not stand for the sky
    small = toned((0.05, 28, WHITE), (0.45, TREE, 155), (0.5, GRASS, BLACK))
    assert backlight(small) == pytest.approx(155 / 255 * 50 / 55)
    large = toned((0.1, 28, WHITE), (0.2, TREE, 155), (0.7, GRASS, BLACK))
    assert backlight(large) == pytest.approx(7 / 9)


@pytest.mark.parametrize("first, second, crushed", [(TREE, GRASS, 5 / 7), (GRASS, TREE, 5 / 8)])
def test_of_equally_bright_classes_the_lower_id_stands_for_the_sky(first, second, crushed):
    assert TREE < GRASS
    assert backlight(toned((0.3, first, WHITE), (0.2, second, WHITE), (0.5, 28, BLACK))) == pytest.approx(crushed)


def test_a_sliver_of_sky_says_nothing_and_another_class_stands_for_it():
    assert backlight(toned((0.05, SKY, BLACK), (0.45, TREE, WHITE), (0.5, GRASS, BLACK))) == 0
    assert backlight(toned((0.025, SKY, BLACK), (0.475, TREE, WHITE), (0.5, GRASS, BLACK))) == pytest.approx(1)


@pytest.mark.parametrize(
    "bands",
    [
        [(1, SKY, WHITE)],
        [(1, TREE, BLACK)],
        [(1, LAKE, BLACK)],
        [(0.975, SKY, WHITE), (0.025, TREE, BLACK)],
        [(0.5, SKY, WHITE), (0.475, LAKE, BLACK), (0.025, TREE, BLACK)],
    ],
)
def test_without_sky_or_foreground_there_is_no_backlight(bands):
    assert backlight(toned(*bands)) == 0


def test_a_few_crushed_pixels_of_a_lit_foreground_hardly_count():
    view = toned((0.5, SKY, WHITE), (0.475, TREE, 155), (0.025, 28, BLACK))
    assert backlight(view) == pytest.approx(0.05 * 100 / 255)


def test_a_twentieth_of_foreground_is_enough():
    assert backlight(toned((0.95, SKY, WHITE), (0.05, TREE, BLACK))) == pytest.approx(1)


# underexposure


@pytest.mark.parametrize("tone", [0, 51, 128, 255])
def test_a_flat_photo_is_as_underexposed_as_it_is_dark(tone):
    assert underexposure(toned((1, TREE, tone))) == pytest.approx(1 - tone / 255)


@pytest.mark.parametrize("bright, value", [(0.1, 0), (0.025, 1)])
def test_bright_parts_count_from_a_twentieth_of_the_picture(bright, value):
    assert underexposure(toned((bright, SKY, WHITE), (1 - bright, TREE, BLACK))) == pytest.approx(value)


def test_the_95th_percentile_of_all_tones_counts():
    view = toned(*[(1 / 40, TREE, 5 * i) for i in range(40)])
    assert underexposure(view) == pytest.approx(1 - 185 / 255, abs=0.005)


# overexposure


@pytest.mark.parametrize("tone, value", [(249, 0), (250, 0.25), (255, 0.25)])
def test_overexposure_is_the_clipped_share_of_what_is_not_sky(tone, value):
    assert overexposure(toned((0.6, SKY, WHITE), (0.1, TREE, tone), (0.3, GRASS, 100))) == pytest.approx(value)


def test_of_a_picture_that_is_nearly_all_sky_everything_counts():
    assert overexposure(toned((0.75, SKY, WHITE), (0.25, SKY, 100))) == pytest.approx(0.75)
    assert overexposure(toned((0.7, SKY, WHITE), (0.25, SKY, 100), (0.05, 28, WHITE))) == 1
    assert overexposure(toned((0.725, SKY, WHITE), (0.25, SKY, 100), (0.025, 28, WHITE))) == pytest.approx(0.75)


def test_without_sky_all_is_ground():
    assert overexposure(toned((0.4, 28, WHITE), (0.6, 0, 0))) == pytest.approx(0.4)


# greyness


def of_photo(photo):
    return greyness(View(photo, np.zeros(photo.shape[:2], np.uint8)))


def ramp():
    return np.linspace(0, 1, WIDTH)[None].repeat(HEIGHT, axis=0)


@pytest.mark.parametrize(
    "photo",
    [
        np.full((HEIGHT, WIDTH, 3), 128, np.uint8),
        np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 1)).repeat(3, axis=2).astype(np.uint8),
        np.full((HEIGHT, WIDTH, 3), (200, 100, 40), np.uint8),  # one tone
    ],
    ids=["grey", "grey noise", "one tone"],
)
def test_grey_and_toned_photos_are_1(photo):
    assert of_photo(photo) == pytest.approx(1)


def test_sepia_is_nearly_as_grey_as_grey():
    """Rounding to whole levels leaves a rest of half a unit of Lab."""
    sepia = np.dstack([255 * ramp() ** 0.8, 255 * ramp(), 255 * ramp() ** 1.3])
    toned_blue = np.dstack([235 * ramp(), 240 * ramp(), 255 * ramp()])
    assert min(of_photo(np.rint(p).astype(np.uint8)) for p in (sepia, toned_blue)) > 0.55


@pytest.mark.parametrize("chroma", [10, 20])
def test_colors_that_brightness_does_not_predict_count_by_their_deviation(chroma):
    """Every brightness comes with a and b above and below their mean alike."""
    lab = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    lab[..., 0] = 100 + 60 * ramp()
    lab[: HEIGHT // 2, :, 1:] += np.uint8(chroma)
    lab[HEIGHT // 2 :, :, 1:] -= np.uint8(chroma)
    photo = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    assert of_photo(photo) == pytest.approx(1 / (1 + chroma), rel=0.1)  # rounded to RGB and back


def test_fading_the_colors_raises_it():
    photo = np.random.default_rng(0).integers(0, 256, (5, 8, 3)).repeat(16, axis=0).repeat(15, axis=1)
    grey = photo.mean(axis=2, keepdims=True)
    values = [of_photo((grey + share * (photo - grey)).astype(np.uint8)) for share in (1, 0.5, 0.2, 0)]
    assert values == sorted(values) and values[0] < 0.1 and values[-1] == pytest.approx(1)


def test_neither_label_nor_exposure_make_it_grey():
    photo = np.random.default_rng(0).integers(0, 256, (5, 8, 3)).repeat(16, axis=0).repeat(15, axis=1)
    assert of_photo((photo * 0.5).astype(np.uint8)) < 0.1
    assert greyness(View(photo.astype(np.uint8), np.full((HEIGHT, WIDTH), 28, np.uint8))) == of_photo(
        photo.astype(np.uint8)
    )
