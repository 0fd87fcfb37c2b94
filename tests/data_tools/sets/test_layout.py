"""Splits as folders: links or copies of files, and nothing else."""

import os

import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.layout import lay_out
from data_tools.sets.pairing import Pair, find_pairs
from helpers.same_bytes import assert_same_bytes, digest

both = pytest.mark.parametrize("copy", [False, True], ids=["links", "copies"])


@pytest.fixture
def pairs(tmp_path):
    """Three pairs whose files differ; the data set lies in folders of other names."""
    result = []
    for stem, suffix in (("a", ".jpg"), ("b b", ".png"), ("山", ".jpeg")):
        files = tmp_path / "data" / "photos" / (stem + suffix), tmp_path / "data" / "maps" / (stem + ".png")
        for number, file in enumerate(files):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(f"{stem} {number}".encode() * 100)
        result.append(Pair(stem, *files))
    return result


@pytest.fixture
def splits(pairs):
    return {"total": pairs, "selection_1": pairs[:2], "selection_2": pairs[1:2]}


def tree(folder):
    """Everything below a folder: content, or target of a link, and time of change."""
    return {
        str(path.relative_to(folder)): (
            os.readlink(path) if path.is_symlink() else digest(path) if path.is_file() else None,
            path.lstat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


@both
def test_each_split_is_a_data_set_like_the_contests(tmp_path, splits, copy):
    lay_out(tmp_path / "out", splits, copy)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(splits)
    for split, pairs in splits.items():
        found = find_pairs(tmp_path / "out" / split)
        assert [pair.stem for pair in found] == [pair.stem for pair in pairs]
        for ours, original in zip(found, pairs):
            assert ours.photo.parent == tmp_path / "out" / split / "train" / "imgs"
            assert ours.label.parent == tmp_path / "out" / split / "train" / "labels"
            assert ours.photo.name == original.photo.name and ours.label.name == original.label.name
            assert_same_bytes(ours.photo, original.photo)
            assert_same_bytes(ours.label, original.label)
            assert ours.photo.is_symlink() == ours.label.is_symlink() == (not copy)


def test_links_lead_to_the_files_from_wherever_they_are_read(tmp_path, splits, monkeypatch):
    monkeypatch.chdir(tmp_path)
    relative = {
        split: [Pair(p.stem, *(f.relative_to(tmp_path) for f in p[1:])) for p in pairs]
        for split, pairs in splits.items()
    }
    lay_out("out", relative, copy=False)
    monkeypatch.chdir("/")
    assert (tmp_path / "out/total/train/imgs/a.jpg").resolve() == splits["total"][0].photo.resolve()
    assert os.path.isabs(os.readlink(tmp_path / "out/total/train/imgs/a.jpg"))


@both
def test_the_same_call_again_changes_nothing(tmp_path, splits, copy):
    lay_out(tmp_path / "out", splits, copy)
    before = tree(tmp_path / "out")
    lay_out(tmp_path / "out", splits, copy)
    assert tree(tmp_path / "out") == before


@both
def test_what_an_interrupted_call_left_out_is_added(tmp_path, splits, copy):
    lay_out(tmp_path / "out", splits, copy)
    before = {path: content for path, (content, _) in tree(tmp_path / "out").items()}
    (tmp_path / "out/selection_1/train/imgs/a.jpg").unlink()
    (tmp_path / "out/total/train/labels/.1-2.tmp").write_bytes(b"half")  # hidden, as half-written files are
    lay_out(tmp_path / "out", splits, copy)
    after = {path: content for path, (content, _) in tree(tmp_path / "out").items()}
    assert after == {**before, "total/train/labels/.1-2.tmp": digest(b"half")}


@both
def test_the_input_is_not_changed(tmp_path, splits, copy):
    before = tree(tmp_path / "data")
    lay_out(tmp_path / "out", splits, copy)
    lay_out(tmp_path / "out", splits, not copy)
    assert tree(tmp_path / "data") == before


def test_links_become_copies_and_copies_links(tmp_path, splits):
    place = tmp_path / "out/total/train/imgs/a.jpg"
    for copy in (False, True, False):
        lay_out(tmp_path / "out", splits, copy)
        assert place.is_symlink() != copy
        assert_same_bytes(place, splits["total"][0].photo)


def test_a_link_to_another_set_is_replaced(tmp_path, splits):
    lay_out(tmp_path / "out", splits, copy=False)
    place = tmp_path / "out/total/train/imgs/a.jpg"
    place.unlink()
    place.symlink_to(tmp_path / "gone.jpg")
    lay_out(tmp_path / "out", splits, copy=False)
    assert os.readlink(place) == str(splits["total"][0].photo)


@pytest.mark.parametrize("content", [b"longer than before " * 100, b"A 0" * 100])
def test_a_copy_of_a_file_that_has_changed_is_renewed(tmp_path, splits, content):
    """This includes files of the same length, such as a corrected label map."""
    lay_out(tmp_path / "out", splits, copy=True)
    splits["total"][0].photo.write_bytes(content)
    lay_out(tmp_path / "out", splits, copy=True)
    assert_same_bytes(tmp_path / "out/total/train/imgs/a.jpg", content)


@both
def test_an_empty_split_is_an_empty_data_set(tmp_path, copy):
    lay_out(tmp_path / "out", {"selection_2": []}, copy)
    assert [*tree(tmp_path / "out")] == [
        "selection_2",
        "selection_2/train",
        "selection_2/train/imgs",
        "selection_2/train/labels",
    ]


# Faults


@both
@pytest.mark.parametrize("name", ["imgs", "labels"])
def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path, splits, copy, name):
    strange = tmp_path / "out/total/train" / name / "mine.png"
    strange.parent.mkdir(parents=True)
    strange.write_bytes(b"mine")
    with pytest.raises(InputError, match="holds 1 files that are not of this set of 3, the first is mine.png"):
        lay_out(tmp_path / "out", splits, copy)
    assert [path.name for path in strange.parent.iterdir()] == ["mine.png"]
    assert_same_bytes(strange, b"mine")


@both
def test_a_smaller_split_in_the_same_place_is_refused(tmp_path, pairs, copy):
    """Files of a former selection would stay in it."""
    lay_out(tmp_path / "out", {"selection_1": pairs}, copy)
    with pytest.raises(InputError, match="selection_1/train/imgs: holds 1 files that are not of this set of 2"):
        lay_out(tmp_path / "out", {"selection_1": pairs[:2]}, copy)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path, splits):
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(InputError, match="out"):
        lay_out(tmp_path / "out", splits, copy=False)


def test_a_photo_that_is_gone_is_named(tmp_path, splits):
    splits["total"][0].photo.unlink()
    with pytest.raises(InputError, match="data/photos/a.jpg"):
        lay_out(tmp_path / "out", splits, copy=True)
