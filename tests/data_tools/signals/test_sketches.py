"""The small forms of a set on disk: what `open_sketches` accepts and what it refuses."""

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.signals.sketches import (
    CHANNELS,
    COLUMNS,
    HASH_BITS,
    ROWS,
    SHAPES,
    Sketches,
    create_sketches,
    open_sketches,
)


@pytest.fixture
def folder(tmp_path, rng):
    sketches = create_sketches(tmp_path / "sketches", 5)
    for array in sketches:
        array[:] = rng.integers(0, 256, array.shape)
        array.flush()
    return tmp_path / "sketches"


def test_a_pair_has_24_rows_of_32_cells_and_takes_7_kilobytes():
    """Other shapes are another format: sketches of an earlier scan could not be read."""
    assert Sketches((24, 32), (24, 32, CHANNELS), (HASH_BITS,)) == SHAPES and (ROWS, COLUMNS) == (24, 32)
    assert sum(int(np.prod(shape)) for shape in SHAPES) == 768 + 6144 + 143


def test_what_is_filled_in_is_read_again(tmp_path, rng):
    sketches = create_sketches(tmp_path / "a" / "b", 3)
    values = [rng.integers(0, 256, array.shape).astype(np.uint8) for array in sketches]
    for array, value in zip(sketches, values):
        assert array.shape[0] == 3 and array.dtype == np.uint8
        array[:] = value
        array.flush()
    assert all((array == value).all() for array, value in zip(open_sketches(tmp_path / "a" / "b"), values))


def test_they_are_read_piece_by_piece_and_cannot_be_written(folder):
    sketches = open_sketches(folder)
    assert all(isinstance(array, np.memmap) for array in sketches)
    with pytest.raises(ValueError, match="read-only"):
        sketches.classes[0] = 1


def test_creating_again_replaces_what_was_there(folder):
    create_sketches(folder, 2)
    assert [len(array) for array in open_sketches(folder)] == [2, 2, 2]


@pytest.mark.parametrize("name", Sketches._fields)
def test_a_missing_file_is_named(folder, name):
    (folder / f"{name}.npy").unlink()
    with pytest.raises(InputError, match=rf"{name}\.npy: cannot be read .*; run scan again"):
        open_sketches(folder)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no array"),
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        lambda path: np.save(path, np.array([{}], object), allow_pickle=True),
    ],
    ids=["empty", "other", "cut off", "pickled"],
)
def test_a_damaged_file_is_refused_in_one_line(folder, damage):
    damage(folder / "features.npy")
    with pytest.raises(InputError, match=r"features\.npy: cannot be read") as info:
        open_sketches(folder)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    "array, words",
    [
        (np.zeros((5, HASH_BITS)), rf"holds float64 \[5, {HASH_BITS}\]; uint8 \[n, {HASH_BITS}\] is needed"),
        (np.zeros((5, HASH_BITS + 1), np.uint8), rf"holds uint8 \[5, {HASH_BITS + 1}\]"),
        (np.zeros(HASH_BITS, np.uint8), "holds uint8"),
    ],
)
def test_an_array_of_another_kind_is_refused(folder, array, words):
    np.save(folder / "hashes.npy", array)
    with pytest.raises(InputError, match=words):
        open_sketches(folder)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "sketches").write_bytes(b"")
    with pytest.raises(InputError, match="sketches: is a file; a folder is needed"):
        create_sketches(tmp_path / "sketches", 1)


@pytest.mark.parametrize("damage", [(b"'shape'", b"'shape"), (b"(2,", b"(-2"), (b"}", b" "), (b"NUMPY", b"NUMPX")])
def test_damaged_sketches_are_named(tmp_path, damage):
    create_sketches(tmp_path, 2)
    content = (tmp_path / "classes.npy").read_bytes()
    assert damage[0] in content
    (tmp_path / "classes.npy").write_bytes(content.replace(*damage, 1))
    with pytest.raises(InputError, match="classes.npy: .*run scan again"):
        open_sketches(tmp_path)


def test_an_archive_in_place_of_sketches_is_named(tmp_path):
    create_sketches(tmp_path, 2)
    with open(tmp_path / "classes.npy", "wb") as file:
        np.savez(file, a=np.zeros(2))
    with pytest.raises(InputError, match="classes.npy: holds several arrays"):
        open_sketches(tmp_path)
