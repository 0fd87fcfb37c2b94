"""What `test` finds in its output folder: kept, made again, removed, set aside, and never lost."""

import json

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.inference.results import ASIDE, OLD_RECORD, RECORD, digest, prepare_folder, read_record


def save(out, **files):
    """Write files below `out`/images: stem -> text."""
    (out / "images").mkdir(parents=True, exist_ok=True)
    for stem, text in files.items():
        (out / f"images/{stem}.jpg").write_text(text)


def keys(**of):
    return {f"images/{stem}.jpg": key for stem, key in of.items()}


def images(out):
    return {path.stem: path.read_text() for path in (out / "images").iterdir()}


def test_images_of_the_same_inputs_stay(tmp_path):
    prepare_folder(tmp_path, keys(a="1", b="2"))
    save(tmp_path, a="A")  # the command was killed before b
    prepare_folder(tmp_path, keys(a="1", b="2"))
    assert images(tmp_path) == {"a": "A"}


def test_an_image_of_another_input_under_its_name_is_removed(tmp_path):
    prepare_folder(tmp_path, keys(a="1", b="2", c="3"))
    save(tmp_path, a="A", b="B", c="C")
    prepare_folder(tmp_path, keys(b="1", c="2", d="3"))  # every input renamed
    assert images(tmp_path) == {}


def test_images_of_another_set_do_not_stay(tmp_path):
    prepare_folder(tmp_path, {**keys(a="1"), "compare.png": "1", "submission.zip": "1"})
    save(tmp_path, a="A")
    for name in ("compare.png", "submission.zip"):
        (tmp_path / name).write_text("of a")
    prepare_folder(tmp_path, {**keys(b="2"), "compare.png": "2", "submission.zip": "2"})
    assert images(tmp_path) == {} and not (tmp_path / "compare.png").exists()
    assert not (tmp_path / "submission.zip").exists()


def test_files_of_the_user_stay_and_are_told(tmp_path, capsys):
    save(tmp_path, mine="kept")
    prepare_folder(tmp_path, keys(a="1"))
    prepare_folder(tmp_path, keys(b="2"))
    assert images(tmp_path) == {"mine": "kept"}
    assert "1 files that test did not make stay here, the first is mine.jpg" in capsys.readouterr().err


def test_a_file_of_the_user_in_an_images_place_is_set_aside(tmp_path, capsys):
    for number in (1, 2):
        save(tmp_path, a=f"mine {number}")
        prepare_folder(tmp_path, keys(a="1"))
        (tmp_path / RECORD).unlink()
    kept = {path.name: path.read_text() for path in (tmp_path / ASIDE / "images").iterdir()}
    assert kept == {"a.jpg": "mine 1", "a-2.jpg": "mine 2"} and images(tmp_path) == {}
    assert "was not made by test; moved to" in capsys.readouterr().err


def test_images_of_an_older_version_are_made_again(tmp_path):
    save(tmp_path, a="old")
    (tmp_path / OLD_RECORD).write_text("key")
    prepare_folder(tmp_path, keys(a="1"))
    assert images(tmp_path) == {} and not (tmp_path / ASIDE).exists() and not (tmp_path / OLD_RECORD).exists()


def test_an_input_is_never_replaced(tmp_path):
    save(tmp_path, a="a photo")
    with pytest.raises(InputError, match="a.jpg: the result would replace this input; name another folder by --out"):
        prepare_folder(tmp_path, keys(a="1"), [tmp_path / "images/a.jpg"])
    assert images(tmp_path) == {"a": "a photo"} and not (tmp_path / RECORD).exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"images/a.jpg": 1}', '{"../mine.jpg": "x", "/etc/x": "x"}'])
def test_a_damaged_record_deletes_nothing(tmp_path, text):
    out = tmp_path / "out"
    save(out, b="kept")
    (tmp_path / "mine.jpg").write_text("mine")
    (out / RECORD).write_text(text)
    assert read_record(out) == {}
    prepare_folder(out, keys(c="1"))
    assert images(out) == {"b": "kept"} and (tmp_path / "mine.jpg").exists()


def test_the_record_holds_what_was_wanted(tmp_path):
    prepare_folder(tmp_path / "new/out", keys(a="1", b="2"))
    assert json.loads((tmp_path / "new/out" / RECORD).read_text()) == keys(a="1", b="2")


def test_digests_tell_values_shapes_and_names_apart():
    ones = np.ones((2, 3), np.uint8)
    made = [
        digest(ones),
        digest(ones.T),
        digest(ones.astype(np.int32)),
        digest(ones, "a"),
        digest("a"),
        digest("\udcff"),
    ]
    assert len(set(made)) == len(made)


def test_a_result_with_too_long_a_name_is_refused_before_anything_is_made(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match="would have 256 bytes, and at most 255 are allowed; shorten .* by 1 or more"):
        prepare_folder(out, keys(**{"y" * 250 + "_1": "1"}, a="2"))
    assert not out.exists()
