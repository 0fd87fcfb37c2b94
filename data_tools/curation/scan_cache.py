"""What was measured of each pair, kept by the content of its files and the version of what measures."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, Set

import cv2
import numpy as np
import PIL

from data_tools.basics.errors import InputError
from data_tools.sets.pairing import Pair

# The code that a measured value or its record depends on; a test follows the imports of `scan`.
_SOURCES = ("sets/*.py", "signals/*.py", "curation/scan.py")
_PACKAGE = Path(__file__).parents[1]


class ScanCache:
    """Records by key in one file. What `put` was given is kept, whatever happens after it returns.

    Args:
        version: Records of other versions are removed.

    Raises:
        InputError: The file cannot be opened or is no such cache; any method, when it cannot be written.
    """

    def __init__(self, path: Path, version: bytes):
        self._path = path
        with _faults(self._path):
            self._database = sqlite3.connect(str(path), isolation_level=None)
            self._database.execute("PRAGMA synchronous=NORMAL")  # a lost record is only measured again
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS records (key BLOB PRIMARY KEY, version BLOB, record BLOB)"
            )
            self._database.execute("DELETE FROM records WHERE version != ?", (version,))
        self._version = version

    def put(self, records: Dict[bytes, bytes]) -> None:
        rows = [(key, self._version, record) for key, record in records.items()]
        with _faults(self._path), self._database:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", rows)

    def get(self, key: bytes) -> bytes:
        with _faults(self._path):
            row = self._database.execute("SELECT record FROM records WHERE key = ?", (key,)).fetchone()
            if row is None:
                raise sqlite3.DatabaseError("a record that it lists is missing")
            return row[0]

    def close(self) -> None:
        self._database.close()


def known_keys(path: Path) -> Set[bytes]:
    """Keys of all records in the cache at `path`, as they are now.

    Raises:
        InputError: The file is damaged.
    """
    with _faults(path):
        database = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
        keys = {key for (key,) in database.execute("SELECT key FROM records")}
        database.close()
    return keys


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise InputError(f"{path}: cannot be used as a cache ({error}); if it is damaged, delete it") from error


def content_key(pair: Pair, version: bytes) -> bytes:
    """The same for pairs whose files hold the same bytes.

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
    """A digest of the code that measures and of the libraries that it calls."""
    digest = hashlib.blake2b(f"{np.__version__} {cv2.__version__} {PIL.__version__}".encode(), digest_size=16)
    for path in sorted(path for pattern in _SOURCES for path in _PACKAGE.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.digest()
