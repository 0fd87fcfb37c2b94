"""Matching photos with label maps, and split files."""

import json
from pathlib import Path

import pytest

from data_tools.basics.errors import InputError
from data_tools.sets import listing
from data_tools.sets.pairing import (
    Pair,
    find_labels,
    find_pairs,
    match_files,
    read_reference_names,
    read_split,
    select_stems,
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


def pairs_of(*stems):
    return [Pair(stem, f"{stem}.jpg", f"{stem}.png") for stem in stems]


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
    photos = ["lone.jpg", "good.jpg", "two.jpg", "two.png", "#.jpg", "x.bmp"]
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
        matching.problems, ["imgs/#.jpg", "imgs/lone.jpg", "labels/only.png", "imgs", "imgs/x.bmp", "labels/more"]
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
    with pytest.raises(InputError, match=r"holds no label maps \(\*\.png\)"):
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


# Splits


def test_a_split_file_lists_stems(tmp_path):
    (tmp_path / "s.txt").write_text("\ufeff# kept\nb\n\n  a \r\n#c\n", encoding="utf-8")
    assert read_split(tmp_path / "s.txt") == ["b", "a"]


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"a\nb\na\n", r"line 3 names a again \(first on line 1\)"),
        (b"# none\n", "names no stems"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_a_faulty_split_file_is_refused(tmp_path, content, problem):
    (tmp_path / "s.txt").write_bytes(content)
    with pytest.raises(InputError, match=problem):
        read_split(tmp_path / "s.txt")


def test_a_missing_split_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_split(tmp_path / "s.txt")


def test_selected_pairs_keep_the_order_of_the_set():
    assert [p.stem for p in select_stems(pairs_of("a", "b", "c"), ["c", "a"])] == ["a", "c"]


def test_unknown_stems_are_counted_and_the_first_is_named():
    with pytest.raises(InputError, match="2 of 3 stems are not among the 2 pairs, the first is y"):
        select_stems(pairs_of("a", "b"), ["a", "y", "x"])
