"""The file of decoded pairs by itself: its layout, what makes it stale, and when its bytes are on the disk."""

import dataclasses
import json
import os
import struct
import zlib

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.pairing import Pair
from jittor_tsit.data.cache_file import PairCache, head_of, stamp_of, write_cache
from jittor_tsit.data.cached_pairs import form_of
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.samples import Augmentation, PairedSamples

SHAPES = [("|u1", [2, 3]), ("<i4", [2])]  # 14 bytes a record
FORM = {"width": 3, "height": 2}
STAMPS = {"a": [["a.jpg", 5, 6]], "b": [["b.jpg", 7, 8]], "c": [["c.jpg", 9, 9]]}
PAIRS = {
    "a": (np.arange(6, dtype=np.uint8).reshape(2, 3), np.int32([-1, 70_000])),
    "c": (np.full((2, 3), 200, np.uint8), np.int32([1, 2])),
}


@pytest.fixture
def path(tmp_path):
    """A cache of three pairs, the second of which cannot be read."""
    found = [("a", PAIRS["a"]), ("b", None), ("c", PAIRS["c"])]
    write_cache(tmp_path / "cache", FORM, SHAPES, STAMPS, found)
    return tmp_path / "cache"


def test_the_arrays_come_back_and_a_pair_that_cannot_be_read_has_none(path):
    cache = PairCache(path)
    assert "a" in cache and "b" not in cache and "c" in cache
    for stem, arrays in PAIRS.items():
        for ours, theirs in zip(cache.read(stem), arrays):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


def test_the_layout_is_the_one_that_is_described(path):
    data = path.read_bytes()
    begin, length, crc = struct.unpack("<QQI", data[28:48])
    assert data[:28] == b"jittor_tsit pairs, layout 1\n" and begin == 4096 + 2 * 14 and begin + length == len(data)
    assert zlib.crc32(data[begin:]) == crc
    index = json.loads(data[begin:])
    records = {stem: b"".join(array.tobytes() for array in arrays) for stem, arrays in PAIRS.items()}
    assert data[4096:begin] == records["a"] + records["c"]
    assert index == {
        "form": FORM,
        "arrays": [list(shape) for shape in SHAPES],
        "pairs": STAMPS,
        "records": {"a": [0, zlib.crc32(records["a"])], "c": [1, zlib.crc32(records["c"])]},
    }


def test_it_holds_what_it_was_made_of_and_any_part_of_it(path):
    cache = PairCache(path)
    assert cache.mismatch(FORM, STAMPS) == "" == cache.mismatch(FORM, {"c": STAMPS["c"]}) == cache.mismatch(FORM, {})
    assert cache.mismatch({**FORM, "width": 4}, STAMPS) == "was made with width=3, but this run needs 4"
    assert cache.mismatch({**FORM, "x": 1}, STAMPS) == "was made with x=None, but this run needs 1"
    assert cache.mismatch({"width": 3}, STAMPS) == "was made with height=2, but this run needs None"
    assert cache.mismatch(FORM, {**STAMPS, "d": []}) == "does not have the pair d"
    for stamp in (["b.jpg", 7, 9], ["b.jpg", 8, 8], ["b.png", 7, 8]):
        assert cache.mismatch(FORM, {**STAMPS, "b": [stamp]}) == "the pair b has changed since the cache was made"


@pytest.mark.parametrize("shapes", [[], [("|u1", [0, 3])], [("|u1", [2, -3])], [("<f4", [2, 3])], [("|u1", [2, 4])]])
def test_an_index_that_does_not_fit_its_records_is_refused(path, shapes):
    data = path.read_bytes()
    begin = 4096 + 28
    index = json.dumps({**json.loads(data[begin:]), "arrays": shapes}).encode()
    path.write_bytes(head_of(index, begin) + data[48:begin] + index)
    with pytest.raises(InputError, match="28 bytes of records do not fit its index; delete it"):
        PairCache(path)


@pytest.mark.parametrize("number", [-1, 2])
def test_a_record_that_is_none_of_the_files_is_refused(path, number):
    data = path.read_bytes()
    begin = 4096 + 28
    index = json.dumps({**json.loads(data[begin:]), "records": {"a": [number, 0]}}).encode()
    path.write_bytes(head_of(index, begin) + data[48:begin] + index)
    with pytest.raises(InputError, match="do not fit its index"):
        PairCache(path)


MAPS = LabelMaps(29)
SAMPLES = PairedSamples([Pair("a", None, None)], MAPS, Augmentation((6, 4), (6, 4), flip=True), seeds=(0,))


def test_whatever_the_arrays_depend_on_is_in_the_form():
    changed = [
        dataclasses.replace(SAMPLES, augmentation=Augmentation((7, 4), (6, 4), flip=True)),
        dataclasses.replace(SAMPLES, augmentation=Augmentation((6, 5), (6, 4), flip=True)),
        *(
            dataclasses.replace(SAMPLES, label_maps=maps)
            for maps in (
                LabelMaps(28),
                LabelMaps(29, unknown=0),
                LabelMaps(29, unknown=255),
                LabelMaps(29, has_edges=True),
            )
        ),
    ]
    forms = [json.dumps(form_of(samples)) for samples in (SAMPLES, *changed)]
    assert len(set(forms)) == len(forms)
    assert form_of(SAMPLES)["unknown_id"] == -1 and form_of(changed[4])["unknown_id"] == 255
    same = dataclasses.replace(
        SAMPLES, seeds=(9,), augmentation=Augmentation((6, 4), (3, 2), flip=False, color_jitter=0.5)
    )
    assert form_of(same) == form_of(SAMPLES)  # what is done after reading plays no part


def test_a_cache_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done, fsync, replace = [], os.fsync, os.replace

    def flushed(descriptor):
        done.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", lambda *names: done.append("named") or replace(*names))
    write_cache(tmp_path / "cache", FORM, SHAPES, STAMPS, [("a", PAIRS["a"])])
    assert done == [(tmp_path / "cache").stat().st_size, "named"]


def test_a_missing_file_has_a_stamp_that_no_file_has(tmp_path):
    (tmp_path / "there").write_bytes(b"abc")
    os.utime(tmp_path / "there", ns=(5, 7))
    assert stamp_of([tmp_path / "there", tmp_path / "missing"]) == [["there", 3, 7], ["missing", -1, -1]]
