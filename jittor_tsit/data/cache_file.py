"""Cache file of decoded and resized training pairs. Imports no Jittor.

`PairCache.mismatch` says whether the file is out of date. cached_pairs.py asks, and builds the file again.

Layout of the file (numbers are little-endian):

    byte 0         MAGIC, then offset (64 bits), length (64 bits) and CRC-32 (32 bits) of the index
    byte START     the records, one for each pair, all of the same length: the arrays of the pair one after the other
    at the end     the index in JSON:
                   form      the options that the arrays depend on, and the version of Pillow that decoded them
                   arrays    data type and shape of each array of a record
                   pairs     stem -> [name, bytes, time of change in ns] of each file of the pair, taken before reading
                   records   stem -> number and CRC-32 of the record; a pair that cannot be read has no record
"""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version, make_folder, write_through
from jittor_tsit.data.read_ahead import Arrays

MAGIC = b"jittor_tsit pairs, layout 1\n"
START = 4096  # one memory page: reads that begin at a page boundary are faster
TYPES = ("|u1", "<i4")  # data types that a record may hold
REBUILD = "delete it, and the next start builds it again"
_PLACE = struct.Struct("<QQI")  # offset, length and CRC-32 of the index

Stamp = List[List[Any]]  # [name, bytes, time of change in ns] of each file
Shapes = List[Tuple[str, List[int]]]  # (data type, shape) of each array


class PairCache:
    """Reader of a cache file. It reads one record for each call of `read`.

    It does not use a memory map: if the disk fails or the file is truncated, a memory map kills the process by SIGBUS.

    Raises:
        InputError: The file cannot be read, is not a cache of pairs, or is damaged. The message says what was found.
    """

    def __init__(self, path: Path):
        self.path = path
        self._file: Optional[io.FileIO] = None
        index, room = _read_index(path)
        try:
            self.form: dict = dict(index["form"])
            self.stamps: Dict[str, Stamp] = dict(index["pairs"])
            self.shapes: Shapes = [(str(kind), [int(side) for side in shape]) for kind, shape in index["arrays"]]
            self.records = {stem: (int(number), int(crc)) for stem, (number, crc) in index["records"].items()}
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(f"{path}: its index is not one of a cache of pairs ({error!r}); {REBUILD}") from None
        self._require_sound(room)

    def __getstate__(self) -> dict:
        """Return the state to pickle for a worker process. The worker opens the file itself and needs no stamps."""
        return {**vars(self), "_file": None, "stamps": {}}

    def __contains__(self, stem: str) -> bool:
        return stem in self.records

    def mismatch(self, form: Mapping, stamps: Mapping[str, Stamp]) -> str:
        """Return why the cache cannot be used for these pairs; an empty string if it can be used.

        Args:
            form: Required value of each option that the arrays depend on.
            stamps: Stem -> current stamp of each required pair. The cache may hold more pairs than these.
        """
        for name in sorted({*self.form, *form}):
            if self.form.get(name) != form.get(name):
                return f"was made with {name}={self.form.get(name)}, but this run needs {form.get(name)}"
        for stem, stamp in stamps.items():
            if stem not in self.stamps:
                return f"does not have the pair {stem}"
            if self.stamps[stem] != stamp:
                return f"the pair {stem} has changed since the cache was made"
        return ""

    def read(self, stem: str) -> Arrays:
        """Return the arrays of a pair.

        Raises:
            InputError: The record cannot be read, or its checksum is wrong.
        """
        number, written = self.records[stem]
        record = np.empty(record_size(self.shapes), np.uint8)
        try:
            self._file = self._file or open(self.path, "rb", buffering=0)
            found = os.preadv(self._file.fileno(), [record.data], START + number * record.size)
        except OSError as error:
            raise InputError(f"{self.path}: {stem} cannot be read: {error.strerror}") from error
        checksum = zlib.crc32(record.data)
        if found < record.size or checksum != written:
            what = f"{found} of its {record.size} bytes" if found < record.size else f"checksum {checksum:08x}"
            raise InputError(f"{self.path}: is damaged at {stem}: {what}, and {written:08x} was written; {REBUILD}")
        return _split_record(record, self.shapes)

    def _require_sound(self, room: int) -> None:
        """Raise InputError if the records that the index describes do not fill the space of the records.

        Args:
            room: Number of bytes of all records.
        """
        known = all(kind in TYPES and all(side > 0 for side in shape) for kind, shape in self.shapes)
        size = record_size(self.shapes) if known and self.shapes else 0
        if not size or room % size or any(not 0 <= number < room // size for number, _ in self.records.values()):
            raise InputError(f"{self.path}: {room} bytes of records do not fit its index; {REBUILD}")


def stamp_of(paths: Iterable[Path]) -> Stamp:
    """Return name, size and time of change of files, to find out later whether one has changed.

    A missing file has size -1.
    """
    return [[path.name, *_version_or_missing(path)] for path in paths]


def write_cache(
    path: Path,
    form: Mapping,
    shapes: Shapes,
    stamps: Mapping[str, Stamp],
    found: Iterable[Tuple[str, Optional[Arrays]]],
) -> None:
    """Write a cache file. The file appears under its name only when it is complete.

    Args:
        form: Options that the arrays depend on.
        shapes: Data type and shape of the arrays of each pair.
        stamps: Stem -> stamp of each pair, taken before the pair was read.
        found: (stem, arrays) of each pair; None in place of the arrays if the pair cannot be read.

    Raises:
        InputError: The folder is not writable.
        OSError: Any other failure. A full disk is noticed before the first pair is read.
    """

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, START + len(stamps) * record_size(shapes))
            file.seek(START)
            records = write_records(file, found)
            index = json.dumps({"form": form, "arrays": shapes, "pairs": stamps, "records": records}).encode()
            begin = file.tell()
            file.write(index)
            file.truncate()
            file.seek(0)
            file.write(head_of(index, begin))

    make_folder(path.parent)
    write_through(path, write, flush=True)


def head_of(index: bytes, begin: int) -> bytes:
    """Return the first bytes of a cache file: MAGIC, then the position (`begin`), length and checksum of the index."""
    return MAGIC + _PLACE.pack(begin, len(index), zlib.crc32(index))


def record_size(shapes: Shapes) -> int:
    """Return the number of bytes of one record: one array of each type and shape."""
    return sum(np.dtype(kind).itemsize * _volume(shape) for kind, shape in shapes)


def write_records(file: BinaryIO, found: Iterable[Tuple[str, Optional[Arrays]]]) -> Dict[str, Tuple[int, int]]:
    records: Dict[str, Tuple[int, int]] = {}
    for stem, arrays in found:
        if arrays is None:
            continue
        record = b"".join(array.tobytes() for array in arrays)
        records[stem] = len(records), zlib.crc32(record)
        file.write(record)
    return records


def _split_record(record: np.ndarray, shapes: Shapes) -> Arrays:
    arrays, begin = [], 0
    for kind, shape in shapes:
        end = begin + np.dtype(kind).itemsize * _volume(shape)
        arrays.append(record[begin:end].view(kind).reshape(shape))
        begin = end
    return tuple(arrays)


def _read_index(path: Path) -> Tuple[Any, int]:
    """Read the index at the end of a cache file. Return it, and the number of bytes of all records before it.

    Raises:
        InputError: The file cannot be read, is not a cache, or is damaged.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a regular file; name a file for the cache of pairs")
    try:
        with open(path, "rb") as file:
            head, size = file.read(len(MAGIC) + _PLACE.size), os.fstat(file.fileno()).st_size
            if not head.startswith(MAGIC):
                begins = f"begins with {head[: len(MAGIC)]!r}, a cache of pairs with {MAGIC!r}"
                raise InputError(f"{path}: is no cache of pairs: it {begins}; name another file, or delete this one")
            begin, length, written = _PLACE.unpack(head[len(MAGIC) :].ljust(_PLACE.size, b"\0"))
            if begin < START or begin + length != size:
                raise InputError(f"{path}: is damaged: has {size} bytes, and {begin + length} were written; {REBUILD}")
            file.seek(begin)
            data = file.read(length)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if zlib.crc32(data) != written:
        found = f"its index has checksum {zlib.crc32(data):08x}, and {written:08x} was written"
        raise InputError(f"{path}: is damaged: {found}; {REBUILD}")
    try:
        return json.loads(data), begin - START
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: its index is not JSON ({error}); {REBUILD}") from None


def _version_or_missing(path: Path) -> Tuple[int, int]:
    """Return the file's version, or (-1, -1) if there is no such file."""
    try:
        return file_version(path)
    except OSError:
        return -1, -1


def _volume(shape: Sequence[int]) -> int:
    volume = 1
    for side in shape:
        volume *= side
    return volume
