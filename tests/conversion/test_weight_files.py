"""The format of a weight file is recognised by its content, and every format gives the same arrays."""

from __future__ import annotations

import pickle
import re
import struct

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.weight_file_bytes import (
    FIXTURES,
    SAMPLES,
    WEIGHTS,
    assert_same,
    entry,
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

# ---- Real files


@pytest.mark.parametrize("name", ["kinds_zip.pt", "kinds_legacy.pt"])
def test_both_pytorch_formats_give_every_kind_of_tensor(name):
    f32 = np.float32
    assert_same(
        read_weights(FIXTURES / name),
        {
            "plain": np.arange(6, dtype=f32).reshape(2, 3),
            "transposed": np.arange(20, 32, dtype=f32).reshape(3, 4).T,
            "strided": np.arange(40, 64, dtype=f32).reshape(4, 6)[1::2, ::3],
            "shared_head": np.arange(100, 104, dtype=f32),
            "shared_tail": np.arange(104, 110, dtype=f32),
            "half": np.arange(5, dtype=np.float16),
            "bfloat16": np.arange(5, dtype=f32) / 4,
            "double": np.arange(3, dtype=np.float64),
            "int64": np.arange(-1, 2),
            "uint8": np.arange(3, dtype=np.uint8),
            "bool": np.array([True, False, True]),
            "scalar": np.array(7),
            "empty": np.zeros((0, 3), f32),
            "parameter": np.arange(60, 64, dtype=f32).reshape(2, 2),
        },
    )


def test_jittor_file_of_vars_is_read():
    assert_same(
        read_weights(FIXTURES / "vars_jittor.pkl"),
        {"conv.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "conv.bias": np.array([0.5, -0.5], np.float32)},
    )


def test_nested_state_dict_is_taken_and_module_prefix_removed():
    weights = read_weights(FIXTURES / "wrapped_zip.pt")
    assert {name: array.shape for name, array in weights.items()} == {"weight": (2, 2), "bias": (2,)}


def test_unsupported_tensor_type_is_refused_by_name():
    with pytest.raises(InputError, match=r"complex_zip\.pt: .*torch\.ComplexFloatStorage"):
        read_weights(FIXTURES / "complex_zip.pt")


# ---- What each format may hold


@pytest.mark.parametrize("extension", [".npz", ".safetensors", ".pth", ".pkl", ""])
@pytest.mark.parametrize("kind", ["npz", "safetensors", "jittor"])
def test_content_not_extension_tells_the_format(tmp_path, kind, extension):
    path = tmp_path / f"weights{extension}"
    path.write_bytes(SAMPLES[kind])
    assert_same(read_weights(str(path)), WEIGHTS)


@pytest.mark.parametrize("kind", SAMPLES)
def test_arrays_are_writable_contiguous_and_independent(tmp_path, kind):
    arrays = list(read(tmp_path, SAMPLES[kind]).values())
    for index, array in enumerate(arrays):
        assert array.flags.c_contiguous and array.flags.writeable and array.dtype.isnative
        assert not any(np.shares_memory(array, other) for other in arrays[:index])


def test_compressed_npz_is_read(tmp_path):
    assert_same(read(tmp_path, npz_bytes(np.savez_compressed, **WEIGHTS)), WEIGHTS)


def test_bfloat16_safetensors_is_widened_to_float32(tmp_path):
    header = b'{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    content = struct.pack("<Q", len(header)) + header + b"\x80\x3f\x00\xc0"
    assert_same(read(tmp_path, content), {"w": np.array([1, -2], np.float32)})


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_of_any_layout_are_read_from_pickles(tmp_path, protocol):
    base = np.arange(6, dtype=np.float32).reshape(2, 3)
    value = {
        "fortran": base.T,
        "big_endian": base.astype(">f4"),
        "bool": base > 2,
        "half": base.astype("f2"),
        "empty": base[:0],
        "point": np.array(3.0),
        "scalar": np.float64(2.5),
        "uint8": base.astype("u1"),
    }
    assert_same(read(tmp_path, jittor_bytes(value, protocol)), {**value, "big_endian": base})


def test_numpy_2_names_are_known(tmp_path):
    pickled = pickle.dumps(WEIGHTS, 2).replace(b"numpy.core.multiarray\n", b"numpy._core.multiarray\n")
    assert b"numpy._core" in pickled
    assert_same(read(tmp_path, pickled), WEIGHTS)


def test_parameter_of_the_first_pytorch_files_is_read(tmp_path):
    old_tensor = tensor(tail=b"N").replace(b"_rebuild_tensor_v2", b"_rebuild_tensor").replace(push(False) + b"}", b"")
    parameter = b"ctorch.nn.parameter\nParameter\n" + old_tensor + b"\x85R" + push((True, False)) + b"b"
    assert_same(read(tmp_path, torch_legacy(entry(parameter))), {"w": WEIGHTS["conv.weight"]})


def test_ordered_dict_of_python_2_is_read(tmp_path):
    pairs = b"](](" + push("w") + tensor() + b"ee"  # [["w", tensor]]
    opcodes = b"ccollections\nOrderedDict\n" + pairs + b"\x85R"
    assert_same(read(tmp_path, torch_zip(b"\x80\x02" + opcodes + b".")), {"w": WEIGHTS["conv.weight"]})


def test_view_of_a_storage_starts_where_it_says(tmp_path):
    opcodes = tensor(1, (2,), (1,), tail=push(("view", 2, 3)))
    assert_same(read(tmp_path, torch_legacy(entry(opcodes))), {"w": np.array([3, 4], np.float32)})


def test_big_endian_zip_is_read(tmp_path):
    members = {"data/0": WEIGHTS["conv.weight"].astype(">f4").tobytes(), "byteorder": b"big"}
    assert_same(read(tmp_path, torch_zip(entry(tensor()), **members)), {"w": WEIGHTS["conv.weight"]})


def test_bytes_other_than_0_and_1_become_true(tmp_path):
    opcodes = tensor(shape=(3,), strides=(1,), numel=3, storage="torch\nBoolStorage")
    content = torch_zip(entry(opcodes), **{"data/0": b"\x00\x01\x07"})
    assert_same(read(tmp_path, content), {"w": np.array([False, True, True])})


def test_tensor_saved_on_a_gpu_is_read(tmp_path):
    opcodes = tensor(storage="torch.cuda\nFloatStorage")
    assert_same(read(tmp_path, torch_zip(entry(opcodes))), {"w": WEIGHTS["conv.weight"]})


# ---- The dict of arrays


def test_module_prefix_stays_unless_every_name_has_it(tmp_path):
    assert list(read(tmp_path, jittor_bytes({"module.a": np.zeros(1), "b": np.zeros(1)}))) == ["module.a", "b"]


def test_nested_model_is_taken_beside_plain_values(tmp_path):
    assert_same(read(tmp_path, jittor_bytes({"epoch": 3, "model": WEIGHTS, "note": "best"})), WEIGHTS)


@pytest.mark.parametrize(
    "value, found",
    [
        ({"w": np.zeros(1), "epoch": 3, "lr": [0.1]}, r"'epoch' \(int\), 'lr' \(list\)"),
        ({"w": np.zeros(1), "state_dict": WEIGHTS}, r"'state_dict' \(dict\)"),
        ({"model": WEIGHTS, "state_dict": WEIGHTS}, r"'model' \(dict\), 'state_dict' \(dict\)"),
        ({"generator": WEIGHTS}, r"'generator' \(dict\)"),
        ({"state_dict": {"w": np.zeros(1), "step": 1.5}}, r"'step' \(float\)"),
        ({0: np.zeros(1)}, r"0 \(PickledArray\)"),
        ({str(index): index for index in range(20)}, "and 12 more"),
        ([np.zeros(1)], "holds a list"),
        ({}, "no arrays"),
        ({"state_dict": {}}, "no arrays"),
    ],
)
def test_entries_that_are_not_arrays_are_listed(tmp_path, value, found):
    assert re.search(found, refusal(tmp_path, jittor_bytes(value)))
