"""Pairs decoded and resized, in one file, for training to read without decoding. Imports no Jittor.

The file, its numbers little-endian:

    byte 0         MAGIC; then where the index begins and its length, 64 bits each, and its CRC-32, 32 bits
    START          records of one length, a pair each: its arrays, one behind the other
    behind them    the index, JSON:
                   form      what the pairs were brought to, and by which reader
                   arrays    type and shape of each array of a record
                   pairs     stem -> [name, bytes, time of change in ns] of each of its files, before it was read
                   records   stem -> number and CRC-32 of its record; a pair that cannot be read has none
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
START = 4096  # a page: records are read faster from its borders
TYPES = ("|u1", "<i4")  # of arrays
ANEW = "delete it, and it is made anew"
_PLACE = struct.Struct("<QQI")

Stamp = List[List[Any]]  # of each file its name, bytes, time of change in ns
Shapes = List[Tuple[str, List[int]]]  # of each array its type and shape


class PairCache:
    """The pairs of a file, read where they are asked for.

    By reading, not by a memory map: where a disk fails or a file is cut short, a map ends the process by SIGBUS.

    Raises:
        InputError: The file cannot be read, is none of ours or is damaged; says what was found.
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
            raise InputError(f"{path}: its index is not one of a cache of pairs ({error!r}); {ANEW}") from None
        self._require_sound(room)

    def __getstate__(self) -> dict:
        """For a reading process, which opens the file itself and needs no stamps."""
        return {**vars(self), "_file": None, "stamps": {}}

    def __contains__(self, stem: str) -> bool:
        return stem in self.records

    def mismatch(self, form: Mapping, stamps: Mapping[str, Stamp]) -> str:
        """Why it does not hold these pairs as they are now, in this form; empty if it does. It may hold more."""
        for name in sorted({*self.form, *form}):
            if self.form.get(name) != form.get(name):
                return f"was made with {name}={self.form.get(name)}, and {form.get(name)} is needed"
        for stem, stamp in stamps.items():
            if stem not in self.stamps:
                return f"does not have the pair {stem}"
            if self.stamps[stem] != stamp:
                return f"the pair {stem} has changed since"
        return ""

    def read(self, stem: str) -> Arrays:
        """The arrays of a pair.

        Raises:
            InputError: Its record cannot be read, or is not what was written.
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
            raise InputError(f"{self.path}: is damaged at {stem}: {what}, and {written:08x} was written; {ANEW}")
        return _taken_apart(record, self.shapes)

    def _require_sound(self, room: int) -> None:
        """Refuse an index that does not fit the `room` bytes of the records."""
        known = all(kind in TYPES and all(side > 0 for side in shape) for kind, shape in self.shapes)
        size = record_size(self.shapes) if known and self.shapes else 0
        if not size or room % size or any(not 0 <= number < room // size for number, _ in self.records.values()):
            raise InputError(f"{self.path}: {room} bytes of records do not fit its index; {ANEW}")


def stamp_of(paths: Iterable[Path]) -> Stamp:
    """What tells files from what they are later; one that is missing has -1 bytes."""
    return [[path.name, *_version_or_missing(path)] for path in paths]


def write_cache(
    path: Path,
    form: Mapping,
    shapes: Shapes,
    stamps: Mapping[str, Stamp],
    found: Iterable[Tuple[str, Optional[Arrays]]],
) -> None:
    """Make the file whole or not at all.

    Args:
        stamps: Of each pair, from before it was read.
        found: Each pair's arrays, shaped as `shapes` says; None: it cannot be read.

    Raises:
        InputError: The folder may not be written to.
        OSError: Anything else, such as a full disk, which is noticed before the first pair is read.
    """

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, START + len(stamps) * record_size(shapes))
            file.seek(START)
            records = _write_records(file, found)
            index = json.dumps({"form": form, "arrays": shapes, "pairs": stamps, "records": records}).encode()
            begin = file.tell()
            file.write(index)
            file.truncate()
            file.seek(0)
            file.write(head_of(index, begin))

    make_folder(path.parent)
    write_through(path, write, flush=True)


def head_of(index: bytes, begin: int) -> bytes:
    """The first bytes of a file whose index begins at `begin`."""
    return MAGIC + _PLACE.pack(begin, len(index), zlib.crc32(index))


def record_size(shapes: Shapes) -> int:
    """Bytes of a record."""
    return sum(np.dtype(kind).itemsize * _volume(shape) for kind, shape in shapes)


def _write_records(file: BinaryIO, found: Iterable[Tuple[str, Optional[Arrays]]]) -> Dict[str, Tuple[int, int]]:
    records: Dict[str, Tuple[int, int]] = {}
    for stem, arrays in found:
        if arrays is None:
            continue
        record = b"".join(array.tobytes() for array in arrays)
        records[stem] = len(records), zlib.crc32(record)
        file.write(record)
    return records


def _taken_apart(record: np.ndarray, shapes: Shapes) -> Arrays:
    arrays, begin = [], 0
    for kind, shape in shapes:
        end = begin + np.dtype(kind).itemsize * _volume(shape)
        arrays.append(record[begin:end].view(kind).reshape(shape))
        begin = end
    return tuple(arrays)


def _read_index(path: Path) -> Tuple[Any, int]:
    """The index of a file, and how many bytes its records take."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a regular file, and a cache of pairs is needed there")
    try:
        with open(path, "rb") as file:
            head, size = file.read(len(MAGIC) + _PLACE.size), os.fstat(file.fileno()).st_size
            if not head.startswith(MAGIC):
                begins = f"begins with {head[: len(MAGIC)]!r}, one of ours with {MAGIC!r}"
                raise InputError(f"{path}: is no cache of pairs: it {begins}; name another file, or delete this one")
            begin, length, written = _PLACE.unpack(head[len(MAGIC) :].ljust(_PLACE.size, b"\0"))
            if begin < START or begin + length != size:
                raise InputError(f"{path}: is damaged: has {size} bytes, and {begin + length} were written; {ANEW}")
            file.seek(begin)
            data = file.read(length)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if zlib.crc32(data) != written:
        found = f"its index has checksum {zlib.crc32(data):08x}, and {written:08x} was written"
        raise InputError(f"{path}: is damaged: {found}; {ANEW}")
    try:
        return json.loads(data), begin - START
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: its index is not JSON ({error}); {ANEW}") from None


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
