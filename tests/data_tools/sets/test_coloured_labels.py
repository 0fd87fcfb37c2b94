"""Colours become class ids and back; what the palette lacks is counted."""

import numpy as np

from data_tools.sets.coloured_labels import colors_from_ids, ids_from_colors
from data_tools.sets.palette_files import Color, Palette

PALETTE = Palette("two.txt", [Color(7, (0, 0, 0), "a"), Color(2, (255, 255, 255), "b"), Color(7, (9, 0, 0), "a too")])


def test_colours_become_their_ids_and_the_first_colour_of_an_id_comes_back():
    picture = np.array([[[0, 0, 0], [255, 255, 255], [9, 0, 0]]], np.uint8)
    ids, strays = ids_from_colors(picture, PALETTE)
    assert ids.tolist() == [[7, 2, 7]] and not strays
    back, strays = colors_from_ids(ids, PALETTE)
    assert back.tolist() == [[[0, 0, 0], [255, 255, 255], [0, 0, 0]]] and not strays


def test_what_the_palette_lacks_is_counted_with_the_most_frequent_first():
    picture = np.array([[[1, 2, 3], [4, 5, 6], [4, 5, 6], [0, 0, 0]]], np.uint8)
    ids, strays = ids_from_colors(picture, PALETTE, unknown=255)
    assert ids.tolist() == [[255, 255, 255, 7]]
    assert [str(stray) for stray in strays] == [
        "colour (4, 5, 6), 2 pixels, the first at x=1, y=0; nearest is id 7, a (0, 0, 0)",
        "colour (1, 2, 3), 1 pixel, the first at x=0, y=0; nearest is id 7, a (0, 0, 0)",
    ]
    colors, strays = colors_from_ids(np.array([[7, 40]]), PALETTE)
    assert colors[0, 1].tolist() == [0, 0, 0] and str(strays[0]) == "id 40, 1 pixel, the first at x=1, y=0"


def test_any_number_of_colours_gets_the_nearest_one():
    codes = np.arange(0, 1 << 24, 1677)  # 10,005 colours: more than are compared at once
    picture = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], 1).astype(np.uint8)[None]
    ids, strays = ids_from_colors(picture, PALETTE, nearest=True)
    wanted = np.array([color.rgb for color in PALETTE.colors])
    distances = ((picture[0].astype(int)[:, None] - wanted) ** 2).sum(2)
    assert ids[0].tolist() == PALETTE.ids()[distances.argmin(1)].tolist() and len(strays) >= 10_000
