"""Lines of numbers that a run appends to a file, each tied to the number of images seen. Imports no Jittor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from data_tools.basics.errors import InputError
from data_tools.basics.files import write_atomic


def read_records(path: Path) -> List[Dict[str, Any]]:
    """The records of a file, oldest first; none where there is no file.

    What is no record is passed over: a kill or a loss of power leaves lines that are cut short or hold zeros.

    Raises:
        InputError: The file cannot be read.
    """
    return [record for record in map(_parse, _read_lines(path)) if record is not None]


def forget_after(path: Path, nimg: int) -> None:
    """Take out the records of images that will be seen again, and what is no record.

    Raises:
        InputError: The file cannot be read or written.
    """
    lines = _read_lines(path)
    kept = [line for line in lines if line.endswith(b"\n") and (_parse(line) or {"nimg": nimg + 1})["nimg"] <= nimg]
    if len(kept) < len(lines):
        write_atomic(path, b"".join(kept))


def _read_lines(path: Path) -> List[bytes]:
    try:
        return path.read_bytes().splitlines(keepends=True) if path.exists() else []
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _parse(line: bytes) -> Optional[Dict[str, Any]]:
    """The record in a line; None if it holds none."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and type(record.get("nimg")) is int else None
