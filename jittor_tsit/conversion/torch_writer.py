"""Write named arrays to a file for torch.load(weights_only=True), without PyTorch and without Python's pickle.

Source: PyTorch's torch/serialization.py (the zip format) and CPython's Lib/pickletools.py (the opcodes).
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import List, Mapping, Tuple, Union

import numpy as np

from data_tools.basics.files import write_through

Table = Mapping[str, Union[np.ndarray, "Table"]]  # name -> array or nested table

FOLDER = "archive"  # folder inside the zip file, as torch.save names it by default
_STORAGES = {"float32": "FloatStorage", "int64": "LongStorage"}  # the types in official checkpoints
_ORDERED_DICT = b"ccollections\nOrderedDict\n)R"  # the tensor's backward hooks: none


def write_torch(path: Path, table: Table) -> None:
    """Write a state dict, or a dict of state dicts. The file appears whole or not at all.

    Args:
        table: Name -> array of float32 or int64, or name -> nested dict.
    """
    storages: List[np.ndarray] = []
    pickled = b"\x80\x02" + _dict(table, storages) + b"."

    def write(temporary: Path) -> None:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(f"{FOLDER}/data.pkl", pickled)
            archive.writestr(f"{FOLDER}/byteorder", b"little")
            for key, array in enumerate(storages):
                archive.writestr(f"{FOLDER}/data/{key}", array.astype(array.dtype.newbyteorder("<")).tobytes())
            archive.writestr(f"{FOLDER}/version", b"3\n")

    write_through(path, write)


def _dict(table: Table, storages: List[np.ndarray]) -> bytes:
    items = [_text(name) + _entry(entry, storages) for name, entry in table.items()]
    return b"}(" + b"".join(items) + b"u"


def _entry(entry: Union[np.ndarray, Table], storages: List[np.ndarray]) -> bytes:
    return _tensor(entry, storages) if isinstance(entry, np.ndarray) else _dict(entry, storages)


def _tensor(array: np.ndarray, storages: List[np.ndarray]) -> bytes:
    """Return the opcodes that build a tensor from a storage, and append the array to `storages`."""
    storage = b"ctorch\n" + _STORAGES[array.dtype.name].encode() + b"\n"
    location = _text(str(len(storages))) + _text("cpu")
    persistent = b"(" + _text("storage") + storage + location + int_opcode(array.size) + b"tQ"
    strides = tuple(int(np.prod(array.shape[axis + 1 :])) for axis in range(array.ndim))
    layout = int_opcode(0) + _tuple(array.shape) + _tuple(strides) + b"\x89" + _ORDERED_DICT  # no gradient
    storages.append(array)
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + persistent + layout + b"tR"


def _text(text: str) -> bytes:
    encoded = text.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def int_opcode(number: int) -> bytes:
    """Return the bytes of the pickle opcode that pushes an integer, the shortest that can hold it."""
    return b"J" + struct.pack("<i", number) if number < 2**31 else b"\x8a\x08" + struct.pack("<q", number)


def _tuple(numbers: Tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(int_opcode, numbers)) + b"t"
