"""Label maps with pixels of no class and with instances."""

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.checking import check_pairs
from data_tools.sets.classes import colorize
from data_tools.sets.image_io import read_label, write_label, write_photo
from data_tools.sets.pairing import find_pairs
from jittor_tsit.config import DataConfig
from jittor_tsit.data.label_maps import LabelMaps, edges

IDS = np.array([[0, 1, 2], [3, 255, 255]])


@pytest.fixture
def label(tmp_path):
    """A label map with its instances: [2, 3]."""
    for name, array in (("labels", IDS), ("instances", np.array([[7, 7, 1000], [7, 7, 7]]))):
        (tmp_path / name).mkdir()
        write_label(tmp_path / name / "a.png", array)
    return tmp_path / "labels/a.png"


def test_pixels_without_a_class_become_the_last(label):
    np.testing.assert_array_equal(read_label(label, 4, unknown=255), [[0, 1, 2], [3, 4, 4]])
    assert LabelMaps(4, unknown=255).num_ids == 5 and LabelMaps(4).num_ids == 4


def test_where_0_is_unknown_classes_count_from_1(label):
    write_label(label, np.minimum(IDS, 4))
    np.testing.assert_array_equal(read_label(label, 4, unknown=0), [[4, 0, 1], [2, 3, 3]])


@pytest.mark.parametrize(
    "num_classes, unknown, allowed",
    [(4, None, "0..3"), (3, 255, "0..2, or 255 where unknown"), (4, 0, "1..4, or 0 where unknown")],
)
def test_other_ids_are_refused_with_those_allowed(label, num_classes, unknown, allowed):
    with pytest.raises(InputError, match=f"a.png: class id .* at pixel x=.*; ids are {allowed}: unknown_id="):
        read_label(label, num_classes, unknown)


def test_checking_pairs_knows_of_unknown_pixels(label, tmp_path):
    (tmp_path / "imgs").mkdir()
    write_photo(tmp_path / "imgs/a.jpg", np.zeros((2, 3, 3), np.uint8))
    pairs = find_pairs(tmp_path)
    assert check_pairs(pairs, 4, unknown=255) == []
    assert "class id 255" in check_pairs(pairs, 4)[0][1]


def test_edges_are_pixels_beside_another_instance():
    instances = np.array([[1, 1, 1, 1], [1, 1, 9, 1], [1, 1, 1, 1]])
    np.testing.assert_array_equal(edges(instances), [[0, 0, 1, 0], [0, 1, 1, 1], [0, 0, 1, 0]])


def test_instances_are_read_beside_the_labels_and_resized_like_them(label):
    ids, instances = LabelMaps(4, 255, has_edges=True).read(label, 6, 4)
    np.testing.assert_array_equal(ids[::2, ::2], [[0, 1, 2], [3, 4, 4]])
    np.testing.assert_array_equal(instances[::2, ::2], [[7, 7, 1000], [7, 7, 7]])
    assert len(LabelMaps(4, 255).read(label, 6, 4)) == 1


def test_a_missing_or_smaller_map_of_instances_is_named(label):
    maps, path = LabelMaps(4, 255, has_edges=True), label.parent.parent / "instances/a.png"
    write_label(path, np.zeros((2, 2), int))
    with pytest.raises(InputError, match="instances/a.png: has 2x2, and its label map 3x2"):
        maps.read(label, 6, 4)
    path.unlink()
    with pytest.raises(InputError, match="instances/a.png: cannot be read: No such file"):
        maps.read(label, 6, 4)


def test_many_classes_have_many_colours():
    colours = colorize(np.arange(183)[None], num_ids=183)[0]
    assert len({tuple(colour) for colour in colours}) == 183
    assert colours[1].tolist() == [128, 0, 0] and colours[15].tolist() == [192, 128, 128]  # as PASCAL VOC has them
    with pytest.raises(ValueError, match="not all in 0..28"):
        colorize(np.array([[29]]))


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"num_classes": 256}, "num_classes=256: allowed are 1 to 255"),
        ({"num_classes": 35, "unknown_id": 34}, "unknown_id=34: allowed are -1, 0 and 35 to 65535"),
        ({"load_width": 600}, "load_height=0: must be at least image_height"),
        ({"load_height": 400}, "load_height=400: must be at least image_height, or both load sizes 0"),
        ({"load_width": 500, "load_height": 400}, "load_width=500: must be at least image_width"),
        ({"load_side": 500}, "load_side=500: must be at least 512, with both load sizes 0; or 0"),
        ({"load_side": 600, "load_width": 600, "load_height": 400}, "load_side=600: must be at least 512, with both"),
        ({"output_width": 0}, "output_width=0: must be positive"),
    ],
)
def test_options_that_do_not_fit_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        DataConfig(**fields)
