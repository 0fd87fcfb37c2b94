"""Grey values of written images: ours are rounded, official ones cut off, and comparisons know it."""

import jittor as jt
import numpy as np
import pytest

from helpers.official_pictures import assert_same_pictures, assert_shows, official_pixels
from jittor_tsit.data.batches import to_pixels

# Grey values before they become whole, what `test` writes, what the official programs write.
VALUES = [
    (0.0, 0, 0),
    (0.4, 0, 0),
    (0.6, 1, 0),
    (100.3, 100, 100),
    (100.7, 101, 100),
    (254.8, 255, 254),
    (255.0, 255, 255),
]
OUTSIDE = [(-3.0, 0), (258.0, 255)]


def image_of(values):
    """[1, 3, 1, N] in [-1, 1], the same in all channels."""
    return np.broadcast_to(np.float32(values) / 127.5 - 1, (1, 3, 1, len(values))).copy()


def test_pixels_are_the_nearest_grey_values():
    values, ours, _ = zip(*VALUES)
    assert to_pixels(jt.array(image_of(values)))[0, 0, :, 1].tolist() == list(ours)


def test_values_out_of_range_become_black_and_white():
    values, ours = zip(*OUTSIDE)
    assert to_pixels(jt.array(image_of(values)))[0, 0, :, 1].tolist() == list(ours)


def test_official_pixels_are_cut_off():
    values, _, theirs = zip(*VALUES[1:-1])  # the ends may lie a rounding error lower
    assert official_pixels(image_of(values))[0, 0, :, 1].tolist() == list(theirs)


def test_an_official_picture_shows_our_image_and_no_other(rng):
    image = np.tanh(rng.standard_normal((2, 3, 8, 9))).astype(np.float32)
    picture = official_pixels(image)
    assert_shows(picture, image, grey_levels=1e-3)  # float32 values near 255 have 1.5e-5
    darker = image.copy()
    darker[1, 2, 3, 4] = (picture[1, 3, 4, 2] - 0.1) / 127.5 - 1
    with pytest.raises(AssertionError, match=r"pixel \(.*1.*3.*4.*2.*\): "):
        assert_shows(picture, darker, grey_levels=1e-3)
    brighter = image.copy()
    brighter[0, 1, 0, 0] = (picture[0, 0, 0, 1] + 1.1) / 127.5 - 1
    with pytest.raises(AssertionError):
        assert_shows(picture, brighter, grey_levels=1e-3)


def test_rounded_and_cut_pictures_of_one_image_differ_by_half_a_level_on_average(rng):
    image = rng.uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32)
    ours, theirs = to_pixels(jt.array(image)), official_pixels(image)
    assert_same_pictures(ours, theirs)
    # Each of 12,288 values is rounded up with chance 1/2: deviation of the mean 0.5 / sqrt(12288) = 0.0045.
    assert np.mean(ours.astype(int) - theirs) == pytest.approx(0.5, abs=5 * 0.0045)
    ours[0, 5, 6, 1] = theirs[0, 5, 6, 1] - 1
    with pytest.raises(AssertionError, match="off by -1 to 1"):
        assert_same_pictures(ours, theirs)
