"""Palette files: every format is read, the shipped ones hold the 29 classes, faults name the line."""

import json

import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.classes import CLASSES
from data_tools.sets.palette_files import SHIPPED, Color, find_palette, read_palette, write_palette

LANDSCAPE = [Color(each.id, each.color, each.name) for each in CLASSES]
TWO = [Color(0, (1, 2, 3), "low plants"), Color(1, (255, 0, 0), "sky")]
FORMS = {
    "a.json": '{"classes": [{"id": 0, "name": "low plants", "color": [1, 2, 3]}, {"name": "sky", "color": "#ff0000"}]}',
    "b.json": '[{"name": "low plants", "color": [1, 2, 3]}, {"id": 1, "name": "sky", "color": [255, 0, 0]}]',
    "a.gpl": "GIMP Palette\nName: two\n#\n  1   2   3\tlow plants\n255   0   0\tsky\n",
    "ids.txt": "# id r g b name\n0 1 2 3 low plants\n1 255 0 0 sky\n",
    "class_dict.csv": "name,r,g,b\nlow plants,1,2,3\nsky,255,0,0\n",  # CamVid's
    "labelmap.txt": "# label:color_rgb:parts:actions\nlow plants:1,2,3::\nsky:255,0,0::\n",  # CVAT's
    "colors.txt": "\n1 2 3 low plants\n255 0 0 sky\n",
}


@pytest.mark.parametrize("name, text", FORMS.items())
def test_every_form_gives_the_same_colours(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert read_palette(tmp_path / name).colors == TWO


@pytest.mark.parametrize("name", ["landscape.json", "landscape.gpl"])
def test_the_shipped_palettes_hold_the_29_classes(name):
    assert read_palette(SHIPPED / name).colors == LANDSCAPE


@pytest.mark.parametrize("suffix", [".json", ".gpl", ".txt"])
def test_what_is_written_is_read_back(tmp_path, suffix):
    write_palette(tmp_path / f"p{suffix}", LANDSCAPE, "landscape")
    assert read_palette(tmp_path / f"p{suffix}").colors == LANDSCAPE


def test_ids_may_be_large_and_have_gaps_but_not_in_gimps_format(tmp_path):
    colors = [Color(7, (1, 1, 1), "a"), Color(65535, (2, 2, 2), "b"), Color(7, (3, 3, 3), "a too")]
    write_palette(tmp_path / "p.json", colors, "mine")
    assert read_palette(tmp_path / "p.json").colors == colors
    with pytest.raises(InputError, match="no ids"):
        write_palette(tmp_path / "p.gpl", colors, "mine")


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("p.txt", "0 1 2 3 a\n1 1 2 3 b\n", r"\(1, 2, 3\) stands for 0 and 1"),
        ("p.txt", "0 1 2 256 a\n", r"line 1: colour \[1, 2, 256\].*0\.\.255"),
        ("p.txt", "-1 1 2 3 a\n", "line 1: id -1"),
        ("p.txt", "70000 1 2 3 a\n", "line 1: id 70000; ids are 0..65535"),
        ("p.txt", "0 1 2 3 a\nsky 5\n", "line 2: 'sky 5'; a line is"),
        ("p.txt", "", "holds no colour"),
        ("p.json", "{}", "needs a list"),
        ("p.json", json.dumps([{"name": "a"}]), 'class 0: needs "color"'),
        ("p.json", json.dumps([{"color": "red"}]), "class 0: .*whole numbers are needed"),
        ("p.json", json.dumps([{"color": 5}]), "class 0: .*whole numbers are needed"),
        ("p.json", json.dumps([{"color": [1.5, 2, 3]}]), "class 0: .*whole numbers are needed"),
        ("p.json", json.dumps([{"id": True, "color": [1, 2, 3]}]), "class 0: .*whole numbers are needed"),
    ],
)
def test_a_faulty_palette_is_refused_with_the_place(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=f"{name}.*{message}"):
        read_palette(tmp_path / name)


def test_a_name_is_a_shipped_palette_unless_a_file_has_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mask").mkdir()  # a folder is no palette
    assert find_palette("landscape").colors == LANDSCAPE and len(find_palette("mask").colors) == 2
    (tmp_path / "landscape").write_text(FORMS["ids.txt"])
    assert find_palette("landscape").colors == TWO
    with pytest.raises(InputError, match="no such file.*landscape or mask"):
        find_palette("missing.json")
