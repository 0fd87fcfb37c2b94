"""`ClassList`: numbers, names, colours and ids of a set's own classes."""

import json

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.class_list import LANDSCAPE, ClassList, class_list_from_json, make_class_list, read_class_names
from data_tools.sets.classes import CLASSES, to_classes

STREET = ClassList(3, 255, ("road", "Sky #96cefa", "traffic light #ff0000"))


def test_the_landscape_classes_are_the_default():
    assert make_class_list() == LANDSCAPE and LANDSCAPE.is_landscape
    assert LANDSCAPE.names == [c.name for c in CLASSES] and LANDSCAPE.ids_of(["sky"]) == [1]


def test_names_and_colours_come_from_the_lines():
    assert STREET.names == ["road", "Sky", "traffic light"] and not STREET.is_landscape
    assert STREET.ids_of(["sky"]) == [1] and STREET.name_of(3) == "unknown"
    assert STREET.palette[1:3].tolist() == [[0x96, 0xCE, 0xFA], [255, 0, 0]]


@pytest.mark.parametrize("num_classes", [1, 29, 30, 150, 255])
@pytest.mark.parametrize("unknown", [None, 0, 255])
def test_no_two_colours_are_equal_and_they_depend_on_the_number_alone(num_classes, unknown):
    palette = ClassList(num_classes, unknown).palette
    assert palette.shape == (num_classes + 1, 3) and palette.dtype == np.uint8
    assert len({tuple(color) for color in palette.tolist()}) == num_classes + 1
    assert (palette == ClassList(num_classes).palette).all()


def test_ids_of_files_count_from_one_if_zero_is_unknown():
    assert [ClassList(3, 0).file_id(k) for k in range(4)] == [1, 2, 3, 0]
    assert [ClassList(3, 255).file_id(k) for k in range(4)] == [0, 1, 2, 255]
    assert ClassList(2, 0).names == ["class 1", "class 2"]


def test_only_the_landscape_has_classes_that_look_alike():
    assert (ClassList(150).looks == np.arange(150)).all()
    assert LANDSCAPE.looks[LANDSCAPE.ids_of(["lake"])] == LANDSCAPE.ids_of(["water"])


def test_a_list_comes_back_from_json():
    assert class_list_from_json(json.loads(json.dumps(STREET.as_json()))) == STREET
    with pytest.raises(InputError, match="no list of classes"):
        class_list_from_json({"num_classes": 3})


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((0,), "num_classes=0: allowed are 1 to 255"),
        ((256,), "num_classes=256: allowed are 1 to 255"),
        ((150, 20), "unknown_id=20: allowed are 0 and 150 to 65535"),
        ((5, None, ("a", "b")), "num_classes=5: there are 2 class names"),
    ],
)
def test_impossible_lists_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        make_class_list(*arguments)


def test_names_are_read_from_a_file(tmp_path):
    (tmp_path / "names.txt").write_text("road\r\nSky #96CEFA\n草地\n\n", encoding="utf-8")
    assert read_class_names(tmp_path / "names.txt") == ("road", "Sky #96CEFA", "草地")


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "is empty"),
        (b"road\n\nsky\n", "line 2 has no class name"),
        (b"#ff0000\nsky\n", "line 1 has no class name"),
        (b"road\nsky #fff\n", "line 2: #fff is no colour; #rrggbb is needed"),
        (b"road\nroad #ff0000\n", "line 2: a class is already called road"),
        ("草地".encode("gbk"), "is not UTF-8 text"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_faulty_file_of_names_is_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_class_names(tmp_path / "names.txt")


@pytest.mark.parametrize(
    "ids, options, words",
    [
        ([0, 255], (29, None), ["ids are 0..28", "unknown_id=255", "num_classes=N"]),
        ([0, 30, 149, 255], (29, None), ["class id 30", "unknown_id=30", "num_classes=150"]),
        ([1, 200], (29, 0), ["ids are 1..29, or 0 where unknown", "unknown_id=200", "num_classes=200"]),
        ([0, 1000], (29, 255), ["class id 1000", "unknown_id=1000", "num_classes=N"]),
    ],
)
def test_an_id_out_of_range_names_the_options_that_admit_it(ids, options, words):
    with pytest.raises(InputError) as error:
        to_classes(np.array([ids]), *options, "map.png")
    assert "at pixel x=" in str(error.value) and all(word in str(error.value) for word in words)
