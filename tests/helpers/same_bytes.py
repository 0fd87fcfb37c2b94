"""Byte-for-byte comparisons that name what differs and where, and print no bytes."""

import hashlib
from pathlib import Path
from typing import Union

import numpy as np
import pytest

Content = Union[Path, bytes, bytearray, np.ndarray]  # a file, bytes as they are, or the values of an array


def assert_same_bytes(found: Content, expected: Content, what: str = "") -> None:
    """Fail with both names and the first byte that differs, unless both have the same bytes.

    Args:
        what: Says what is compared, where names of files do not.
    """
    __tracebackhide__ = True
    ours, theirs = _bytes_of(found), _bytes_of(expected)
    if ours != theirs:
        place = first_difference(ours, theirs)
        values = " and ".join(f"{each[place]:#04x}" if place < len(each) else "the end" for each in (ours, theirs))
        start = f"{what}: " if what else ""
        pytest.fail(f"{start}{_name(found)} and {_name(expected)} differ first at byte {place}: {values}")


def assert_other_bytes(found: Content, other: Content) -> None:
    """Fail if both have the same bytes."""
    __tracebackhide__ = True
    if _bytes_of(found) == _bytes_of(other):
        pytest.fail(f"{_name(found)} and {_name(other)} have the same bytes")


def digest(content: Content) -> str:
    """A short text that tells contents apart, for sets and dicts of many."""
    data = _bytes_of(content)
    return f"{hashlib.sha256(data).hexdigest()[:16]} of {len(data)} bytes"


def contents(folder: Path) -> dict:
    """Name of every file below a folder -> `digest`."""
    return {str(path.relative_to(folder)): digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def first_difference(ours: bytes, theirs: bytes) -> int:
    """Place of the first byte that differs; where one begins as the other ends, the length of the shorter."""
    both = enumerate(zip(ours, theirs))
    return next((place for place, (a, b) in both if a != b), min(len(ours), len(theirs)))


def _bytes_of(content: Content) -> bytes:
    if isinstance(content, Path):
        return content.read_bytes()
    return content.tobytes() if isinstance(content, np.ndarray) else bytes(content)


def _name(content: Content) -> str:
    size = f"{len(_bytes_of(content))} bytes"
    if isinstance(content, Path):
        return f"{content} ({size})"
    if isinstance(content, np.ndarray):
        return f"an array {list(content.shape)} {content.dtype}"
    return f"the expected {size}"
