"""What lies in a folder and is not used is counted in one line."""

import os
import unicodedata

import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.formats import IMAGES, LABELS
from data_tools.sets.listing import find_named, list_files, passed_over


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def test_images_of_every_format_are_listed_by_name(tmp_path):
    names = [f"{number}{ending}" for number, ending in enumerate(IMAGES.suffixes)] + ["8.PNG", "9.Jpg"]
    assert [path.name for path in list_files(touch(tmp_path, *names, ".hidden.png"), IMAGES)] == names
    assert passed_over(list_files(tmp_path, IMAGES), IMAGES) == []


def test_an_empty_folder_is_refused_with_what_lies_there_and_what_is_read(tmp_path):
    touch(tmp_path, "a.heic", "b.heic")
    (tmp_path / "more").mkdir()
    with pytest.raises(InputError, match=r"holds no images; there lie 2 \.heic, folder more; images end in \.jpg, "):
        list_files(tmp_path, IMAGES)


def test_many_endings_and_folders_are_summed_up(tmp_path):
    touch(tmp_path, "a.jpg", *(f"{k}.{k % 9}x" for k in range(20)), "README")
    for name in "vwxyz":
        (tmp_path / name).mkdir()
    (line,) = passed_over([tmp_path / "a.jpg"], IMAGES)
    assert "21 files and 5 folders passed over: 3 .0x, 3 .1x, 2 .2x" in line
    assert "others, folders v, w, x and 2 more; images end in" in line and "\n" not in line


def test_folders_of_classes_that_are_not_used_are_told(tmp_path):
    used = [touch(tmp_path / name, "a.jpg") / "a.jpg" for name in ("sea", "lake")]
    touch(tmp_path / "forest", "a.jpg")
    touch(tmp_path, "loose.jpg")
    assert passed_over(used, IMAGES) == [f"{tmp_path}: 1 file and 1 folder passed over: 1 .jpg, folder forest"]


def test_a_single_folder_says_nothing_about_its_neighbours(tmp_path):
    touch(tmp_path / "testA", "a.jpg")
    assert passed_over([touch(tmp_path / "trainA", "a.jpg") / "a.jpg"], IMAGES) == []


def test_names_of_the_reference_file_count_as_used(tmp_path):
    assert passed_over([touch(tmp_path, "a.png", "label_to_img.json") / "a.png"], LABELS) == []


def test_a_name_that_is_not_utf_8_is_refused_in_one_line_with_the_remedy(tmp_path):
    touch(tmp_path, os.fsdecode(b"\xc4\xe3.jpg"))
    with pytest.raises(InputError, match="its name is not UTF-8.*unzip -O GBK.*convmv -r -f gbk -t utf8"):
        list_files(tmp_path, IMAGES)


def test_a_file_is_found_by_its_name_in_either_unicode_form(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "caf\u00e9.jpg") for form in ("NFC", "NFD"))
    touch(tmp_path, decomposed)
    assert find_named(tmp_path, composed) == tmp_path / decomposed == find_named(tmp_path, decomposed)
    assert find_named(tmp_path, "other.jpg") == tmp_path / "other.jpg"
    assert find_named(tmp_path / "nowhere", composed) == tmp_path / "nowhere" / composed
