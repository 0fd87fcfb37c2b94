"""A cache of measurements: one record for each pair, by the content of its files and the version of the code."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, Set

import cv2
import numpy as np
import PIL

from data_tools.basics.errors import InputError
from data_tools.sets.class_list import ClassList
from data_tools.sets.pairing import Pair

# The code that a measured value depends on. A test follows the imports of `scan` to check that nothing is missing.
_SOURCES = ("sets/*.py", "signals/*.py", "curation/scan.py")
PACKAGE = Path(__file__).parents[1]


class ScanCache:
    """Store of measured pairs in an SQLite file: key -> record. Records are on the disk when `put` returns.

    Args:
        version: Version of the measuring code. Records of other versions are deleted.

    Raises:
        InputError: From all methods: the file cannot be opened or written, or is not such a cache.
    """

    def __init__(self, path: Path, version: bytes):
        self._path = path
        with _input_errors(self._path):
            self._database = sqlite3.connect(str(path), isolation_level=None)
            self._database.execute("PRAGMA synchronous=NORMAL")  # after a power cut, lost records are measured again
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS records (key BLOB PRIMARY KEY, version BLOB, record BLOB)"
            )
            self._database.execute("DELETE FROM records WHERE version != ?", (version,))
        self._version = version

    def put(self, records: Dict[bytes, bytes]) -> None:
        """Store records by key. A record with the same key is replaced."""
        rows = [(key, self._version, record) for key, record in records.items()]
        with _input_errors(self._path), self._database:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", rows)

    def get(self, key: bytes) -> bytes:
        """Return the record of a key.

        Raises:
            InputError: There is no such record, or the file cannot be read.
        """
        with _input_errors(self._path):
            row = self._database.execute("SELECT record FROM records WHERE key = ?", (key,)).fetchone()
            if row is None:
                raise sqlite3.DatabaseError("a record is missing")
            return row[0]

    def close(self) -> None:
        """Close the file. No other method can be used afterwards."""
        self._database.close()


def cached_keys(path: Path) -> Set[bytes]:
    """Return the keys of all records in the cache file.

    Raises:
        InputError: The file is damaged.
    """
    with _input_errors(path):
        database = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
        keys = {key for (key,) in database.execute("SELECT key FROM records")}
        database.close()
    return keys


@contextmanager
def _input_errors(path: Path) -> Iterator[None]:
    """Turn SQLite errors inside the `with` block into InputErrors that name the file `path`."""
    try:
        yield
    except sqlite3.Error as error:
        raise InputError(f"{path}: cannot be used as a cache ({error}); if it is damaged, delete it") from error


def content_key(pair: Pair, version: bytes) -> bytes:
    """Return the key of a pair: a digest of the bytes of its files and of the version of the code.

    Raises:
        InputError: A file cannot be read.
    """
    digest = hashlib.blake2b(version, digest_size=16)
    for path in (pair.photo, pair.label):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.digest()


def code_version() -> bytes:
    """Return a digest of the source code that measures pairs and of the versions of its libraries.

    If it changes, cached records are out of date.
    """
    digest = hashlib.blake2b(f"{np.__version__} {cv2.__version__} {PIL.__version__}".encode(), digest_size=16)
    for path in sorted(path for pattern in _SOURCES for path in PACKAGE.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.digest()


def for_classes(version: bytes, class_list: ClassList) -> bytes:
    """Return a digest of a version of the code and of the classes of the set, on which measured values depend too."""
    classes = json.dumps(class_list.as_json(), sort_keys=True).encode()
    return hashlib.blake2b(version + classes, digest_size=16).digest()
