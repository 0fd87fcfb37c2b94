"""Output folders of data sets, each with a record file that lets an interrupted command resume."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Collection, Mapping

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_json, write_atomic


def require_between(name: str, value: float, low: float, high: float) -> None:
    """Check that low <= value <= high.

    Raises:
        InputError: It is not; `name` is the option in the message.
    """
    if not low <= value <= high:
        raise InputError(f"{name} {value} is not in {low}..{high}")


def require_same_record(path: Path, record: Mapping[str, object]) -> bool:
    """Return whether an earlier run wrote this record file, that is, whether the folder holds a part of this set.

    Args:
        path: The record file; it need not exist.
        record: Describes the set to be written.

    Raises:
        InputError: The file holds another record, or cannot be read.
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
    """Write the record of a command (its options and inputs) as a file that `require_same_record` reads later."""
    write_atomic(path, (json.dumps(record) + "\n").encode())


def require_only(folder: Path, wanted: Collection[str], is_ours: bool) -> None:
    """Check that a folder holds only the wanted files, or none before our first run. A missing folder passes.

    Args:
        wanted: File names that may be there.
        is_ours: Whether an earlier run wrote to the folder. If not, the folder must be empty.

    Raises:
        InputError: There are other files; the message names the first.
    """
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise InputError(f"{folder}: is a file; a folder is needed there") from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    others = [name for name in names if not is_ours or name not in wanted]
    if others:
        raise InputError(
            f"{folder}: holds {len(others)} files that are not of this set of {len(wanted)}, "
            f"the first is {others[0]}; give another folder"
        )


def copy_file(source: Path, target: Path) -> None:
    """Copy a file byte for byte, unless the target exists. The target appears whole or not at all.

    Raises:
        InputError: The source cannot be read, or the target's folder cannot be written to.
    """
    if target.exists():
        return
    try:
        content = source.read_bytes()
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from error
    write_atomic(target, content)
