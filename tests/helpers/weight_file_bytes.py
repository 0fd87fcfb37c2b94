"""Weight files as bytes, written without PyTorch and without Jittor, for the tests of their reader."""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as safetensors_bytes

from data_tools.basics.errors import InputError
from jittor_tsit.conversion.weight_files import read_weights

FIXTURES = Path(__file__).parents[1] / "fixtures"
LEGACY_HEAD = b"".join(
    pickle.dumps(value, 2)
    for value in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True})
)
WEIGHTS = {"conv.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array(7)}
SIX_FLOATS = WEIGHTS["conv.weight"].tobytes()


def jittor_bytes(value: object, protocol: int = 4) -> bytes:
    return framed(pickle.dumps(value, protocol))


def framed(pickled: bytes) -> bytes:
    """As jt.save frames a pickle."""
    return pickled + hashlib.sha1(pickled).digest() + b"HCAJSLHD"


def push(value: object) -> bytes:
    """The opcodes that leave `value` on the stack, without those that open and end a pickle."""
    return pickle.dumps(value, 2)[2:-1]


def entry(opcodes: bytes) -> bytes:
    """A pickle of {"w": what the opcodes leave}."""
    return b"\x80\x02}" + push("w") + opcodes + b"s."


def tensor(offset=0, shape=(2, 3), strides=(3, 1), numel=6, storage="torch\nFloatStorage", key="0", tail=b"") -> bytes:
    """The opcodes that leave a tensor on the stack; `tail` ends its persistent id."""
    persistent = b"(" + push("storage") + b"c" + storage.encode() + b"\n" + push(key) + push("cpu") + push(numel)
    layout = push(offset) + push(shape) + push(strides) + push(False) + b"}"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + persistent + tail + b"tQ" + layout + b"tR"


def torch_zip(pickled: bytes, compression: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("net/data.pkl", pickled)
        for name, data in (members or {"data/0": SIX_FLOATS}).items():
            archive.writestr(f"net/{name}", data)
    return buffer.getvalue()


def torch_legacy(pickled: bytes, data: bytes = SIX_FLOATS, numel: int = 6) -> bytes:
    return LEGACY_HEAD + pickled + pickle.dumps(["0"], 2) + struct.pack("<q", numel) + data


def npz_bytes(save=np.savez, **arrays: object) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


CONTAINERS = {"zip": torch_zip, "legacy": torch_legacy, "jittor": framed, "plain pickle": lambda pickled: pickled}
SAMPLES = {
    "npz": npz_bytes(**WEIGHTS),
    "safetensors": safetensors_bytes(WEIGHTS),
    "zip": (FIXTURES / "kinds_zip.pt").read_bytes(),
    "legacy": (FIXTURES / "kinds_legacy.pt").read_bytes(),
    "jittor": jittor_bytes(WEIGHTS),
}


def read(tmp_path: Path, content: bytes) -> dict:
    """The weights in a file that holds `content`."""
    path = tmp_path / "weights.bin"
    path.write_bytes(content)
    return read_weights(path)


def refusal(tmp_path: Path, content: bytes) -> str:
    """The message with which a file that holds `content` is refused."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'weights.bin'}: ") and message.isprintable() and len(message) < 700
    return message


def assert_same(actual: dict, expected: dict) -> None:
    assert list(actual) == list(expected)
    for name, array in expected.items():
        assert actual[name].dtype == np.asarray(array).dtype, name
        np.testing.assert_array_equal(actual[name], array, err_msg=name)


STORAGES = {"float32": "torch\nFloatStorage", "int64": "torch\nLongStorage"}


def state_dict(arrays: dict) -> bytes:
    """The pickle of a PyTorch state dict; the k-th array lies in storage k."""
    entries = []
    for key, (name, array) in enumerate(arrays.items()):
        strides = tuple(stride // array.itemsize for stride in np.ascontiguousarray(array).strides)
        storage = STORAGES[array.dtype.name]
        shape = array.shape
        entries.append(push(name) + tensor(0, shape, strides[: len(shape)], array.size, storage, str(key)) + b"s")
    return b"\x80\x02}" + b"".join(entries) + b"."


def official_zip(arrays: dict) -> bytes:
    """What torch.save writes of a state dict."""
    members = {f"data/{key}": array.tobytes() for key, array in enumerate(arrays.values())}
    return torch_zip(state_dict(arrays), version=b"3\n", **members)


def official_legacy(arrays: dict) -> bytes:
    """What torch.save wrote of a state dict before PyTorch 1.6."""
    keys = pickle.dumps([str(key) for key in range(len(arrays))], 2)
    data = [struct.pack("<q", array.size) + array.tobytes() for array in arrays.values()]
    return LEGACY_HEAD + state_dict(arrays) + keys + b"".join(data)


def official_sides(sides: dict) -> bytes:
    """What torch.save writes of a dict of state dicts."""
    flat = {f"{side}.{name}": array for side, table in sides.items() for name, array in table.items()}
    places, pickled = {name: str(key) for key, name in enumerate(flat)}, b"\x80\x02}"
    for side, table in sides.items():
        inner = b"".join(
            push(name)
            + tensor(0, array.shape, tuple(s // 4 for s in array.strides), array.size, key=places[f"{side}.{name}"])
            + b"s"
            for name, array in table.items()
        )
        pickled += push(side) + b"}" + inner + b"s"
    return torch_zip(pickled + b".", **{f"data/{places[name]}": array.tobytes() for name, array in flat.items()})
