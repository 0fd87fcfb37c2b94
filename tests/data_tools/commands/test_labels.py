"""`labels`: pictures in colours become label maps and back. What the palette lacks is named."""

import numpy as np
import pytest
from PIL import Image

from data_tools.__main__ import main
from data_tools.sets.classes import colorize
from data_tools.sets.image_io import read_instances, read_label, read_photo, write_label
from helpers.small_images import LABEL, save


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return tmp_path


def from_colors(*options):
    return main(["labels", "--from-colors", "in", "--palette", "landscape", "--out", "out", *options])


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "A.PNG", "a.webp"])
def test_there_and_back_changes_nothing(place, name):
    save(place / "in" / name, colorize(LABEL), **({"lossless": True} if name.endswith("webp") else {}))
    assert from_colors() == 0
    (made,) = (place / "out").iterdir()
    assert np.array_equal(read_label(made), LABEL)
    assert Image.open(made).mode.startswith("I;16")  # the contest's format
    assert main(["labels", "--to-colors", "out", "--palette", "landscape", "--out", "back"]) == 0
    assert np.array_equal(read_photo(place / "back" / made.name), colorize(LABEL))


def test_each_colour_that_the_palette_lacks_is_named(place, capsys):
    picture = colorize(LABEL)
    picture[0, 1], picture[1, 1:] = (1, 2, 3), (9, 9, 9)
    save(place / "in/a.png", picture)
    save(place / "in/b.png", colorize(LABEL))
    assert from_colors() == 1
    out, errors = capsys.readouterr()
    assert "in/a.png: colour (9, 9, 9), 2 pixels, the first at x=1, y=1" in out
    assert "in/a.png: colour (1, 2, 3), 1 pixel, the first at x=1, y=0; nearest is id " in out
    assert "1 of 2 files written" in errors and "--nearest" in errors
    assert [path.name for path in (place / "out").iterdir()] == ["b.png"]


def test_quiet_leaves_only_what_is_not_written(place, capsys):
    save(place / "in/a.png", colorize(LABEL))
    assert from_colors("-q") == 0 and capsys.readouterr() == ("", "")
    save(place / "in/b.png", np.full((4, 4, 3), 9, np.uint8))
    assert from_colors("-q") == 1
    out, errors = capsys.readouterr()
    assert out.startswith("not in the palette: in/b.png: ") and out.count("\n") == 1
    assert errors.startswith("not written because of what the palette lacks: 1 file") and errors.count("\n") == 1


@pytest.mark.parametrize("spelling", ["colors", "colours"])
def test_one_file_is_enough_in_both_spellings(place, capsys, spelling):
    for name in "ab":
        save(place / f"in/{name}.png", colorize(LABEL))
    (place / "out").mkdir()
    save(place / "out/other.png", LABEL)
    options = ["--palette", "landscape", "--out"]
    assert main(["labels", f"--from-{spelling}", "in/a.png", *options, "out"]) == 0
    assert np.array_equal(read_label(place / "out/a.png"), LABEL)
    assert sorted(path.name for path in (place / "out").iterdir()) == ["a.png", "other.png"]
    assert main(["labels", f"--to-{spelling}", "out/a.png", *options, "back"]) == 0
    assert np.array_equal(read_photo(place / "back/a.png"), colorize(LABEL))
    assert main(["labels", f"--to-{spelling}", "out/a.png", *options, "out"]) == 2
    assert "--out out: is the folder of the file that is read" in capsys.readouterr().err


@pytest.mark.parametrize("option, expected", [(["--nearest"], 0), (["--unknown-id", "300"], 300)])
def test_other_colours_are_taken_only_when_asked_and_counted(place, capsys, option, expected):
    picture = colorize(LABEL)
    picture[0, 0] = (125, 112, 134)  # one step from mountain, whose id is 0
    save(place / "in/a.png", picture)
    assert from_colors(*option) == 0
    out, errors = capsys.readouterr()
    assert "changed: in/a.png: colour (125, 112, 134), 1 pixel," in out and "in 1 file; 1 pixel changed" in errors
    wanted = LABEL.astype(np.int32)
    wanted[0, 0] = expected
    assert np.array_equal(read_instances(place / "out/a.png"), wanted)


def test_a_picture_with_very_many_colours_is_told_in_few_lines(place, capsys):
    save(place / "in/a.png", np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    assert from_colors() == 1
    out = capsys.readouterr().out.splitlines()
    assert len(out) < 25 and "more, together" in out[-1]


def test_of_palette_images_colours_count_or_the_indices_are_kept(place):
    image = Image.fromarray(np.array([[5, 0]], np.uint8), "P")
    image.putpalette([150, 206, 250] + [0] * 12 + [24, 104, 44])  # index 0 is drawn as sky, index 5 as tree
    image.save(place / "in/a.png")
    assert from_colors() == 0
    assert read_label(place / "out/a.png").tolist() == [[5, 1]]  # ids of tree and sky
    assert from_colors("--keep-indices") == 0
    assert read_label(place / "out/a.png").tolist() == [[5, 0]]


def test_ids_above_255_work_both_ways(place):
    (place / "many.txt").write_text("".join(f"{300 + k} {k % 256} {k // 256} 7 c{k}\n" for k in range(1000)))
    ids = np.arange(300, 1300).reshape(20, 50)
    (place / "ids").mkdir()
    write_label(place / "ids/a.png", ids)
    assert main(["labels", "--to-colors", "ids", "--palette", "many.txt", "--out", "in"]) == 0
    assert main(["labels", "--from-colors", "in", "--palette", "many.txt", "--out", "out"]) == 0
    assert np.array_equal(read_instances(place / "out/a.png"), ids)


def test_an_id_without_a_colour_is_named(place, capsys):
    write_label(place / "in/a.png", np.array([[0, 77]]))
    assert main(["labels", "--to-colors", "in", "--palette", "landscape", "--out", "out"]) == 1
    assert "in/a.png: id 77, 1 pixel, the first at x=1, y=0" in capsys.readouterr().out


def test_what_is_not_written_now_does_not_stay_from_before(place, capsys):
    save(place / "in/a.png", colorize(LABEL))
    assert from_colors() == 0
    picture = colorize(LABEL)
    picture[0, 0] = 1
    save(place / "in/a.png", picture)
    assert from_colors() == 1
    assert not list((place / "out").iterdir()) and "earlier run" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["empty", "grey of 16 bits"])
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_written(place, capsys, damage):
    save(place / "in/b.png", colorize(LABEL))
    write_label(place / "in/a.png", LABEL)
    if damage == "empty":
        (place / "in/a.png").write_bytes(b"")
    assert from_colors() == 1
    assert f"in/a.png: is {damage}" in capsys.readouterr().out
    assert [path.name for path in (place / "out").iterdir()] == ["b.png"]


@pytest.mark.parametrize(
    "words, message",
    [
        (["--from-colors", "in"], "--palette FILE: is missing"),
        (["--from-colors", "in", "--palette", "mask"], "--out DIR: is missing"),
        (["--from-colors", "in", "--palette", "mask", "--out", "in"], "is the folder that is read"),
        (["--from-colors", "in", "--palette", "mask", "--out", "other"], "holds 1 files that are not of this set"),
        (["--from-colors", "other", "--palette", "mask", "--out", "out"], "holds no pictures"),
        (["--from-colors", "in", "--palette", "none", "--out", "out"], "none: no such file"),
        (["--to-colors", "in", "--palette", "mask", "--out", "out", "--nearest"], "are for --from-colors"),
        (["--from-colors", "in", "--palette", "mask", "--out", "o", "--nearest", "--unknown-id", "2"], "only one"),
        (["--from-colors", "in", "--palette", "mask", "--out", "in/a.png"], "is a file; a folder is needed there"),
        (["--write-palette", "p.png"], "allowed are .json, .gpl, .txt"),
        (["--write-palette", "p.gpl", "--palette", "mask"], "has no other options"),
        (["--from-colors", "double", "--palette", "mask", "--out", "out"], "both would be written as a.png"),
    ],
)
def test_a_mistake_gets_one_line(place, capsys, words, message):
    save(place / "in/a.png", colorize(LABEL))
    for folder in ("other", "double"):
        (place / folder).mkdir()
    (place / "other/notes.txt").write_text("")
    save(place / "double/a.png", LABEL)
    save(place / "double/a.bmp", LABEL)
    assert main(["labels", *words]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and message in error
