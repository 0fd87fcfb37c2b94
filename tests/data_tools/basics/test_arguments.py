"""Arguments of another type in the Python interfaces: one line that names the argument, never an error from within."""

from pathlib import Path

import numpy as np
import pytest

import data_tools
import jittor_tsit as jts
from data_tools.basics.arguments import as_flag, as_optional_path, as_optional_whole, as_pair, as_path, as_whole, given


def test_right_types_are_taken():
    assert as_path("a", "x") == as_path(Path("a"), "x") == Path("a")
    assert as_optional_path(None, "x") is None and as_optional_whole(None, "x", 0) is None
    assert as_whole(np.int64(3), "x", 0) == 3
    assert as_pair([4, np.uint8(5)], "x", "two", 1) == as_pair(np.array([4, 5]), "x", "two", 1) == (4, 5)
    assert as_flag(np.bool_(True), "x") is True


def test_a_long_value_is_cut():
    assert len(given("inputs", list(range(1000)))) < 80


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda place: jts.load(5), "path=5: a path is needed"),
        (lambda place: jts.load(""), "path='': a path is needed"),
        (lambda place: jts.score(5), "images=5: a path is needed"),
        (lambda place: jts.score(place, real=[1]), r"real=\[1\]: a path is needed"),
        (lambda place: jts.score(place, num_classes="29"), "num_classes='29': a whole number of at least 1 is needed"),
        (lambda place: jts.score(place, unknown_id=0.5), "unknown_id=0.5: a whole number of at least 0 is needed"),
        (lambda place: data_tools.check(5), "data=5: a path is needed"),
        (lambda place: data_tools.check(place, num_classes=None), "num_classes=None: a whole number"),
        (lambda place: data_tools.check(place, workers="2"), "workers='2': allowed are 0"),
        (lambda place: data_tools.stats(place, class_names=3), "class_names=3: a path is needed"),
        (lambda place: data_tools.scan(place, None), "out=None: a path is needed"),
        (
            lambda place: data_tools.select(place, keep=5),
            "keep=5: needed is the numbers of pairs",
        ),
        (lambda place: data_tools.select(place, limits=[1]), r"limits=\[1\]: a dict is needed"),
        (lambda place: data_tools.select(place, limits={"blur": "x"}), "limits=.*: a dict is needed"),
        (lambda place: data_tools.select(place, disagreement="a.csv"), "disagreement='a.csv': a list of paths"),
        (lambda place: data_tools.synth(place / "s", "3", 0), "count='3': a whole number"),
        (lambda place: data_tools.synth(place / "s", 3, True), "seed=True: a whole number"),
        (lambda place: data_tools.synth(place / "s", 3, 0, size=64), r"size=64: needed is \(width, height\) in pixels"),
        (
            lambda place: data_tools.synth(place / "s", 3, 0, size=(64, 4.5)),
            r"size=.*, two whole numbers of at least 1",
        ),
        (lambda place: data_tools.read_photo(0), "path=0: a path is needed"),  # not the standard input
        (lambda place: data_tools.read_label(None), "path=None: a path is needed"),
        (lambda place: data_tools.find_pairs(5), "root=5: a path is needed"),
    ],
)
def test_wrong_types_are_refused_with_the_name_of_the_argument(tmp_path, call, message):
    for folder in ("imgs", "labels"):
        (tmp_path / folder).mkdir()
    (tmp_path / "imgs/a.jpg").write_bytes(b"")
    with pytest.raises(jts.InputError, match=f"^{message}"):
        call(tmp_path)
