"""Defects planted into photos, and added pairs: what they change, how much, and what they leave unchanged."""

import numpy as np
import pytest
from PIL import ImageFont

from data_tools.planting import photos
from data_tools.planting.fields import make_generator
from data_tools.planting.pairs import duplicate, twin_label
from data_tools.planting.watermark import watermarked
from data_tools.planting.weather import WEATHERS, in_weather
from data_tools.rendering.write_set import render
from data_tools.sets.classes import CLASS_IDS
from helpers.same_bytes import digest

SPOILERS = [
    photos.backlit,
    photos.overexposed,
    photos.underexposed,
    photos.blurred,
    photos.greyed,
    photos.framed,
    watermarked,
]
SEEDS = range(8)

named = pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__)


@pytest.fixture(scope="module")
def pair():
    """A landscape with about half of it sky."""
    for index in range(100):
        photo, label = render(0, index, 128, 96)
        if 0.3 < (label == CLASS_IDS["sky"]).mean() < 0.6:
            return photo, label
    raise AssertionError("no such landscape among 100")


def changes(spoil, photo, label):
    return [spoil(photo, label, np.random.default_rng(seed)) for seed in SEEDS]


def difference(a, b):
    return np.abs(a.astype(int) - b).mean()


@named
def test_a_spoilt_photo_has_the_old_shape_and_type_and_shows_it(spoil, pair):
    photo, label = pair
    for change in changes(spoil, photo, label):
        assert change.pixels.shape == photo.shape and change.pixels.dtype == np.uint8
        assert difference(change.pixels, photo) > 0.3  # a faint mark in a corner; all others are far above


@named
def test_the_given_photo_and_map_are_not_changed(spoil, pair):
    photo, label = pair[0].copy(), pair[1].copy()
    changes(spoil, photo, label)
    assert np.array_equal(photo, pair[0]) and np.array_equal(label, pair[1])


@named
def test_the_same_randomness_gives_the_same_defect_and_another_one_another(spoil, pair):
    first, again = (spoil(*pair, make_generator(1, "kind", "stem")) for _ in range(2))
    assert np.array_equal(first.pixels, again.pixels) and first.detail == again.detail
    assert len({digest(change.pixels) for change in changes(spoil, *pair)}) > 1


@named
def test_the_map_may_be_smaller_than_the_photo(spoil, pair):
    photo, label = pair
    assert spoil(photo, label[::2, ::2], np.random.default_rng(0)).pixels.shape == photo.shape


@named
def test_plain_photos_are_spoilt_or_left_out_without_complaint(spoil):
    label = np.zeros((48, 64), np.uint8)
    label[:20] = CLASS_IDS["sky"]
    with np.errstate(all="raise"):
        for tone in (0, 128, 255):
            for change in changes(spoil, np.full((48, 64, 3), tone, np.uint8), label):
                assert change is None or change.pixels.shape == (48, 64, 3)


# Light


def test_backlight_blows_the_sky_and_crushes_the_foreground(pair):
    photo, label = pair
    sky = label == CLASS_IDS["sky"]
    for change in changes(photos.backlit, photo, label):
        assert change.pixels[sky].mean() > 200
        assert change.pixels[~sky].mean() < 0.45 * photo[~sky].mean()  # 0.08..0.25 and the light that spills over


@pytest.mark.parametrize("rows", [0, 4, 44])
def test_only_a_photo_with_some_sky_and_some_foreground_is_backlit(rows):
    label = np.full((48, 64), CLASS_IDS["mountain"], np.uint8)
    label[:rows] = CLASS_IDS["sky"]
    photo = np.full((48, 64, 3), 120, np.uint8)
    assert photos.backlit(photo, label, np.random.default_rng(0)) is None


def test_overexposure_blows_out_35_to_70_percent(pair):
    for change in changes(photos.overexposed, *pair):
        assert (change.pixels.mean(-1) > 240).mean() >= 0.33
        assert change.pixels.mean() > 1.3 * pair[0].mean()


def test_underexposure_leaves_a_mean_of_4_to_16_percent(pair):
    for change in changes(photos.underexposed, *pair):
        assert 0.03 <= change.pixels.mean() / 255 <= 0.17
        assert change.pixels.mean() <= 0.42 * pair[0].mean()


# Sharpness and colour


def test_blur_takes_the_fine_detail(pair):
    def detail(photo):
        return np.abs(np.diff(photo.astype(int), axis=1)).mean() + np.abs(np.diff(photo.astype(int), axis=0)).mean()

    for change in changes(photos.blurred, *pair):
        assert detail(change.pixels) < 0.8 * detail(pair[0])


def test_blur_is_out_of_focus_or_motion():
    photo, label = render(0, 0, 128, 96)
    details = {photos.blurred(photo, label, np.random.default_rng(seed)).detail.split("=")[0] for seed in range(12)}
    assert details == {"sigma", "moved"}


def test_motion_blur_leaves_what_is_the_same_along_its_direction():
    photo = np.repeat(np.arange(0, 240, 10, dtype=np.uint8)[:, None, None], 40, axis=1).repeat(3, axis=2)
    assert np.array_equal(photos.motion_blur(photo, 12.0, angle=0.0), photo)
    assert not np.array_equal(photos.motion_blur(photo, 12.0, angle=np.pi / 2), photo)


def test_what_was_never_sharp_is_not_blurred():
    photo = np.full((48, 64, 3), 99, np.uint8)
    assert photos.blurred(photo, np.zeros((48, 64), np.uint8), np.random.default_rng(0)) is None


def test_a_greyed_photo_is_neutral_or_brown(pair):
    details = set()
    for change in changes(photos.greyed, *pair):
        red, green, blue = change.pixels.reshape(-1, 3).astype(int).T
        assert (red >= green).all() and (green >= blue).all()
        assert (change.detail == "grey") == (red == blue).all()
        details.add(change.detail)
    assert details == {"grey", "sepia"}


def test_a_photo_without_colour_is_not_greyed(pair):
    grey = np.repeat(pair[0][..., :1], 3, axis=-1)
    assert photos.greyed(grey, pair[1], np.random.default_rng(0)) is None


# Frames and marks


def test_a_frame_is_of_one_tone_3_to_10_percent_wide_and_leaves_the_inside(pair):
    photo = np.clip(pair[0], 30, 240)  # so that no pixel has a frame's tone by chance
    sides = set()
    for change in changes(photos.framed, photo, pair[1]):
        changed = (change.pixels != photo).any(-1)
        rows, columns = changed.all(axis=1), changed.all(axis=0)
        assert np.array_equal(changed, rows[:, None] | columns)
        assert len(np.unique(change.pixels[changed])) == 1
        for lines in (rows, columns):
            assert lines.sum() == 0 or 0.05 <= lines.mean() <= 0.22  # both sides together, whole pixels
        sides.add((bool(rows.any()), bool(columns.any())))
    assert len(sides) > 1


def test_a_watermark_covers_a_part_and_is_transparent():
    photo, label = np.full((192, 256, 3), 60, np.uint8), np.zeros((192, 256), np.uint8)
    for change in changes(watermarked, photo, label):
        share = (change.pixels != photo).any(-1).mean()
        assert 0.002 < share < 0.5
        assert 90 < change.pixels.max() < 250


def test_a_watermark_can_be_written_with_an_old_pillow(monkeypatch):
    small = ImageFont.load_default(size=11)

    def old_load_default():
        return small

    monkeypatch.setattr(ImageFont, "load_default", old_load_default)
    photo, label = np.full((384, 512, 3), 60, np.uint8), np.zeros((384, 512), np.uint8)
    for change in changes(watermarked, photo, label):
        assert (change.pixels != photo).any()


# Added pairs


def test_a_duplicate_shows_nearly_the_same_with_the_same_map(pair):
    photo, label = pair
    details = set()
    for seed in range(12):
        twin = duplicate(photo, label, np.random.default_rng(seed))
        assert twin.photo.shape == photo.shape and twin.photo.dtype == np.uint8
        assert np.array_equal(twin.label, label) and 70 <= twin.quality <= 90
        assert difference(twin.photo, photo) < 15
        details.add(twin.detail.split()[0])
    assert details == {"saved", "resampled", "cut"}


@pytest.mark.parametrize("weather", list(WEATHERS))
def test_a_twin_has_nearly_the_same_map_and_a_very_different_photo(pair, weather):
    photo, label = pair
    donor = render(5, 3, 128, 96)[0]
    twin = twin_label(photo, label, donor, weather, np.random.default_rng(0))
    agreement = (twin.label == label).mean()
    assert 0.95 <= agreement < 1
    assert set(np.unique(twin.label)) <= set(np.unique(label))
    assert twin.photo.shape == photo.shape and difference(twin.photo, photo) > 20


def test_a_twins_photo_is_bent_as_its_map_is():
    """If a photo of two tones and its label map are warped together, their borders still coincide."""
    label = np.zeros((96, 128), np.uint8)
    label[48:] = CLASS_IDS["grass"]
    photo = np.where(label[..., None] > 0, np.uint8([200, 200, 200]), np.uint8([40, 40, 40]))
    twin = twin_label(photo, label, photo, "overcast", np.random.default_rng(3))
    bright = twin.photo.mean(-1) > (twin.photo[:20].mean() + twin.photo[-20:].mean()) / 2
    assert (bright == (twin.label > 0)).mean() > 0.99


def test_a_map_that_is_all_fine_detail_gets_no_twin(pair):
    noise = np.random.default_rng(0).integers(0, 2, pair[1].shape).astype(np.uint8)
    assert twin_label(pair[0], noise, pair[0], "fog", np.random.default_rng(0)) is None


def test_any_two_weathers_look_different(pair):
    views = [in_weather(*pair, pair[0], weather, np.random.default_rng(0)) for weather in WEATHERS.values()]
    for i, view in enumerate(views):
        assert all(difference(view, other) > 12 for other in views[:i])
