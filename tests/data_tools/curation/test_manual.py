"""The file in which a person keeps and drops single pairs."""

import pytest

from data_tools.basics.errors import InputError
from data_tools.curation.manual import read_manual, write_manual


@pytest.fixture
def manual(tmp_path):
    def write(content):
        path = tmp_path / "manual.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


def test_each_line_keeps_or_drops_a_stem(manual):
    assert read_manual(manual("keep b\ndrop a\n")) == {"b": True, "a": False}


def test_comments_and_blank_lines_are_passed_over(manual):
    assert read_manual(manual("# keep x\n\n   \nkeep a\n#drop a")) == {"a": True}


def test_a_stem_may_hold_blanks_and_anything_but_a_line_break(manual):
    assert read_manual(manual('keep a "b" <c>&é  ü\ndrop keep b\n')) == {'a "b" <c>&é  ü': True, "keep b": False}


@pytest.mark.parametrize("content", ["\ufeffkeep a\r\ndrop b\r\n", "  keep   a  \n\tdrop\tb", "keep a\rdrop b"])
def test_other_editors_line_ends_and_blanks_do_not_matter(manual, content):
    assert read_manual(manual(content)) == {"a": True, "b": False}


def test_an_empty_file_decides_nothing(manual):
    assert read_manual(manual("")) == {}


@pytest.mark.parametrize("line", ["maybe a", "a", "keep", "drop ", "Keep a", "keeper a"])
def test_a_line_that_is_neither_is_refused_with_its_number(manual, line):
    with pytest.raises(InputError, match=r"manual\.txt: line 3 is .*; it must be 'keep STEM' or 'drop STEM'") as info:
        read_manual(manual(f"# ours\nkeep a\n{line}\n"))
    assert repr(line.strip()) in str(info.value)


def test_a_long_wrong_line_is_shown_in_part(manual):
    with pytest.raises(InputError) as info:
        read_manual(manual("x" * 5000))
    assert len(str(info.value)) < 300


@pytest.mark.parametrize(
    "lines, words",
    [
        ("keep a\nkeep b\ndrop a", "line 3 says drop a, and line 1 the opposite"),
        ("drop a b\nkeep a b", "line 2 says keep a b, and line 1 the opposite"),
    ],
)
def test_a_stem_named_with_both_is_refused(manual, lines, words):
    with pytest.raises(InputError, match=words):
        read_manual(manual(lines))


def test_a_stem_named_twice_alike_is_fine(manual):
    assert read_manual(manual("keep a\nkeep a\n")) == {"a": True}


def test_what_cannot_be_read_is_refused(manual, tmp_path):
    with pytest.raises(InputError, match="absent.txt: cannot be read: No such file"):
        read_manual(tmp_path / "absent.txt")
    with pytest.raises(InputError, match=r"is not UTF-8 text \(byte 5\)"):
        read_manual(manual(b"keep \xff"))


def test_what_is_written_is_sorted_and_read_again(tmp_path):
    marks = {"b": True, "a": False, 'c "d" <&> é': True, "\U0001f3de": False, "\uff5e": True}
    write_manual(tmp_path / "m.txt", marks)
    comment, *lines = (tmp_path / "m.txt").read_text(encoding="utf-8").splitlines()
    assert comment.startswith("#")
    assert lines == ["drop a", "keep b", 'keep c "d" <&> é', "keep \uff5e", "drop \U0001f3de"]
    assert read_manual(tmp_path / "m.txt") == marks


@pytest.mark.parametrize("stem", ["a\nb", "a\rdrop b", " a", "a ", "\udcff", "#a"])
def test_a_stem_that_does_not_fit_is_refused(tmp_path, stem):
    with pytest.raises(InputError, match="m.txt: cannot name .*: name "):
        write_manual(tmp_path / "m.txt", {"a": True, stem: True})
    assert not (tmp_path / "m.txt").exists()
