"""Folders of photos and of classes: a folder that holds what is wanted goes before its sub-folders."""

import os

import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.formats import IMAGES
from jittor_tsit.data.labels import LabelNames
from jittor_tsit.data.photo_lists import by_stem, list_photos, photos_of_any_class, photos_with_classes
from jittor_tsit.data.remarks import tell_passed_over

NAMES = LabelNames((), ("sea", "lake"))


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def relative(paths, root):
    return [path.relative_to(root).as_posix() for path in paths]


def test_every_format_of_the_table_is_listed(tmp_path):
    names = [f"{k}{ending}" for k, ending in enumerate(IMAGES.suffixes)] + ["x.WEBP"]
    assert [path.name for path in list_photos(touch(tmp_path, *names, "a.txt"))] == names


def test_photos_of_a_folder_go_before_those_of_its_class_folders(tmp_path):
    touch(tmp_path / "sea", "a.jpg")
    touch(tmp_path / "lake", "b.jpg")
    assert relative(photos_of_any_class(tmp_path, NAMES), tmp_path) == ["sea/a.jpg", "lake/b.jpg"]
    touch(tmp_path, "own.jpg")
    assert relative(photos_of_any_class(tmp_path, NAMES), tmp_path) == ["own.jpg"]


def test_class_folders_at_the_top_go_before_those_in_train(tmp_path):
    for name in NAMES.classes:
        touch(tmp_path / "train" / name, "a.jpg")
    assert relative(photos_with_classes(tmp_path, NAMES, "train")[0], tmp_path) == [
        "train/sea/a.jpg",
        "train/lake/a.jpg",
    ]
    touch(tmp_path / "sea", "a.jpg")  # not all classes: those in train are meant
    assert len(relative(photos_with_classes(tmp_path, NAMES, "train")[0], tmp_path / "train")) == 2
    touch(tmp_path / "lake", "a.jpg")
    assert relative(photos_with_classes(tmp_path, NAMES, "train")[0], tmp_path) == ["sea/a.jpg", "lake/a.jpg"]


def test_two_formats_of_one_name_are_refused(tmp_path):
    with pytest.raises(InputError, match="a.webp: a.jpg has the same name, in another format"):
        by_stem(list_photos(touch(tmp_path, "a.jpg", "a.webp")))


def test_what_is_passed_over_is_told_once_for_each_folder(tmp_path, capsys):
    a, b = (list_photos(touch(tmp_path / name, "1.jpg", "1.heic")) for name in ("trainA", "trainB"))
    tell_passed_over([(a, IMAGES), (b, IMAGES), (a, IMAGES)])  # two phases have the same folders
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"{tmp_path}/trainA", f"{tmp_path}/trainB"]
    assert all("1 file passed over: 1 .heic; images end in .jpg, " in line for line in lines)


def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    touch(tmp_path, os.fsdecode(b"\xc4\xe3.jpg"))
    with pytest.raises(InputError, match="its name is not UTF-8"):
        list_photos(tmp_path)


def test_where_a_folder_is_missing_what_lies_beside_it_is_told(tmp_path):
    touch(tmp_path / "photos", "a.jpg", "b.jpg")
    with pytest.raises(InputError, match=r"trainA, trainB .*; in .* lie photos: 2 \.jpg$"):
        list_photos(tmp_path / "trainA")
    with pytest.raises(InputError, match="testA, testB$"):
        list_photos(tmp_path / "absent/trainA")
