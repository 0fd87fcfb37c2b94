"""Sheets name what they show, and leave no black places."""

import numpy as np
import pytest

from jittor_tsit.data import sheet_text
from jittor_tsit.data.sheet_text import fitting, font_of
from jittor_tsit.data.sheets import FRAME, FRAME_COLOR, LEAST_SIDE, PAPER, Layout, Row, draw_sheet, scaled

WIDTH, HEIGHT = 160, 128
CHINESE = "海边_日落_001"


def picture(value, width=WIDTH, height=HEIGHT):
    return np.full((height, width, 3), value, np.uint8)


def rows(count):
    return [Row(f"name{k}", k + 1, [picture(10 * k + 20), picture(10 * k + 25)]) for k in range(count)]


def draw(lines, heads, rows, across=1, **options):
    """The sheet's pixels and its layout."""
    sheet = np.asarray(draw_sheet(lines, heads, rows, across, **options))
    across = min(across, len(rows))
    layout = Layout((WIDTH, HEIGHT), len(heads), across, -(-len(rows) // across), len(lines))
    assert sheet.shape == (*layout.size[::-1], 3)
    return sheet, layout


def is_paper(pixels):
    return (pixels == PAPER).all()


def test_pictures_are_shown_as_they_are():
    sheet, layout = draw(["run"], ["a", "b"], rows(3), across=2)
    for k in range(3):
        for column in range(2):
            top, left = layout.top(k // 2), layout.left(k % 2, column)
            assert (sheet[top : top + HEIGHT, left : left + WIDTH] == 10 * k + 20 + 5 * column).all()


def test_places_that_stay_empty_have_the_colour_of_the_paper():
    sheet, layout = draw([], ["a", "b"], rows(3), across=2)
    assert is_paper(sheet[layout.top(1) - FRAME :, layout.left(1, 0) :])


@pytest.mark.parametrize("part", ["lines", "heads", "name"])
def test_the_sheet_its_columns_and_its_samples_are_named(part):
    named = {"lines": "runs/mine, seed 0", "heads": "label", "name": "synth_000001"}
    texts = [{**named, part: word} for word in (named[part], "", named[part])]
    sheets = [draw([text["lines"]], [text["heads"]], [Row(text["name"], 1, [picture(90)])])[0] for text in texts]
    assert not np.array_equal(sheets[0], sheets[1])
    np.testing.assert_array_equal(sheets[0], sheets[2])


def test_the_chosen_picture_has_a_frame_and_stays_whole():
    sheet, layout = draw([], ["a", "b"], [Row("x", 1, [picture(20), picture(40)], chosen=1)])
    top, left = layout.top(0), layout.left(0, 1)
    assert (sheet[top : top + HEIGHT, left : left + WIDTH] == 40).all()
    assert (sheet[top - FRAME : top, left - FRAME : left + WIDTH + FRAME] == FRAME_COLOR).all()
    assert (sheet[top : top + HEIGHT, left + WIDTH : left + WIDTH + FRAME] == FRAME_COLOR).all()
    assert (sheet == FRAME_COLOR).all(2).sum() == (WIDTH + 2 * FRAME) * (HEIGHT + 2 * FRAME) - WIDTH * HEIGHT


def test_pictures_of_other_sizes_keep_their_shape_and_stand_in_the_middle():
    sheet, layout = draw([], ["a"], [Row("x", 1, [picture(20)]), Row("y", 2, [picture(40, 130, 60)])])
    top, left = layout.top(1) + (HEIGHT - 60) // 2, layout.left(0, 0) + (WIDTH - 130) // 2
    assert (sheet[top : top + 60, left : left + 130] == 40).all()
    assert (sheet == 40).all(2).sum() == 130 * 60


def test_large_pictures_are_shrunk_and_small_ones_enlarged_without_blur():
    assert scaled(picture(1, 600, 300), 256).size == (256, 128)
    digits = np.arange(32 * 32 * 3, dtype=np.uint8).reshape(32, 32, 3)
    enlarged = np.asarray(scaled(digits, 256))
    assert enlarged.shape == (LEAST_SIDE, LEAST_SIDE, 3)
    np.testing.assert_array_equal(enlarged[::4, ::4], digits)


def test_a_long_name_keeps_its_beginning_and_its_end():
    line = fitting("begin_" + "x" * 300 + "_end", 14, 200)
    assert line.startswith("begin_") and line.endswith("_end") and "…" in line
    assert font_of(line, 14).getlength(line) <= 200


def test_a_name_without_letters_here_is_told_by_its_number(monkeypatch):
    monkeypatch.setattr(sheet_text, "OTHER_FONTS", ())
    assert fitting(CHINESE, 14, 400, number=7) == "no. 7: …_…_001"
    assert fitting(CHINESE, 14, 400) == "…_…_001"


def test_another_font_writes_what_pillows_own_cannot(monkeypatch):
    monkeypatch.setattr(sheet_text, "OTHER_FONTS", ("none-of-this-name.ttf", "DejaVuSans.ttf"))
    if font_of("é", 14).getname()[0] != "DejaVu Sans":
        pytest.skip("DejaVu Sans is not installed")
    assert fitting("été", 14, 400, number=7) == fitting("e\u0301te\u0301", 14, 400, number=7) == "été"


@pytest.mark.parametrize("name", [CHINESE, "\udcff", "a\nb", "", "🏔" * 50, "x" * 1000])
def test_every_name_can_be_drawn(name):
    draw([name], [name], [Row(name, 1, [picture(20)])])


def test_a_column_without_a_name_is_refused():
    with pytest.raises(ValueError, match="x: 2 pictures for the columns a"):
        draw_sheet([], ["a"], [Row("x", 1, [picture(20), picture(40)])])
