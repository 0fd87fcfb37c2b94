"""File names in split lists and in messages."""

import sys
import unicodedata

import pytest

from data_tools.basics.names import composed, printable, quantity, to_utf8, unlistable
from data_tools.sets.splits import read_split


@pytest.mark.parametrize("stem", ["a b", "山と湖", "a#", "-", "a.b", 'it\'s "x"', "e\u0301", "a\u200db"])
def test_ordinary_names_can_be_listed(stem):
    assert unlistable(stem) is None


@pytest.mark.parametrize(
    "stem, words",
    [
        ("a\nb", "line break or control"),
        ("a\tb", "line break or control"),
        ("a\x7f", "line break or control"),
        ("a\u2028b", "line break or control"),
        (" a", "begins or ends with a space"),
        ("a\u3000", "begins or ends with a space"),
        ("#a", "begins with #"),
        ("\ufeffa", r"begins with \ufeff"),
        ("a\udcff", "is not UTF-8"),
    ],
)
def test_other_names_cannot_and_the_reason_is_given(stem, words):
    assert words in unlistable(stem)


def test_every_name_that_passes_survives_a_split_list(tmp_path):
    """Try every character of Unicode's basic plane at the start, in the middle and at the end of a name."""
    characters = [chr(code) for code in range(1, 0x10000) if chr(code) != "/"]
    stems = [stem for c in characters for stem in (f"{c}s1", f"m2{c}m", f"e3{c}") if unlistable(stem) is None]
    path = tmp_path / "split.txt"
    path.write_bytes("".join(f"{stem}\n" for stem in stems).encode())
    assert len(stems) > 150000 and read_split(path) == stems


def test_a_printable_text_is_kept_as_it_is():
    assert printable("imgs/山 a\\n'.jpg: no") == "imgs/山 a\\n'.jpg: no"


def test_control_characters_and_undecodable_bytes_are_escaped():
    assert printable("a\nb\x1b[2J\x85\u2028\u202e\udcff") == "a\\nb\\x1b[2J\\x85\\u2028\\u202e\\udcff"


def test_every_text_becomes_one_line_without_control_characters():
    text = printable("".join(map(chr, [*range(0x11000), 0xE0001, 0xF0000, sys.maxunicode])))
    assert len(text.splitlines()) == 1
    assert not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_a_text_with_a_name_that_is_not_utf_8_is_encoded_with_escapes():
    assert to_utf8("山 a\udcc4") == "山 a\\udcc4".encode()


def test_both_unicode_forms_of_a_name_are_equal_when_composed():
    assert composed("cafe\u0301") == composed("caf\u00e9") == "caf\u00e9"


@pytest.mark.parametrize("number, words", [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_one_thing_has_no_s(number, words):
    assert quantity(number, "file") == words
