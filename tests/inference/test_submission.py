"""The submission: flat, complete, and checked after packing."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import write_photo
from helpers.same_bytes import assert_same_bytes
from jittor_tsit.inference.submission import pack, verify

STEMS, SIZE = ["a b", "山", "c"], (32, 16)


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for k, stem in enumerate(STEMS):
        write_photo(folder / f"{stem}.jpg", np.full((SIZE[1], SIZE[0], 3), 40 * k, np.uint8))
    (folder / "left over.jpg").write_bytes(b"of an earlier run")
    return folder


def test_a_packed_submission_is_good_and_flat(images, tmp_path):
    path = tmp_path / "submission.zip"
    pack(images, STEMS, path, SIZE)
    verify(path, STEMS, SIZE)
    assert zipfile.ZipFile(path).namelist() == [f"{stem}.jpg" for stem in STEMS]


def test_packing_twice_gives_the_same_bytes(images, tmp_path):
    for name in ("1.zip", "2.zip"):
        pack(images, STEMS, tmp_path / name, SIZE)
    assert_same_bytes(tmp_path / "1.zip", tmp_path / "2.zip")


def test_a_missing_image_is_found(images, tmp_path):
    pack(images, STEMS[:2], tmp_path / "s.zip", SIZE)
    with pytest.raises(InputError, match="holds 2 files, not one for each of the 3"):
        verify(tmp_path / "s.zip", STEMS, SIZE)


def test_a_stranger_is_found(images, tmp_path):
    pack(images, STEMS, tmp_path / "s.zip", SIZE)
    with pytest.raises(InputError, match="c.jpg belongs to no label map"):
        verify(tmp_path / "s.zip", ["a b", "山", "d"], SIZE)


def test_a_name_twice_is_found(images, tmp_path):
    path = tmp_path / "s.zip"
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "w") as archive:
        for name in ("a b.jpg", "a b.jpg", "c.jpg"):
            archive.write(images / name, name)
    with pytest.raises(InputError, match="lacks 山.jpg, and holds another file twice"):
        verify(path, STEMS, SIZE)


def test_a_faulty_submission_does_not_replace_a_good_one(images, tmp_path):
    path = tmp_path / "s.zip"
    pack(images, STEMS, path, SIZE)
    good = path.read_bytes()
    with pytest.raises(InputError, match=r"a b.jpg is a JPEG RGB of \(32, 16\), not"):
        pack(images, STEMS, path, (512, 384))
    assert_same_bytes(path, good)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("mode, kind", [("L", "JPEG"), ("RGB", "PNG")])
def test_another_mode_or_format_is_found(images, tmp_path, mode, kind):
    Image.new(mode, SIZE).save(images / "c.jpg", kind)
    with pytest.raises(InputError, match=f"c.jpg is a {kind} {mode}"):
        pack(images, STEMS, tmp_path / "s.zip", SIZE)


def test_a_damaged_image_and_a_damaged_zip_are_found(images, tmp_path):
    (images / "c.jpg").write_bytes((images / "c.jpg").read_bytes()[:50])
    with pytest.raises(InputError, match="c.jpg is not a readable image"):
        pack(images, STEMS, tmp_path / "s.zip", SIZE)
    (tmp_path / "s.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match="not a readable zip"):
        verify(tmp_path / "s.zip", STEMS, SIZE)
