"""Matching photos with label maps."""

import json
import os
import unicodedata
from pathlib import Path

import pytest

from data_tools.basics.errors import InputError
from data_tools.sets import listing
from data_tools.sets.formats import IMAGES, LABELS
from data_tools.sets.pairing import (
    find_labels,
    find_pairs,
    match_files,
    passed_over_in,
    read_reference_names,
)


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def data_set(root, photos, labels):
    touch(root / "imgs", *photos)
    touch(root / "labels", *labels)
    return root


# Folders


def test_a_folder_of_another_layout_is_described(tmp_path):
    touch(tmp_path / "images", "a.jpg", "b.JPG", "c.heic")
    touch(tmp_path / "train/masks", "a.png")
    touch(tmp_path / ".cache", "x.bin")
    with pytest.raises(InputError) as error:
        find_pairs(tmp_path)
    assert "in it lie images: 2 .jpg, 1 .heic; train/masks: 1 .png; a set is a folder imgs of photos" in str(
        error.value
    )


@pytest.mark.parametrize("name, found", [("imgs", "imgs: 1 .gif"), ("other", "in it lie no files")])
def test_folders_without_images_are_described(tmp_path, name, found):
    touch(tmp_path / "imgs", *(["a.gif"] if name == "imgs" else []))
    touch(tmp_path / "labels")
    with pytest.raises(InputError, match=found):
        find_pairs(tmp_path)


def test_of_many_folders_and_endings_only_a_few_are_named(tmp_path):
    for number in range(9):
        touch(tmp_path / f"set{number}", *(f"a.x{ending}" for ending in range(5)))
    with pytest.raises(InputError) as error:
        find_pairs(tmp_path)
    assert str(error.value).count("set") == 7  # six folders, and "a set is"
    assert "1 .x2, 2 others" in str(error.value) and "and more in 3 other folders" in str(error.value)


# Pairs


@pytest.mark.parametrize("inside", ["train", "."])
def test_both_layouts_are_found_and_sorted_by_stem(tmp_path, inside):
    data_set(tmp_path / inside, ["b.jpg", "a.x.JPEG", "c.png"], ["a.x.png", "c.PNG", "b.png"])
    pairs = find_pairs(tmp_path)
    assert [p.stem for p in pairs] == ["a.x", "b", "c"]
    assert [(p.photo.name, p.label.name) for p in pairs] == [
        ("a.x.JPEG", "a.x.png"),
        ("b.jpg", "b.png"),
        ("c.png", "c.PNG"),
    ]


def test_hidden_files_other_files_and_folders_are_passed_over(tmp_path):
    data_set(tmp_path, ["a.jpg", ".b.jpg", "Thumbs.db"], ["a.png", "._a.png", "label_to_img.json"])
    (tmp_path / "imgs" / "more.jpg").mkdir()
    assert [p.stem for p in find_pairs(tmp_path)] == ["a"]


def test_every_format_of_the_table_is_read_in_any_case(tmp_path):
    photos = [f"{number}{suffix}" for number, suffix in enumerate((*IMAGES.suffixes, ".WebP", ".JFIF"))]
    labels = [f"{number}{LABELS.suffixes[number % len(LABELS.suffixes)].upper()}" for number in range(len(photos))]
    data_set(tmp_path, photos, labels)
    assert sorted(p.photo.name for p in find_pairs(tmp_path)) == sorted(photos)
    assert passed_over_in(tmp_path) == []


def test_names_in_both_unicode_forms_are_one_name(tmp_path):
    """macOS may write a name in the form NFD, and other systems in NFC."""
    photo, label = (unicodedata.normalize(form, "caf\u00e9") for form in ("NFC", "NFD"))
    data_set(tmp_path, [f"{photo}.jpg"], [f"{label}.png"])
    assert len(find_pairs(tmp_path)) == 1 and len(find_labels(tmp_path)) == 1


def test_files_that_are_not_used_are_counted_in_one_line_a_folder(tmp_path):
    data_set(tmp_path, ["a.jpg", "b.HEIC", "c.heic", "d.txt"], ["a.png", "label_to_img.json", ".hidden"])
    (tmp_path / "imgs/more").mkdir()
    endings = "images end in .jpg, .jpeg, .jfif, .png, .webp, .bmp, .tif, .tiff"
    assert passed_over_in(tmp_path) == [
        f"{tmp_path}/imgs: 3 files and 1 folder passed over: 2 .heic, 1 .txt, folder more; {endings}"
    ]


def test_a_photo_in_an_unread_format_is_named_where_its_label_has_no_photo(tmp_path):
    data_set(tmp_path, ["a.heic"], ["a.png"])
    with pytest.raises(InputError, match=r"no photo: .*a\.png; .*a\.heic does not end as an image does .*\.webp"):
        find_pairs(tmp_path)


def test_a_label_map_as_jpeg_is_named_with_the_reason(tmp_path):
    data_set(tmp_path, ["a.jpg"], ["a.jpg"])
    with pytest.raises(InputError, match=r"no label: .*labels/a\.jpg is a JPEG, whose compression changes ids"):
        find_pairs(tmp_path)
    assert "labels/a.jpg is a JPEG" in match_files(tmp_path).problems[0].reason


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder"):
        find_pairs(tmp_path / "nowhere")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match="a: is a file; a folder is needed"):
        find_pairs(tmp_path / "a")


def test_a_folder_of_neither_layout_is_refused_with_what_was_looked_for(tmp_path):
    touch(tmp_path / "images")
    with pytest.raises(InputError, match="neither train/imgs and train/labels nor imgs and labels"):
        find_pairs(tmp_path)


def test_an_empty_set_is_refused(tmp_path):
    with pytest.raises(InputError, match="imgs holds no photos .* and labels no label maps"):
        find_pairs(data_set(tmp_path, [], []))


def test_photos_without_labels_are_counted_and_the_first_is_named(tmp_path):
    data_set(tmp_path, ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], ["c.png"])
    with pytest.raises(InputError, match=r"3 photos have no label, the first is .*a\.jpg"):
        find_pairs(tmp_path)


def test_a_label_without_photo_is_named(tmp_path):
    with pytest.raises(InputError, match=r"1 label has no photo: .*b\.png"):
        find_pairs(data_set(tmp_path, ["a.jpg"], ["a.png", "b.png"]))


def test_two_photos_of_one_stem_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"a\.jpg and a\.png have the same stem"):
        find_pairs(data_set(tmp_path, ["a.jpg", "a.png"], ["a.png"]))


@pytest.mark.parametrize("stem, words", [("a\nb", r"imgs/a\\nb.jpg: name holds a line break"), ("#a", "begins with #")])
def test_a_stem_that_no_split_list_can_hold_is_refused_in_one_line(tmp_path, stem, words):
    with pytest.raises(InputError, match=words) as caught:
        find_pairs(data_set(tmp_path, [f"{stem}.jpg", "z.jpg"], [f"{stem}.png", "z.png"]))
    assert "\n" not in str(caught.value)


def test_match_files_returns_what_is_broken_and_what_is_odd(tmp_path):
    photos = ["lone.jpg", "good.jpg", "two.jpg", "two.png", "#.jpg", "x.heic"]
    data_set(tmp_path, photos, ["good.png", "two.png", "#.png", "only.png"])
    (tmp_path / "labels" / "more").mkdir()
    matching = match_files(tmp_path)
    assert [p.stem for p in matching.pairs] == ["good"]
    assert [(p.stem, p.broken) for p in matching.problems] == [
        ("#", True),
        ("lone", True),
        ("only", True),
        ("two", True),
        ("x", False),
        ("more", False),
    ]
    for problem, path in zip(
        matching.problems, ["imgs/#.jpg", "imgs/lone.jpg", "labels/only.png", "imgs", "imgs/x.heic", "labels/more"]
    ):
        assert problem.reason.startswith(f"{tmp_path / path}: ")


def test_a_stem_broken_in_two_ways_has_one_problem(tmp_path):
    matching = match_files(data_set(tmp_path, ["a.jpg", "a.png"], ["a.png", "a.PNG"]))
    assert [p.stem for p in matching.problems] == ["a"] and matching.pairs == []
    assert "a.jpg and a.png" in matching.problems[0].reason and "a.PNG and a.png" in matching.problems[0].reason


def test_links_that_loop_count_as_files_and_fail_when_they_are_read(tmp_path):
    data_set(tmp_path, ["b.jpg"], ["a.png", "b.png"])
    (tmp_path / "imgs" / "a.jpg").symlink_to("a.jpg")
    assert [p.stem for p in find_pairs(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize("name", ["imgs", "labels"])
def test_a_folder_that_cannot_be_listed_ends_matching_too(tmp_path, monkeypatch, name):
    data_set(tmp_path, ["a.jpg"], ["a.png"])
    scandir = listing.os.scandir

    def refuse(folder):
        if Path(folder).name == name:
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(listing.os, "scandir", refuse)
    with pytest.raises(InputError, match=f"{name}: cannot be read: Permission denied"):
        match_files(tmp_path)


# Label maps alone


@pytest.mark.parametrize("inside", [".", "labels", "test", "test/labels"])
def test_label_maps_are_found_wherever_the_contest_puts_them(tmp_path, inside):
    touch(tmp_path / inside, "b.png", "a.PNG", "label_to_img.json", ".c.png")
    assert [p.name for p in find_labels(tmp_path)] == ["a.PNG", "b.png"]


def test_a_folder_without_label_maps_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no label maps; label maps end in \.png, "):
        find_labels(tmp_path)


def test_a_folder_with_label_maps_goes_before_its_sub_folders(tmp_path):
    touch(tmp_path, "a.png")
    touch(tmp_path / "test", "old.png")
    assert [p.name for p in find_labels(tmp_path)] == ["a.png"]


def test_a_label_map_whose_name_is_not_utf_8_is_refused_with_the_remedy(tmp_path):
    touch(tmp_path, os.fsdecode(b"\xc4\xe3.png"))
    with pytest.raises(InputError, match="its name is not UTF-8.*convmv"):
        find_labels(tmp_path)


def test_two_label_maps_of_one_stem_are_refused(tmp_path):
    with pytest.raises(InputError, match="same stem"):
        find_labels(touch(tmp_path, "a.png", "a.PNG"))


# label_to_img.json


@pytest.mark.parametrize("inside", [".", "test", "labels", "test/labels"])
def test_reference_names_are_read_from_file_or_folder(tmp_path, inside):
    path = touch(tmp_path / inside) / "label_to_img.json"
    path.write_text(json.dumps({"a.png": "x.jpg"}))
    assert read_reference_names(tmp_path) == read_reference_names(path) == {"a.png": "x.jpg"}


@pytest.mark.parametrize(
    "text, problem",
    [
        ("{", "is not valid JSON"),
        ("[" * 100000, "is not valid JSON"),
        ("[1]", "holds a list"),
        ('{"a.png": 3}', "maps 'a.png' to 3"),
        ('{"a.png": "../x.jpg"}', "file names without a folder"),
        ('{"a.png": "x.jpg", "a.png": "y.jpg"}', "names 'a.png' twice"),
    ],
)
def test_a_faulty_reference_file_is_refused(tmp_path, text, problem):
    (tmp_path / "label_to_img.json").write_text(text)
    with pytest.raises(InputError, match=problem) as caught:
        read_reference_names(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_without_reference_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no label_to_img.json"):
        read_reference_names(tmp_path)
