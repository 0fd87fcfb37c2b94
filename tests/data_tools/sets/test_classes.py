"""The class table."""

import numpy as np
import pytest

from data_tools.sets.classes import CLASS_IDS, CLASSES, NUM_CLASSES, colorize


def test_the_classes_are_the_contests_in_its_order():
    assert NUM_CLASSES == 29 and [c.id for c in CLASSES] == list(range(29))
    assert " ".join(c.name for c in CLASSES) == (
        "mountain sky water sea rock tree earth hill river sand land building grass plant person boat waterfall "
        "wall pier path lake bridge field road railing fence ship house other"
    )
    assert CLASS_IDS["lake"] == 20


def test_no_two_colours_are_easily_confused():
    colors = np.array([c.color for c in CLASSES])
    distance = np.abs(colors[:, None] - colors).sum(axis=-1) + 999 * np.eye(29, dtype=int)
    assert distance.min() >= 30, np.unravel_index(distance.argmin(), distance.shape)


def test_colorize_paints_each_id_in_its_colour():
    picture = colorize(np.array([[1, 0]], np.uint16))
    assert picture.dtype == np.uint8 and picture.tolist() == [[list(CLASSES[1].color), list(CLASSES[0].color)]]


@pytest.mark.parametrize("wrong", [29, -1])
def test_colorize_refuses_an_id_out_of_range(wrong):
    with pytest.raises(ValueError, match="not all in 0..28"):
        colorize(np.array([[0, wrong]]))
