"""Records that a run appends to a JSON-lines file, each with its number of images `nimg`. Imports no Jittor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from data_tools.basics.errors import InputError
from data_tools.basics.files import write_atomic


def read_records(path: Path) -> List[Dict[str, Any]]:
    """Read the records of a file, oldest first. Return an empty list if the file is missing.

    Invalid lines are ignored: a killed process or a power cut leaves truncated lines or zeros.

    Raises:
        InputError: The file cannot be read.
    """
    return [record for record in map(_parse, _read_lines(path)) if record is not None]


def remove_records_after(path: Path, nimg: int) -> None:
    """Remove the records after `nimg` images, which a resumed run writes again, and invalid lines.

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
    """Parse one line of a file of records as JSON; return None if it is not a whole record."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and type(record.get("nimg")) is int else None
