"""Folders that a data set is written to: a record says which, so that the same command goes on where it stopped."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Collection, Mapping

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_json, write_atomic


def require_between(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number that is not in low..high."""
    if not low <= value <= high:
        raise InputError(f"{name} {value} is not in {low}..{high}")


def require_same_record(path: Path, record: Mapping[str, object]) -> bool:
    """Whether the folder of `path` already holds the beginning of the set that `record` describes.

    Raises:
        InputError: It holds another set, or the record cannot be read.
    """
    if not path.exists():
        return False
    found = read_json(path)
    if found != record:
        raise InputError(
            f"{path.parent}: holds another set, {json.dumps(found)}, and not {json.dumps(record)}; give another folder"
        )
    return True


def write_record(path: Path, record: Mapping[str, object]) -> None:
    """Write the record that `require_same_record` asks for."""
    write_atomic(path, (json.dumps(record) + "\n").encode())


def require_only(folder: Path, wanted: Collection[str], known: bool) -> None:
    """Refuse a folder with files that are not among those to be written, or that nobody knows the origin of."""
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    strange = [name for name in names if not known or name not in wanted]
    if strange:
        raise InputError(
            f"{folder}: holds {len(strange)} files that are not of this set of {len(wanted)}, "
            f"the first is {strange[0]}; give another folder"
        )


def copy_file(source: Path, target: Path) -> None:
    """Copy byte for byte, unless an earlier run did: writes are whole or not at all.

    Raises:
        InputError: The source cannot be read, or the target's folder not be written to.
    """
    if target.exists():
        return
    try:
        content = source.read_bytes()
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from error
    write_atomic(target, content)
