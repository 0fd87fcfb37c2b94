"""Changes of colour, by hand."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from data_tools.sets.image_io import write_label
from data_tools.sets.pairing import Pair
from jittor_tsit.data.augmentation import color_jitter
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.samples import Augmentation, DomainSamples, PairedSamples

PHOTO = np.array([[[10, 40, 100], [200, 60, 250]]], np.uint8)  # greys 50 and 170, on the mean 110


@pytest.mark.parametrize(
    "changes, expected",
    [
        ((0, 0, 0), [[10, 40, 100], [200, 60, 250]]),
        ((0.5, 0, 0), [[15, 60, 150], [255, 90, 255]]),  # from black, cut off at white
        (
            (0, 0.25, 0),
            [[0, 22, 98], [222, 48, 255]],
        ),  # from the mean grey: -15, 22.5, 97.5; 222.5, 47.5; halves to even
        ((0, 0, 0.5), [[0, 35, 125], [215, 5, 255]]),  # from each pixel's own grey
        ((0, 0, -1), [[50, 50, 50], [170, 170, 170]]),
        ((0, -1, 0), [[110, 110, 110], [110, 110, 110]]),
        ((-1, 0, 0), [[0, 0, 0], [0, 0, 0]]),
        # halved, 5 20 50 and 100 30 125, on the mean 55; then -5 13 49 and 109 25 139, on the greys 19 and 91
        ((-0.5, 0.2, 0.5), [[0, 10, 64], [118, 0, 163]]),
    ],
)
def test_colours_are_scaled_from_black_then_from_the_mean_then_from_each_grey(changes, expected):
    result = color_jitter(PHOTO, *changes)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result[0], expected)


@pytest.fixture
def files(tmp_path):
    """A photo of one colour, its label map, and another photo."""
    for name, colour in (("a", (100, 100, 100)), ("b", (50, 100, 150))):
        Image.new("RGB", (4, 4), colour).save(tmp_path / f"{name}.png")
    write_label(tmp_path / "label.png", np.full((4, 4), 7))
    return tmp_path


def test_the_change_of_brightness_reaches_from_one_end_of_its_range_to_the_other(files):
    augmentation = Augmentation((4, 4), (4, 4), flip=False, color_jitter=0.2)
    samples = PairedSamples(
        [Pair("a", files / "a.png", files / "label.png")], LabelMaps(29), augmentation, seeds=(3, 1)
    )
    values = []
    for place in range(60):
        photo, label = samples(place)
        assert (label == 7).all() and (photo == photo[0, 0]).all()
        values.append(int(photo[0, 0, 0]))  # of an even grey photo, only the brightness can change
    assert 80 <= min(values) < 85 and 115 < max(values) <= 120
    unchanged = dataclasses.replace(samples, augmentation=dataclasses.replace(augmentation, color_jitter=0.0))
    assert {int(unchanged(place)[0][0, 0, 0]) for place in range(5)} == {100}


def test_photos_of_two_domains_are_changed_each_by_itself(files):
    augmentation = Augmentation((4, 4), (4, 4), flip=False, color_jitter=0.2)
    samples = DomainSamples([files / "a.png"], [files / "a.png"], augmentation, seeds=(3, 1))
    pairs = [tuple(int(photo[0, 0, 0]) for photo in samples(place)) for place in range(30)]
    assert sum(a == b for a, b in pairs) < 8  # of 41 values
    assert len({a for a, _ in pairs}) > 10 < len({b for _, b in pairs})
