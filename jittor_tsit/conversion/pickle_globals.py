"""Harmless replacements for the classes and functions that a pickle of weights names: tensors, arrays and storages.

Source: PyTorch's torch/_utils.py and torch/serialization.py, NumPy's `ndarray.__reduce__`.
    Differs: a tensor is a checked description until its storage is read, because in the legacy format the data follow
    the pickle.
"""

from __future__ import annotations

import math
from typing import Dict, NamedTuple, Optional, Tuple

import numpy as np

MAX_DIMENSIONS = 32  # NumPy's own limit before 2.0

# Element type -> bytes an element. NumPy has no "bf16"; `decode` converts it to float32.
ITEM_SIZES = {
    "f2": 2,
    "f4": 4,
    "f8": 8,
    "bf16": 2,
    "b1": 1,
    "i1": 1,
    "i2": 2,
    "i4": 4,
    "i8": 8,
    "u1": 1,
    "u2": 2,
    "u4": 4,
    "u8": 8,
}

_TORCH_STORAGES = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "BFloat16Storage": "bf16",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "b1",
}


class WeightFileError(ValueError):
    """Error for content that is not allowed in a weight file. The reader adds the name of the file."""


class StorageType(NamedTuple):
    """Replacement for a class such as torch.FloatStorage. No code of the file runs. `code` names its number type."""

    code: str


class Storage(NamedTuple):
    """Numbers that lie outside the pickle. A tensor may use `length` of these `numel` numbers, from `start` on."""

    key: str
    code: str
    numel: int
    start: int
    length: int


class Tensor(NamedTuple):
    """A strided view of a storage that was checked to lie inside it. All numbers count elements."""

    storage: Storage
    offset: int
    shape: Tuple[int, ...]
    strides: Tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Size of the tensor in bytes."""
        return math.prod(self.shape) * ITEM_SIZES[self.storage.code]

    def to_numpy(self, flat: np.ndarray) -> np.ndarray:
        """Return a copy of this tensor's elements. `flat` holds its whole storage."""
        if 0 in self.shape:
            return np.zeros(self.shape, flat.dtype)
        strides = [stride * flat.itemsize for stride in self.strides]
        first = flat[self.storage.start + self.offset :]
        return np.lib.stride_tricks.as_strided(first, self.shape, strides).copy(order="C")


class PickledDtype:
    """Replacement for numpy.dtype in a pickle: the type of an element. `build` sets its byte order."""

    def __init__(self, code: object, *_copy_flags: object):
        if code in ("O", "O8"):
            raise WeightFileError("an array of Python objects; numbers and bool are allowed")
        if type(code) is not str or code not in ITEM_SIZES or code == "bf16":
            raise WeightFileError(f"an array of dtype {code!a:.40}; allowed are float16/32/64, integers and bool")
        self.code = code
        self.order = "<"

    def build(self, state: Tuple) -> None:
        """Set the byte order.

        Args:
            state: What the pickle holds for this type: (version, byte order, None, None, None, …). The three None
                stand for no array inside an element, no field names and no fields.

        Raises:
            WeightFileError: The type has fields or holds arrays, or its byte order is not "<", ">" or "|".
        """
        _version, self.order, *fields = state
        if self.order not in ("<", ">", "|") or fields[:3] != [None, None, None]:
            raise WeightFileError("a structured dtype; plain numbers and bool are allowed")


class PickledArray:
    """Replacement for numpy.ndarray in a pickle. `build` checks that its bytes fit its shape and type."""

    def __init__(self) -> None:
        self.data: Optional[bytes] = None

    @property
    def nbytes(self) -> int:
        """Size of the array's elements in bytes."""
        return 0 if self.data is None else len(self.data)

    def build(self, state: Tuple) -> None:
        """Set data, shape and type from the state that the pickle holds for this array."""
        _version, shape, dtype, is_fortran, data = state
        if type(data) is str:
            data = data.encode("latin-1")  # the way in which Python 2 wrote bytes
        _require_counts("array shape", shape)
        if type(dtype) is not PickledDtype:
            raise WeightFileError("an array without a dtype")
        expected = math.prod(shape) * ITEM_SIZES[dtype.code]
        if len(data) != expected:
            raise WeightFileError(f"an array of shape {shape} that needs {expected} bytes and has {len(data)}")
        self.data, self.dtype, self.shape, self.is_fortran = data, dtype, shape, is_fortran

    def to_numpy(self) -> np.ndarray:
        """Return the content as a NumPy array."""
        if self.data is None:
            raise WeightFileError("an array without data")
        flat = decode(self.data, self.dtype.code, self.dtype.order)
        return np.array(flat.reshape(self.shape, order="F" if self.is_fortran else "C"), order="C")


def decode(data: bytes, code: str, order: str = "<") -> np.ndarray:
    """Convert raw bytes to an array in native byte order.

    Returns:
        [numel] of dtype `code`, bfloat16 as float32. It may share memory with `data`.
    """
    if code == "bf16":
        return (decode(data, "u2", order).astype(np.uint32) << 16).view(np.float32)
    if code == "b1":
        return np.frombuffer(data, np.uint8) != 0  # a bool array may hold only 0 and 1
    return np.frombuffer(data, np.dtype(order + code)).astype(code, copy=False)


def _require_counts(what: str, values: object) -> None:
    if type(values) is not tuple or len(values) > MAX_DIMENSIONS:
        raise WeightFileError(f"{what} that is not a tuple of at most {MAX_DIMENSIONS} numbers")
    if any(type(value) is not int or not 0 <= value < 2**63 for value in values):
        raise WeightFileError(f"{what} with an entry that is not a whole number in 0..2^63-1")


def storage_from(kind, storage_type, key, _location, numel, view=None) -> Storage:
    """Make the storage of a persistent id. Before PyTorch 0.4 it may be a `view` of another storage.

    Raises:
        WeightFileError: The id is malformed, or names something that is not a storage.
    """
    if kind != "storage" or type(storage_type) is not StorageType or type(key) not in (str, int):
        raise WeightFileError("a reference to something outside the pickle that is not a storage")
    _view_key, start, length = view or (key, 0, numel)
    _require_counts("storage size", (numel, start, length))
    if start + length > numel:
        raise WeightFileError(f"a view of elements {start} to {start + length} of a storage of {numel}")
    return Storage(str(key), storage_type.code, numel, start, length)


def _rebuild_tensor(storage, offset, shape, strides, *_gradient_state) -> Tensor:
    if type(storage) is not Storage:
        raise WeightFileError("a tensor without a storage")
    _require_counts("tensor layout", (offset,))
    _require_counts("tensor shape", shape)
    _require_counts("tensor strides", strides)
    last = offset + sum((count - 1) * stride for count, stride in zip(shape, strides))
    if len(shape) != len(strides) or (0 not in shape and last >= storage.length):
        raise WeightFileError(
            f"a tensor of shape {shape}, strides {strides}, offset {offset} "
            f"outside its storage of {storage.length} elements"
        )
    return Tensor(storage, offset, shape, strides)


def _rebuild_parameter(data, *_gradient_state) -> object:
    return data


def _rebuild_array(_ndarray, _shape, _code) -> PickledArray:
    return PickledArray()


def _array_from_buffer(data, dtype, shape, order) -> PickledArray:
    array = PickledArray()
    array.build((1, shape, dtype, order == "F", data))
    return array


def _scalar(dtype, data) -> PickledArray:
    return _array_from_buffer(data, dtype, (), "C")


def set_items(table: object, items: list) -> None:
    """Add items to a dict, given as key, value, key, value …

    Keys must be text or integers, because hashing a nested tuple may never end.
    """
    if type(table) is not dict:
        raise WeightFileError("items set on something that is not a dict")
    for key, value in zip(items[::2], items[1::2]):
        if type(key) not in (str, int):
            raise WeightFileError(f"a dict key of type {type(key).__name__}; text and integers are allowed")
        table[key] = value


def _ordered_dict(pairs=()) -> dict:
    """Return a dict in place of the OrderedDict in a pickle, filled with the (key, value) `pairs`.

    Python 2 wrote the items as this argument; Python 3 sets them afterwards.
    """
    table: dict = {}
    for key, value in pairs:
        set_items(table, [key, value])
    return table


def _encode(text: str, encoding: str) -> bytes:
    """Convert a text to the bytes that it stands for. Pickle protocol 2 writes bytes as a text and its encoding."""
    if encoding != "latin1":
        raise WeightFileError(f"bytes encoded as {encoding!a:.40}; latin1 is allowed")
    return text.encode("latin-1")


def _empty_bytes() -> bytes:
    return b""


def _refuse_ndarray(*_arguments):
    raise WeightFileError("an array made by calling numpy.ndarray")


ALLOWED: Dict[str, object] = {
    "collections.OrderedDict": _ordered_dict,
    "_codecs.encode": _encode,
    "__builtin__.bytes": _empty_bytes,  # protocol 2 calls it for b"" only
    "torch._utils._rebuild_tensor": _rebuild_tensor,  # before PyTorch 0.4
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch.nn.parameter.Parameter": _rebuild_parameter,  # before PyTorch 0.4
    "jittor.Var": _rebuild_parameter,
    "jittor.jittor_core.Var": _rebuild_parameter,  # written by Jittor 1.3.11 for a Var
    "numpy.ndarray": _refuse_ndarray,  # an argument of _reconstruct, never called
    "numpy.dtype": PickledDtype,
    **{f"numpy.{core}.multiarray._reconstruct": _rebuild_array for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray.scalar": _scalar for core in ("core", "_core")},
    **{f"numpy.{core}.numeric._frombuffer": _array_from_buffer for core in ("core", "_core")},
    **{
        f"{module}.{name}": StorageType(code)
        for module in ("torch", "torch.cuda")
        for name, code in _TORCH_STORAGES.items()
    },
}
