"""The signals of a label map's content: shares counted by hand."""

import numpy as np
import pytest

from data_tools.signals.content import one_class
from data_tools.signals.view import View


def share(label):
    label = np.array(label, np.uint8)
    return one_class(View(np.zeros((*label.shape, 3), np.uint8), label))


@pytest.mark.parametrize("c", [0, 1, 28])
def test_a_map_of_one_class_is_1(c):
    assert share(np.full((20, 30), c)) == 1


def test_halves_are_a_half():
    assert share(np.arange(40)[:, None].repeat(30, axis=1) >= 20) == 0.5


def test_it_is_the_share_of_the_most_common_class_whatever_its_id():
    label = np.zeros((40, 40))
    label[:, 4:16], label[:, 16:] = 28, 3
    assert share(label) == 0.6


def test_a_map_of_all_classes_alike_has_a_29th():
    assert share(np.repeat(np.arange(29), 2)[None].repeat(10, axis=0)) == pytest.approx(1 / 29)


def test_the_photo_does_not_matter():
    label = np.repeat([[1] * 10 + [2] * 30], 20, axis=0).astype(np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (20, 40, 3)).astype(np.uint8)
    assert one_class(View(noise, label)) == 0.75
