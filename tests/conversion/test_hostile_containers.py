"""Weight files that hide a call in a state or in another pickle, or abuse the archive format."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections import OrderedDict

import pytest

from helpers.weight_file_bytes import CONTAINERS, SIX_FLOATS, entry, framed, read, refusal, tensor, torch_zip


class Calls:
    """Pickles as a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Sets:
    """Pickles as a dict with a state that `function` would set (the sixth item of a reduction)."""

    def __reduce__(self):
        return OrderedDict, (), "true", None, None, os.system


class SetsItself:
    """Pickles as an instance of a class whose own `__setstate__` would run."""

    def __getstate__(self):
        return {"command": "true"}

    def __setstate__(self, state):
        os.system(state["command"])


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("make, imported", [(Sets, f"{os.system.__module__}.system"), (SetsItself, "SetsItself")])
def test_state_is_set_on_nothing_that_is_not_on_the_list(tmp_path, make, imported, container):
    pickled = pickle.dumps({"w": make()}, 4)
    assert imported in refusal(tmp_path, CONTAINERS[container](pickled))


def test_a_call_in_a_pickle_in_a_pickle_is_not_run(tmp_path):
    inner = pickle.dumps(Calls(os.system, f"touch {tmp_path / 'ran'}"), 2)
    pickled = pickle.dumps({"w": Calls(pickle.loads, inner)}, 4)
    assert "pickle.loads" in refusal(tmp_path, framed(pickled)) and not (tmp_path / "ran").exists()


def test_archive_whose_members_share_their_data_is_refused(tmp_path):
    """A zip bomb that is not compressed: many entries of the directory name one member."""
    path = tmp_path / "bomb.zip"
    path.write_bytes(torch_zip(entry(tensor()), **{"data/0": bytes(100_000)}))
    with zipfile.ZipFile(path, "a") as archive:
        (large,) = (member for member in archive.infolist() if member.filename == "net/data/0")
        for number in range(1, 100):
            copy = zipfile.ZipInfo(f"net/data/{number}")
            copy.header_offset, copy.CRC = large.header_offset, large.CRC
            copy.file_size = copy.compress_size = large.file_size
            archive.filelist.append(copy)
        archive.writestr("net/version", b"3")  # so that the directory is written anew
    said = refusal(tmp_path, path.read_bytes())
    assert "overlapping members" in said


def test_a_member_that_is_compressed_to_its_own_size_is_refused(tmp_path):
    path = tmp_path / "small.zip"
    path.write_bytes(torch_zip(entry(tensor())))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("net/data/1", b"aaaaa", zipfile.ZIP_DEFLATED)
        assert archive.getinfo("net/data/1").compress_size == 5
    said = refusal(tmp_path, path.read_bytes())
    assert "member 'net/data/1' is compressed" in said


def test_a_member_that_says_it_is_longer_than_what_is_stored_of_it_is_refused(tmp_path):
    path = tmp_path / "long.zip"
    path.write_bytes(torch_zip(entry(tensor()), **{"data/0": SIX_FLOATS, "data/1": b"abc"}))
    with zipfile.ZipFile(path, "a") as archive:
        archive.getinfo("net/data/1").file_size = 4
        archive.writestr("net/version", b"3")  # so that the directory is written anew
    said = refusal(tmp_path, path.read_bytes())
    assert "member 'net/data/1' is compressed" in said


def test_archive_in_an_archive_is_not_opened(tmp_path):
    inner = torch_zip(entry(tensor()), zipfile.ZIP_DEFLATED, **{"data/0": bytes(10_000_000)})
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("inner.pth", inner)
    said = refusal(tmp_path, (tmp_path / "outer.zip").read_bytes())
    assert "inner.pth" in said and "unpack" in said


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped", "..\\escaped", "net/../../escaped"])
def test_names_that_lead_out_of_an_archive_lead_nowhere(tmp_path, name):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    content = torch_zip(entry(tensor()), **{"data/0": SIX_FLOATS, f"../{name}": SIX_FLOATS})
    assert list(read(folder, content)) == ["w"]  # the member is passed over: nothing is ever unpacked
    assert "escaped" in refusal(folder, torch_zip(entry(tensor(key=name))))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "weights.bin"]
