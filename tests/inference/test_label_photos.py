"""The command `label`: what it makes, keeps and refuses, with segmenters in Python files."""

import csv

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_label, write_label, write_photo
from jittor_tsit.__main__ import main
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.inference.label_photos import RECORD, ids_in_file

PLAIN = """
import numpy as np

def segment(photo):
    return (photo[:, :, 0] > 128).astype(np.uint8)
"""
SURE = (
    PLAIN
    + """
def probabilities(photo):
    bright = np.where(photo[:, :, 0] > 128, 0.9, 0.2)
    return np.stack([1 - bright, bright])
"""
)
WIDTH, HEIGHT = 40, 20


@pytest.fixture
def place(tmp_path):
    """Three photographs whose left, middle and right parts are dark and bright, and two segmenters."""
    (tmp_path / "photos").mkdir()
    for k in range(3):
        photo = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        photo[:, 10 * (k + 1) :] = 250
        write_photo(tmp_path / f"photos/{k}.jpg", photo)
    (tmp_path / "plain.py").write_text(PLAIN)
    (tmp_path / "sure.py").write_text(SURE)
    return tmp_path


def label(place, segmenter="sure.py", images="photos", out="out", more=()):
    options = "--images", place / images, "--segmenter", place / segmenter, "--out", place / out, "--device", "cpu"
    return main(["label", *map(str, options), *more])


def table(place):
    with open(place / "out/labels.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def times(place):
    return {path.name: path.stat().st_mtime_ns for path in (place / "out/labels").iterdir()}


def test_every_photograph_gets_a_label_map_and_a_confidence(place, capsys):
    assert label(place) == 0
    for k in range(3):
        ids = read_label(place / f"out/labels/{k}.png")
        assert ids.shape == (HEIGHT, WIDTH) and ids[:, 0].max() == 0 and ids[:, -1].min() == 1
        with Image.open(place / f"out/labels/{k}.png") as image:
            assert image.mode == "I;16"  # the contest's form
    rows = table(place)
    assert [row["stem"] for row in rows] == ["0", "1", "2"]
    assert [float(row["confidence"]) for row in rows] == pytest.approx([0.875, 0.85, 0.825], abs=0.003)
    assert [row["classes"] for row in rows] == ["sky; mountain", "mountain; sky", "mountain; sky"]
    assert (place / "out/compare.png").exists()
    assert "mean confidence 0.850" in capsys.readouterr().out


def test_a_segmenter_without_probabilities_gives_no_confidence_and_says_so(place, capsys):
    assert label(place, "plain.py") == 0
    assert {row["confidence"] for row in table(place)} == {""}
    assert "no confidence: " in capsys.readouterr().out


def test_quiet_leaves_only_what_is_passed_over(place, capsys):
    (place / "photos/1.jpg").write_bytes(b"x")
    assert label(place, more=["-q"]) == 1
    out, errors = capsys.readouterr()
    assert out == "" and errors.startswith("passed over: ") and errors.count("\n") == 1


def test_one_photograph_is_enough(place):
    assert label(place, images="photos/1.jpg") == 0
    assert [row["stem"] for row in table(place)] == ["1"]


def test_a_second_call_makes_only_what_has_changed(place, capsys):
    assert label(place) == 0
    before, rows = times(place), table(place)
    assert label(place) == 0
    assert times(place) == before and table(place) == rows
    assert "0 label maps made; 3 of an earlier call kept" in capsys.readouterr().out
    write_photo(place / "photos/1.jpg", np.full((HEIGHT, WIDTH, 3), 250, np.uint8))
    write_photo(place / "photos/3.jpg", np.full((HEIGHT, WIDTH, 3), 250, np.uint8))
    assert label(place) == 0
    changed = {name for name, time in times(place).items() if before.get(name) != time}
    assert changed == {"1.png", "3.png"}
    assert [row["confidence"] for row in table(place)][1] == "0.9000"


def test_another_segmenter_makes_all_anew(place):
    assert label(place) == 0
    before = times(place)
    assert label(place, "plain.py") == 0
    assert all(times(place)[name] != time for name, time in before.items())


def test_a_label_map_that_somebody_corrected_is_kept(place, capsys):
    assert label(place) == 0
    write_label(place / "out/labels/0.png", np.full((HEIGHT, WIDTH), 5))
    assert label(place, "plain.py") == 0
    assert (read_label(place / "out/labels/0.png") == 5).all()
    assert "2 label maps made; 1 that somebody else made or changed kept" in capsys.readouterr().out
    assert table(place)[0] == {"stem": "0", "confidence": "", "classes": "tree"}


def test_a_record_that_a_crash_cut_off_costs_only_its_last_line(place):
    assert label(place) == 0
    before = times(place)
    (place / "out/labels/2.png").unlink()
    lines = (place / "out" / RECORD).read_text().splitlines()
    (place / "out" / RECORD).write_text("\n".join([*lines[:2], lines[2][:40]]))
    assert label(place) == 0
    assert {name for name, time in times(place).items() if before[name] != time} == {"2.png"}
    assert len(table(place)) == 3


def write(text):
    def fault(place):
        (place / "sure.py").write_text(text)

    return fault


def remove_photos(place):
    for path in (place / "photos").iterdir():
        path.unlink()


def damage_all(place):
    for path in (place / "photos").iterdir():
        path.write_bytes(b"x")


def cut(path):
    """Leave the header, so that only the pixels show the damage."""
    path.write_bytes(path.read_bytes()[:-20])


def cut_all(place):
    for path in (place / "photos").iterdir():
        cut(path)


@pytest.mark.parametrize(
    "fault, words", [(lambda path: path.write_bytes(b"x"), "is not an image"), (cut, "is damaged: ")]
)
def test_a_damaged_photograph_is_passed_over_and_named(place, capsys, fault, words):
    fault(place / "photos/1.jpg")
    assert label(place) == 1
    assert f"passed over: {place}/photos/1.jpg: {words}" in capsys.readouterr().err
    assert [row["stem"] for row in table(place)] == ["0", "2"]


def test_the_label_map_of_a_photograph_that_was_damaged_later_stays(place):
    assert label(place) == 0
    before = times(place)
    cut(place / "photos/1.jpg")
    assert label(place) == 1 and label(place) == 1 and times(place) == before
    assert [row["stem"] for row in table(place)] == ["0", "2"]


def test_more_classes_than_the_landscapes_must_be_asked_for(place, capsys):
    (place / "many.py").write_text("def segment(photo):\n    return photo[:, :, 0] // 2\n")
    assert label(place, "many.py") == 2
    assert label(place, "many.py", more=["--num-classes", "256"]) == 2
    assert "--num-classes 256: allowed are 1 to 255" in capsys.readouterr().err
    assert label(place, "many.py", more=["--num-classes", "150"]) == 0


@pytest.mark.parametrize(
    "fault, message",
    [
        (lambda place: (place / "sure.py").unlink(), "sure.py: no such file; train one by `"),
        (remove_photos, "photos: holds no images"),
        (lambda place: (place / "photos").rename(place / "other"), "--images .*photos: no such file or folder"),
        (damage_all, "photos/0.jpg: is not an image"),
        (cut_all, "none of 3 photos can be read; the first: .*photos/0.jpg: is damaged"),
        (lambda place: (place / "photos/1.png").write_bytes(b"x"), "1.jpg and 1.png would get one label map"),
        (lambda place: (place / "out").write_text(""), "--out .*out: is a file; a folder is needed there"),
        (write("x ="), "sure.py: cannot be loaded: SyntaxError"),
        (write("def segment(photo): return photo[:5, :, 0]"), r"gave \(5, 40\) ids for .*0.jpg, which has \(20, 40\)"),
        (
            write("def segment(photo): return photo[:, :, 0].astype(int) - 300"),
            "gave ids -300 to .*; the classes have 0 to 28; --num-classes N admits more, up to 255",
        ),
        (
            write(PLAIN.replace("np.uint8", "int") + "segment = lambda photo: photo[:, :, 0] * 0 + 29"),
            "ids 29 to 29 for",
        ),
        (write(PLAIN + "def probabilities(photo): return photo"), "probabilities.photo. gave uint8 of shape"),
        (
            write(PLAIN + "def probabilities(photo): return np.ones((20, 40, 2))"),
            r"gave float64 of shape \(20, 40, 2\) for a photo of \(20, 40\) pixels; \[K, H, W\] from 0 to 1",
        ),
    ],
)
def test_faults_are_named_in_one_line(place, capsys, fault, message):
    fault(place)
    assert label(place) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(InputError, match=message):
        raise InputError(error)


def test_label_maps_of_two_sets_are_never_mixed(place, capsys):
    assert label(place) == 0
    (place / "photos/2.jpg").rename(place / "photos/new.jpg")
    before = times(place)
    assert label(place) == 2 and times(place) == before
    assert "labels: holds 1 label maps made earlier from photos that are not here, the first is 2.png" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("unknown, expected", [(None, [0, 1, 2]), (255, [0, 1, 255]), (0, [1, 2, 0])])
def test_ids_are_those_of_the_files_that_the_segmenter_learned_from(unknown, expected):
    ids = np.array([[0, 1, 2]], np.uint8)
    assert ids_in_file(ids, LabelMaps(2, unknown)).tolist() == [expected]
