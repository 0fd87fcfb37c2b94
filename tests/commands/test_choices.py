"""Options that take one word of a list accept it in upper and in lower case."""

import pytest

from jittor_tsit.__main__ import parser

SCORE = ("score", "--images", "a")
CONVERT = ("convert", "--from", "a", "--out", "b")


@pytest.mark.parametrize(
    "words, name, expected",
    [
        (("test", "--format", "PNG"), "format", "png"),
        (("test", "--format", ".JPEG"), "format", "jpg"),
        (("test", "--device", "CPU"), "device", "cpu"),
        (("train", "--on-nan", "SKIP"), "on_nan", "skip"),
        ((*SCORE, "--board", "2023A"), "board", "2023a"),
        ((*CONVERT, "--system", "TSIT"), "system", "tsit"),
    ],
)
def test_case_does_not_matter(words, name, expected):
    assert getattr(parser(with_tools=False).parse_args(words), name) == expected


def test_another_format_is_still_refused(capsys):
    with pytest.raises(SystemExit):
        parser(with_tools=False).parse_args(["test", "--format", "GIF"])
    assert "invalid choice: 'gif' (choose from" in capsys.readouterr().err
