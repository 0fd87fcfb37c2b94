"""List the files in a folder of a data set, and report everything else that lies there."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.names import printable

REFERENCE_FILE = "label_to_img.json"  # lies in the folder of label maps in the 2023 contest


class Problem(NamedTuple):
    """A problem of a pair. A broken pair cannot be used; an odd one (not `broken`) can, but is unusual.

    `reason` is one line that starts with the path. Control characters in it are escaped.
    """

    stem: str
    reason: str
    broken: bool

    def __str__(self) -> str:
        return f"{'broken' if self.broken else 'odd'}: {self.reason}"


def list_folder(folder: Path, kind: str, suffixes: Sequence[str]) -> Tuple[Dict[str, List[Path]], List[Problem]]:
    """List the files with one of the suffixes in a folder. Hidden files are ignored.

    Args:
        kind: Word for the files in messages, such as "photo".

    Returns:
        Stem -> its files (usually one), and an odd problem for each sub-folder and each file with another suffix.

    Raises:
        InputError: The folder cannot be read.
    """
    files: Dict[str, List[Path]] = {}
    odd = []
    for path, is_folder in _visible_entries(folder):
        if is_folder:
            odd.append(_odd(path, "is a folder; data sets are flat, so what it holds is not read"))
        elif path.suffix.lower() in suffixes:
            files.setdefault(path.stem, []).append(path)
        elif path.name != REFERENCE_FILE:
            odd.append(_odd(path, f"does not end as a {kind} does ({', '.join(suffixes)}) and is not read"))
    return files, odd


def require_folder(folder: Path) -> Path:
    """Check that a folder exists, and return its path.

    Raises:
        InputError: It does not exist, is a file, or may not be reached.
    """
    try:
        is_folder = stat.S_ISDIR(os.stat(folder).st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{folder}: no such folder") from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    if not is_folder:
        raise InputError(f"{folder}: is a file; a folder is needed")
    return folder


def _odd(path: Path, reason: str) -> Problem:
    return Problem(path.stem, printable(f"{path}: {reason}"), broken=False)


def _visible_entries(folder: Path) -> List[Tuple[Path, bool]]:
    try:
        with os.scandir(folder) as entries:
            return [(folder / e.name, _is_folder(e)) for e in entries if not e.name.startswith(".")]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error


def _is_folder(entry: os.DirEntry) -> bool:
    """Return whether an entry of a folder is a folder itself. A broken link is none: reading its pair reports it."""
    try:
        return entry.is_dir()
    except OSError:
        return False
