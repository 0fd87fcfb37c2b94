"""What has changed in a data set is told in words."""

import pytest

from jittor_tsit.data.sample_list import (
    NOT_KNOWN,
    SAME_FILES,
    ListedFile,
    compare_files,
    describe_changes,
    write_sample_list,
)
from jittor_tsit.data.samples import Augmentation, UnpairedSamples


def pair(stem, size=1):
    return [ListedFile("imgs", f"{stem}.jpg", size), ListedFile("labels", f"{stem}.png", 9)]


PAIRS = pair("p0") + pair("p1") + pair("p2")


@pytest.mark.parametrize(
    "here, sentences",
    [
        (PAIRS, []),
        (PAIRS[:4], ["1 pair is missing: p2"]),
        (PAIRS + pair("a") + pair("b"), ["2 pairs are new: a, b"]),
        (pair("p0", 7) + PAIRS[2:], ["file p0.jpg has changed"]),
        (PAIRS[:4] + pair("b"), ["1 pair is missing: p2", "1 pair is new: b"]),
        (PAIRS[:-1] + [ListedFile("labels", "p2.bmp", 9)], ["pair p2 has changed"]),
        ([file for k in range(5) for file in pair(f"n{k}")], None),
    ],
)
def test_pairs_that_are_missing_new_or_changed_are_named(here, sentences):
    told = compare_files(PAIRS, here, "pair")
    if sentences is None:
        assert told == ["3 pairs are missing: p0, p1, p2", "5 pairs are new: n0, n1, n2 and 2 more"]
    else:
        assert told == sentences


def test_photos_of_the_same_name_in_two_folders_are_told_with_their_folder():
    there = [ListedFile("trainA", "i.jpg", 1), ListedFile("trainB", "i.jpg", 1)]
    here = [*there, ListedFile("trainA", "j.jpg", 1)]
    assert compare_files(there, here, "photo") == ["1 photo is new: trainA/j.jpg"]


def test_a_name_that_breaks_the_line_is_shown_in_one():
    assert compare_files([], [ListedFile("a", "x\n\udcff.jpg", 1)], "photo") == ["1 photo is new: x\\n\\udcff.jpg"]


@pytest.fixture
def photos(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.jpg").write_text(name)
    return UnpairedSamples([tmp_path / "a.jpg"], [tmp_path / "b.jpg"], Augmentation((8, 8), (8, 8), True), (0,))


def test_a_list_beside_the_run_tells_what_has_changed(photos, tmp_path):
    digest = photos.digest()
    write_sample_list(tmp_path, [photos], [digest])
    assert describe_changes(tmp_path, 0, digest, photos) == SAME_FILES
    photos.photos_a[0].write_text("longer")
    assert describe_changes(tmp_path, 0, digest, photos) == "file a.jpg has changed"


@pytest.mark.parametrize("content", [None, "", "[]", '{"digests": []}', '{"digests": ["abc"], "files": [[1]]}'])
def test_without_a_list_of_that_set_a_plain_sentence_says_so(photos, tmp_path, content):
    if content is not None:
        (tmp_path / "samples.json").write_text(content)
    assert describe_changes(tmp_path, 0, "abc", photos) == NOT_KNOWN
