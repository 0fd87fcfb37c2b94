"""Read published weight files as NumPy arrays, without running code from them, without PyTorch and without Jittor.

Source: PyTorch's torch/serialization.py (both of its formats), Jittor's `safepickle` (jittor/__init__.py),
    NumPy's .npz and the safetensors format.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import zipfile
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Union

import numpy as np
import safetensors

from data_tools.basics.errors import InputError
from jittor_tsit.conversion import foreign_files
from jittor_tsit.conversion.pickle_globals import ITEM_SIZES, PickledArray, Storage, Tensor, WeightFileError, decode
from jittor_tsit.conversion.pickle_machine import PickleMachine

_LEAF_TYPES = (np.ndarray, PickledArray, Tensor)
Arrays = Dict[str, np.ndarray]

WEIGHT_SUFFIXES = (".pth", ".pt", ".npz", ".safetensors", ".h5", ".hdf5")  # of judges; the content tells the format
_ZIP_MAGIC = b"PK\x03\x04"
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_JITTOR_TRAILER = b"HCAJSLHD"  # follows a SHA-1 of the pickle

# Shared, expanded or compressed weights may be larger than their file. A larger factor means a malicious file.
_MAX_EXPANSION = 16
_ALWAYS_ALLOWED_BYTES = 64 << 20

_SAFETENSORS_CODES = dict(F64="f8", F32="f4", F16="f2", BF16="bf16", BOOL="b1")
_SAFETENSORS_CODES.update({f"{sign}{8 * size}": f"{sign.lower()}{size}" for sign in "IU" for size in (1, 2, 4, 8)})


def read_weights(path: Union[str, Path]) -> Arrays:
    """Read the named arrays of a weight file. The format is recognised by the content.

    Formats: .npz, safetensors, PyTorch's zip and legacy formats, Jittor's pickle, and (with h5py) Keras' .h5. If the
    file holds a dict with one nested `state_dict` or `model` and no array beside it, the nested dict is read. If it
    holds a dict of the two dicts `a` and `b` (the domains of UNIT), both are read, and names begin with `a.` or `b.`.
    A `module.` before every name (PyTorch's DataParallel) is removed.

    Returns:
        Name -> array in the file's order (safetensors: by name). Arrays are writable, C-contiguous and in native byte
        order, of float16/32/64, integers or bool; bfloat16 becomes float32.

    Raises:
        InputError: The file is missing, empty, damaged, of another format, or holds something other than arrays; a
            pickle imports or calls something; arrays are compressed in a PyTorch file, lie outside their data, or
            are much larger than the file.
    """
    path = Path(path)
    try:
        return _reader_for(path)(path)
    except WeightFileError as error:
        finding = str(error)
    except Exception as error:  # a damaged file can fail anywhere in zipfile, pickletools, NumPy or safetensors
        finding = f"damaged or cut short ({type(error).__name__}: {error}); download or copy it again"
    raise InputError(f"{path}: {foreign_files.one_line(finding)}")


def require_weight_file(path: Path) -> None:
    """Check by its first bytes that a file is of a format that `read_weights` reads. See there for the errors."""
    try:
        _reader_for(path)
    except WeightFileError as error:
        raise InputError(f"{path}: {foreign_files.one_line(str(error))}") from None


def _reader_for(path: Path) -> Callable[[Path], Arrays]:
    try:
        if not path.is_file():
            raise WeightFileError("is not a file" if path.exists() else "no such file")
        with open(path, "rb") as file:
            head = file.read(foreign_files.HEAD_BYTES)
    except OSError as error:
        raise WeightFileError(f"cannot be opened: {error.strerror}") from None
    if not head:
        raise WeightFileError("is empty (0 bytes): a download that was cut; download it again")
    if head.startswith(_ZIP_MAGIC):
        return _read_zip
    if head[4:9] == b"\0\0\0\0{":  # upper half of the header's length, then its JSON
        return _read_safetensors
    if head[0] == 0x80 and _LEGACY_MAGIC.to_bytes(10, "little") in head[:64]:
        return _read_torch_legacy
    if head[0] == 0x80:
        return _read_jittor
    if head.startswith(_HDF5_MAGIC):
        return _read_hdf5
    raise WeightFileError(
        foreign_files.foreign_kind(head, path.stat().st_size)
        or f"starts with {head[:8]!a}; .npz, safetensors, PyTorch, Jittor and Keras weight files can be read"
    )


def _read_hdf5(path: Path) -> Arrays:
    try:
        import h5py
    except ImportError:
        raise WeightFileError("Keras' .h5 needs h5py: pip install h5py") from None
    arrays: Arrays = {}
    with h5py.File(path, "r") as file:

        def take(name: str, item) -> None:
            if isinstance(item, h5py.Dataset):
                _require_proportion(sum(array.nbytes for array in arrays.values()) + item.nbytes, path.stat().st_size)
                arrays[name] = _plain(name, np.asarray(item))

        file.visititems(take)
    return _state_dict(arrays)


def _read_safetensors(path: Path) -> Arrays:
    arrays = {}
    for name, entry in sorted(safetensors.deserialize(path.read_bytes())):
        if entry["dtype"] not in _SAFETENSORS_CODES:
            raise WeightFileError(f"{name!a:.80} is {entry['dtype']}; allowed are {', '.join(_SAFETENSORS_CODES)}")
        flat = np.array(decode(entry["data"], _SAFETENSORS_CODES[entry["dtype"]]))
        arrays[name] = flat.reshape(entry["shape"])
    return _state_dict(arrays)


def _read_zip(path: Path) -> Arrays:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        pickles = [name for name in names if name.count("/") == 1 and name.endswith("/data.pkl")]
        if foreign_files.is_torchscript(names):
            raise WeightFileError(foreign_files.TORCHSCRIPT)
        if len(pickles) == 1:
            return _read_torch_zip(archive, pickles[0][: -len("data.pkl")], path.stat().st_size)
        _require_proportion(sum(info.file_size for info in archive.infolist()), path.stat().st_size)
    if not names or not all(name.endswith(".npy") for name in names):
        raise WeightFileError(foreign_files.foreign_zip(names))
    return _read_npz(path)


def _read_npz(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: np.asarray(archive[name]) for name in archive.files}  # members that are not .npy are bytes
    return _state_dict({name: _plain(name, array) for name, array in arrays.items()})


def _plain(name: str, array: np.ndarray) -> np.ndarray:
    code = f"{array.dtype.kind}{array.dtype.itemsize}"
    if code not in ITEM_SIZES:
        raise WeightFileError(f"{name!a:.80} is {array.dtype}; allowed are float16/32/64, integers and bool")
    return np.asarray(array, code, order="C")


def _read_torch_zip(archive: zipfile.ZipFile, folder: str, file_size: int) -> Arrays:
    members = archive.infolist()
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise WeightFileError(
                f"member {member.filename!a:.80} is compressed; PyTorch stores its members as they are"
            )
    if sum(member.file_size for member in members) > file_size:
        raise WeightFileError("a zip archive with overlapping members")

    value = PickleMachine().load(io.BytesIO(archive.read(folder + "data.pkl")))
    big_endian = folder + "byteorder" in archive.namelist() and archive.read(folder + "byteorder") == b"big"

    def read_storage(storage: Storage) -> bytes:
        return archive.read(f"{folder}data/{storage.key}")

    return _to_numpy(_state_dict(value), read_storage, file_size, ">" if big_endian else "<")


def _read_torch_legacy(path: Path) -> Arrays:
    with _map_file(path) as stream:
        machine = PickleMachine()
        if machine.load(stream) != _LEGACY_MAGIC or machine.load(stream) != _LEGACY_PROTOCOL:
            raise WeightFileError(f"a PyTorch file of another protocol; {_LEGACY_PROTOCOL} can be read")
        machine.load(stream)  # word sizes of the machine that wrote the file; the data are always little-endian
        value = machine.load(stream)
        positions = _storage_positions(stream, machine)

        def read_storage(storage: Storage) -> bytes:
            stream.seek(positions[storage.key])
            return stream.read(_storage_bytes(storage))

        return _to_numpy(_state_dict(value), read_storage, len(stream))


def _storage_positions(stream: mmap.mmap, machine: PickleMachine) -> Dict[str, int]:
    """Return where the data of each storage start. They follow an int64 with the number of elements."""
    storages = dict(machine.storages)
    positions = {}
    for key in map(str, machine.load(stream)):
        numel = int.from_bytes(stream.read(8), "little")
        if key not in storages or numel != storages[key].numel:
            raise WeightFileError(f"storage {key!a:.40} of {numel} elements, which the pickle declares otherwise")
        positions[key] = stream.tell()
        stream.seek(_storage_bytes(storages[key]), io.SEEK_CUR)  # raises an error beyond the end
    return positions


def _read_jittor(path: Path) -> Arrays:
    with _map_file(path) as stream:
        end = len(stream)
        if stream[-len(_JITTOR_TRAILER) :] == _JITTOR_TRAILER:
            end -= hashlib.sha1().digest_size + len(_JITTOR_TRAILER)
            _check_sha1(stream, end)
        value = PickleMachine().load(stream)
        if stream.tell() != end:
            raise WeightFileError(f"{end - stream.tell()} bytes after the pickle")
        return _to_numpy(_state_dict(value), _no_storage, len(stream))


def _check_sha1(stream: mmap.mmap, end: int) -> None:
    with memoryview(stream) as whole, whole[:end] as pickled:
        actual = hashlib.sha1(pickled).digest()
    if stream[end : end + len(actual)] != actual:
        raise WeightFileError("its checksum does not match: the file is damaged")


def _no_storage(storage: Storage) -> bytes:
    raise WeightFileError(f"a tensor whose data {storage.key!a:.40} are not in the file")


@contextmanager
def _map_file(path: Path) -> Iterator[mmap.mmap]:
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as stream:
        yield stream


def _state_dict(value: Any) -> Dict[str, Any]:
    """Find the dict of arrays in the value of a file, and remove a common `module.` from its names.

    Raises:
        WeightFileError: The dict is empty or holds something other than arrays.
    """
    if type(value) is not dict:
        raise WeightFileError(f"holds a {type(value).__name__}; a dict of named arrays is allowed")
    nested = [name for name in ("state_dict", "model") if type(value.get(name)) is dict]
    if len(nested) == 1 and not any(isinstance(entry, _LEAF_TYPES) for entry in value.values()):
        value = value[nested[0]]
    if set(value) == {"a", "b"} and all(type(side) is dict for side in value.values()):
        value = {f"{side}.{name}": leaf for side, table in value.items() for name, leaf in table.items()}

    others = [
        f"{name!a:.60} ({type(entry).__name__})"
        for name, entry in value.items()
        if type(name) is not str or not isinstance(entry, _LEAF_TYPES)
    ]
    if others:
        raise WeightFileError(
            f"holds entries that are not named arrays: {', '.join(others[:8])}"
            + (f" and {len(others) - 8} more" if len(others) > 8 else "")
        )
    if not value:
        raise WeightFileError("holds no arrays")
    prefix = "module." if all(name.startswith("module.") for name in value) else ""
    return {name[len(prefix) :]: entry for name, entry in value.items()}


def _to_numpy(
    table: Dict[str, Any], read_storage: Callable[[Storage], bytes], file_size: int, order: str = "<"
) -> Arrays:
    """Convert tensors and pickled arrays to NumPy. Each storage is read once and freed after its tensors are copied."""
    _require_proportion(sum(leaf.nbytes for leaf in table.values()), file_size)
    tensors: Dict[str, List[str]] = defaultdict(list)
    for name, leaf in table.items():
        if isinstance(leaf, Tensor):
            tensors[leaf.storage.key].append(name)
        else:
            table[name] = leaf.to_numpy()
    for names in tensors.values():
        storage = table[names[0]].storage
        data = read_storage(storage)
        if len(data) != _storage_bytes(storage):
            raise WeightFileError(
                f"storage {storage.key!a:.40} has {len(data)} bytes and declares {_storage_bytes(storage)}"
            )
        flat = decode(data, storage.code, order)
        for name in names:
            table[name] = table[name].to_numpy(flat)
    return table


def _storage_bytes(storage: Storage) -> int:
    return storage.numel * ITEM_SIZES[storage.code]


def _require_proportion(nbytes: int, file_size: int) -> None:
    allowed = max(_MAX_EXPANSION * file_size, _ALWAYS_ALLOWED_BYTES)
    if nbytes > allowed:
        raise WeightFileError(f"arrays of {nbytes} bytes in a file of {file_size}; at most {allowed} are allowed")
