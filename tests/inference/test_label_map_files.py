"""Photographs where label maps are needed: the message says what they are, and which command makes label maps."""

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.rendering.write_set import write_set
from data_tools.sets.classes import colorize
from data_tools.sets.image_io import read_label, write_label, write_photo
from data_tools.sets.photographs import is_photograph
from jittor_tsit.inference.label_map_files import find_label_maps

PHOTOGRAPH = r"is a photograph, and this model makes images of label maps; `.* label --images .* --segmenter FILE --out"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    place = tmp_path_factory.mktemp("set")
    write_set(place, 2, 0, 128, 96)
    return place / "train"


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_photographs_are_named_as_such(rendered, tmp_path, suffix):
    for photo in (rendered / "imgs").iterdir():
        Image.open(photo).save(tmp_path / f"{photo.stem}.{suffix}")
    for place in (tmp_path, next(tmp_path.iterdir())):
        with pytest.raises(InputError, match=PHOTOGRAPH):
            find_label_maps(place)


def test_label_maps_are_found_in_a_folder_and_alone(rendered):
    labels = sorted((rendered / "labels").iterdir())
    assert find_label_maps(rendered / "labels") == labels and find_label_maps(labels[0]) == [labels[0]]


def test_pictures_of_labels_are_no_photographs(rendered, tmp_path):
    """Their own message says how to turn the colours into ids."""
    ids = read_label(next((rendered / "labels").iterdir()))
    Image.fromarray(colorize(ids)).save(tmp_path / "colours.png")
    write_photo(tmp_path / "colours.jpg", colorize(ids))
    write_label(tmp_path / "ids.png", ids)
    Image.fromarray(colorize(ids)).resize((100, 75), Image.BILINEAR).save(tmp_path / "smooth.png")
    assert [path.name for path in tmp_path.iterdir() if is_photograph(path)] == []


def test_the_middle_of_a_large_photograph_decides_and_other_files_are_none(tmp_path):
    photo = np.zeros((600, 600, 3), np.uint8)
    photo[150:450, 150:450] = np.random.default_rng(0).integers(0, 256, (300, 300, 3))
    Image.fromarray(photo).save(tmp_path / "a.png")
    Image.fromarray(photo[..., 0]).save(tmp_path / "grey.png")
    (tmp_path / "text.png").write_text("x")
    assert [path.name for path in sorted(tmp_path.iterdir()) if is_photograph(path)] == ["a.png"]


def test_a_folder_without_images_is_described_as_before(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(InputError, match="holds no label maps; there lie 1 .txt"):
        find_label_maps(tmp_path)
