"""Split lists."""

import unicodedata

import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.pairing import Pair
from data_tools.sets.splits import read_split, select_stems


def pairs_of(*stems):
    return [Pair(stem, f"{stem}.jpg", f"{stem}.png") for stem in stems]


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
    with pytest.raises(InputError, match="2 of 3 stems .* among the 2 pairs, the first is y; the first pair is a"):
        select_stems(pairs_of("a", "b"), ["a", "y", "x"])


@pytest.mark.parametrize("line", ["b.jpg", "b.PNG", "imgs/b.webp", "labels\\b.tif", "./imgs/b.jpg"])
def test_file_names_and_paths_select_their_pair(line):
    assert [p.stem for p in select_stems(pairs_of("a", "b"), [line])] == ["b"]


def test_a_stem_that_looks_like_a_file_name_is_taken_literally():
    assert [p.stem for p in select_stems(pairs_of("a", "a.jpg"), ["a.jpg"])] == ["a.jpg"]
    assert [p.stem for p in select_stems(pairs_of("a.x", "a"), ["a.x"])] == ["a.x"]


def test_stems_in_both_unicode_forms_are_one_stem():
    composed, decomposed = (unicodedata.normalize(form, "caf\u00e9") for form in ("NFC", "NFD"))
    assert [p.stem for p in select_stems(pairs_of(decomposed), [composed])] == [decomposed]
