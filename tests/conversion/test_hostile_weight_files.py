"""No weight file can run code, hang, exhaust memory or fail with anything but InputError."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import zipfile

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.weight_file_bytes import (
    CONTAINERS,
    LEGACY_HEAD,
    SAMPLES,
    SIX_FLOATS,
    assert_same,
    entry,
    framed,
    jittor_bytes,
    npz_bytes,
    push,
    read,
    refusal,
    tensor,
    torch_legacy,
    torch_zip,
)
from jittor_tsit.conversion.weight_files import read_weights

# ---- Files that would run code


class Calls:
    """Pickles as a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Plain:
    """Pickles as an instance of a class that is not on the list."""


HOSTILE = {  # what makes the object, and the name it is imported by; protocol 2 writes Python 2's names
    "system": (lambda marker: Calls(os.system, f"touch {marker}"), f"{os.system.__module__}.system"),
    "eval": (lambda marker: Calls(eval, f"open({str(marker)!r}, 'w')"), "(builtins|__builtin__).eval"),
    "popen": (lambda marker: Calls(subprocess.Popen, ["touch", str(marker)]), "(subprocess|commands).Popen"),
    "open": (lambda marker: Calls(open, str(marker), "w"), "(io|_io).open"),
    "getattr": (lambda marker: Calls(getattr, {}, "clear"), "(builtins|__builtin__).getattr"),
    "instance": (lambda marker: Plain(), "Plain"),
}


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_global_that_is_not_on_the_list_is_named_and_not_run(tmp_path, name, container, protocol):
    make, imported = HOSTILE[name]
    pickled = pickle.dumps({"state_dict": {"w": np.zeros(2), "x": [make(tmp_path / "ran")]}}, protocol)
    assert re.search(imported, refusal(tmp_path, CONTAINERS[container](pickled)))
    assert not (tmp_path / "ran").exists()


CALL = b"\x80\x02cposix\nsystem\n" + push("true") + b"\x85R."


@pytest.mark.parametrize(
    "before",
    [LEGACY_HEAD[:15], LEGACY_HEAD, LEGACY_HEAD + entry(tensor())],
    ids=["protocol", "state dict", "storage keys"],
)
def test_every_pickle_of_a_legacy_file_is_restricted(tmp_path, before):
    assert "posix.system" in refusal(tmp_path, before + CALL)


@pytest.mark.parametrize(
    "opcodes, found",
    [
        (b"(" + push("true") + b"iposix\nsystem\n", "INST.*posix system"),
        (b"\x82\x01", "EXT1"),
        (b"ctorch\nFloatStorage\n)R", "not a function"),
        (b"ctorch\nFloatStorage\n)\x81", "NEWOBJ"),
        (b"cnumpy\nndarray\n" + push((10**12,)) + b"R", "numpy.ndarray"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n" + push((None, {"__defaults__": (1,)})) + b"b", "sets the state"),
        (b"ctorch\nFloatStorage\n" + push({"code": "f8"}) + b"b", "sets the state"),
        (
            b"cnumpy\ndtype\n" + push(("f4", False, True)) + b"R" + push((3, "<", None, ("w",), {}, -1, -1, 0)) + b"b",
            "structured",
        ),
        (b"cnumpy\ndtype\n" + push(("O8", False, True)) + b"R", "Python objects"),
        (b"cnumpy\ndtype\n" + push(("S3", False, True)) + b"R", "'S3'"),
        (b"c_codecs\nencode\n" + push(("a", "rot13")) + b"R", "'rot13'"),
        (b"(" + push("module") + push("0") + push("x") + push("cpu") + push(6) + b"tQ", "not a storage"),
        (b"Na", "not a list"),
    ],
)
def test_misuse_of_the_stand_ins_is_refused(tmp_path, opcodes, found):
    assert re.search(found, refusal(tmp_path, torch_zip(entry(opcodes))))


def test_state_set_on_a_tensor_changes_nothing(tmp_path):
    opcodes = tensor() + push((None, {"offset": 9, "to_numpy": 1})) + b"b"
    assert_same(read(tmp_path, torch_zip(entry(opcodes))), read(tmp_path, torch_zip(entry(tensor()))))


@pytest.mark.parametrize("make", [npz_bytes, lambda **arrays: jittor_bytes(arrays)], ids=["npz", "jittor"])
def test_array_of_objects_is_refused(tmp_path, make):
    assert re.search("[Oo]bject", refusal(tmp_path, make(w=np.array([{"a": 1}, None], dtype=object))))


@pytest.mark.parametrize("array", [np.zeros(2, complex), np.array(["a"]), np.zeros(2, "f4,i4"), np.zeros(2, "M8[s]")])
def test_array_of_other_types_is_refused_in_npz(tmp_path, array):
    assert "allowed are float16/32/64, integers and bool" in refusal(tmp_path, npz_bytes(w=array))


# ---- Files that would hang, overflow the stack or exhaust memory


@pytest.mark.parametrize(
    "opcodes, found",
    [
        (b")q\x00" + b"h\x00\x86q\x00" * 60, "key of type tuple"),  # 2^60 leaves to hash
        (b")" + b"\x85" * 300_000, "key of type tuple"),  # hashing it overflows the C stack
    ],
    ids=["doubling", "deep"],
)
def test_nested_tuple_as_a_key_is_never_hashed(tmp_path, opcodes, found):
    assert found in refusal(tmp_path, torch_zip(b"\x80\x02}" + opcodes + b"Ns."))


def test_large_memo_index_costs_no_memory(tmp_path):
    opcodes = tensor() + b"r\xff\xff\xff\x7f"  # CPython 3.11's unpickler would allocate 32 GB
    assert list(read(tmp_path, torch_zip(entry(opcodes)))) == ["w"]


def test_pickle_of_endless_opcodes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("jittor_tsit.conversion.pickle_machine.MAX_OPCODES", 1000)
    assert "more than 1000 opcodes" in refusal(tmp_path, framed(b"\x80\x02" + b"N" * 2000 + b"."))


@pytest.mark.parametrize(
    "opcodes, found",
    [
        (tensor(numel=2**60), "has 24 bytes and declares"),
        (tensor(numel=7), "has 24 bytes and declares 28"),
        (tensor(offset=1), "outside its storage"),
        (tensor(offset=-1), "whole number"),
        (tensor(shape=(2, 4)), "outside its storage"),
        (tensor(strides=(4, 1)), "outside its storage"),
        (tensor(strides=(-3, 1)), "whole number"),
        (tensor(strides=(3,)), "outside its storage"),
        (tensor(shape=[2, 3]), "not a tuple"),
        (tensor(shape=(2.0, 3)), "whole number"),
        (tensor(shape=(1,) * 33, strides=(1,) * 33), "at most 32"),
        (tensor(shape=(2**62, 2**62), strides=(0, 0)), "at most 67108864 are allowed"),
        (tensor(tail=push(("view", 4, 4))), "view of elements 4 to 8"),
        (tensor(key="1"), "net/data/1"),
        (tensor(storage="torch\nHalfStorage"), "has 24 bytes and declares 12"),
        (tensor() + b"0" + tensor(storage="torch\nIntStorage"), "POP"),
        (b"]" + tensor() + b"a" + tensor(storage="torch\nIntStorage") + b"a", "declared twice"),
    ],
)
def test_tensor_outside_its_storage_is_refused(tmp_path, opcodes, found):
    assert found in refusal(tmp_path, torch_zip(entry(opcodes)))


@pytest.mark.parametrize(
    "numel, data, found",
    [
        (2**62, SIX_FLOATS, "declares otherwise"),
        (-1, SIX_FLOATS, "declares otherwise"),
        (6, SIX_FLOATS[:-1], "damaged or cut short"),
    ],
)
def test_legacy_storage_beyond_the_file_is_refused(tmp_path, numel, data, found):
    assert found in refusal(tmp_path, torch_legacy(entry(tensor()), data, numel))


def test_legacy_storage_declared_huge_twice_is_refused(tmp_path):
    content = torch_legacy(entry(tensor(numel=2**61)), numel=2**61)
    assert "damaged or cut short" in refusal(tmp_path, content)


def test_tensor_of_a_jittor_pickle_has_no_storage(tmp_path):
    assert "not in the file" in refusal(tmp_path, framed(entry(tensor())))


def test_array_whose_data_do_not_fill_its_shape_is_refused(tmp_path):
    pickled = pickle.dumps({"w": np.zeros(3, np.uint8)}, 4).replace(b"K\x03\x85", b"K\x04\x85")
    assert "needs 4 bytes and has 3" in refusal(tmp_path, framed(pickled))


def test_compressed_pytorch_file_is_refused(tmp_path):
    content = torch_zip(entry(tensor()), zipfile.ZIP_DEFLATED, **{"data/0": bytes(100_000_000)})
    assert len(content) < 100_000 and "is compressed" in refusal(tmp_path, content)


def test_npz_that_expands_beyond_proportion_is_refused(tmp_path):
    content = npz_bytes(np.savez_compressed, w=np.zeros(100_000_000, np.uint8))
    assert "at most 67108864 are allowed" in refusal(tmp_path, content)


def test_npz_header_that_declares_too_much_is_refused(tmp_path):
    content = npz_bytes(w=np.zeros(300_000, np.uint8)).replace(b"(300000,)", b"(9" + b"9" * 5 + b",)")
    assert "damaged or cut short" in refusal(tmp_path, content)


# ---- Files that are not weights, or are damaged


def test_missing_file_and_directory_are_refused(tmp_path):
    for path, found in ((tmp_path / "none.pth", "none.pth: no such file"), (tmp_path, "is not a file")):
        with pytest.raises(InputError, match=found):
            read_weights(path)


@pytest.mark.parametrize(
    "content, found",
    [
        (b"", "empty"),
        (b"\x80", "damaged"),
        (b"\x01\x02weights", "can be read"),
        (b"PK\x03\x04", "damaged"),
        (torch_zip(b"")[:-1], "damaged"),
        (framed(b"\x80\x02}.")[:-9] + b"?HCAJSLHD", "checksum"),
        (b"\x80\x02}.\n", "1 bytes after"),
    ],
)
def test_file_that_holds_no_weights_is_refused(tmp_path, content, found):
    assert found in refusal(tmp_path, content)


def test_zip_of_other_files_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "weights.bin", "w") as archive:
        archive.writestr("readme.txt", "no weights")
    said = refusal(tmp_path, (tmp_path / "weights.bin").read_bytes())
    assert "neither .npz" in said


@pytest.mark.parametrize("kind", SAMPLES)
def test_file_cut_short_anywhere_is_refused(tmp_path, kind):
    content = SAMPLES[kind]
    without_trailer = len(content) - 28  # a Jittor pickle is whole without its checksum
    for end in set(np.linspace(0, len(content) - 1, 60).astype(int)):
        if kind != "jittor" or end != without_trailer:
            refusal(tmp_path, content[:end])


@pytest.mark.parametrize("kind", SAMPLES)
def test_flipped_bytes_give_weights_or_a_refusal(tmp_path, kind):
    rng = np.random.default_rng(0)
    for _ in range(100):
        content = bytearray(SAMPLES[kind])
        content[rng.integers(len(content))] ^= rng.integers(1, 256)
        try:
            weights = read(tmp_path, bytes(content))
        except InputError:
            continue
        assert all(type(name) is str and type(array) is np.ndarray for name, array in weights.items())


def test_message_holds_no_control_characters(tmp_path):
    assert r"'\x1b[31m" in refusal(tmp_path, jittor_bytes({"\x1b[31m\n": 1}))
    refusal(tmp_path, SAMPLES["safetensors"].replace(b"F32", b"F\x7f2"))
