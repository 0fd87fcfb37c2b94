"""Read text, and write files whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import threading
from pathlib import Path
from typing import Any, Callable

from data_tools.basics.errors import InputError

# What the user can mend by naming another place. A full disk is not among them: it stays an OSError.
_WRONG_PLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}

TEMPORARY = ".tmp"  # ends the hidden names


def write_atomic(path: Path, data: bytes) -> None:
    """Put `data` into `path`; as `write_through`."""
    write_through(path, lambda temporary: temporary.write_bytes(data))


def write_through(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` make a hidden file and rename it to `path`, so that no half-written file is ever seen.

    Raises:
        InputError: The folder does not exist or may not be written to.
        OSError: Anything else, such as a full disk.
    """
    path = Path(path)
    # Not made from the file's own name, which may already be as long as the file system allows.
    temporary = path.parent / f".{os.getpid()}-{threading.get_ident()}{TEMPORARY}"
    try:
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise _explained(path, error) from error
    finally:
        _remove(temporary)


def append_line(path: Path, line: str) -> None:
    """Put a line at the end of a text file. Errors as `write_through`."""
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise _explained(path, error) from error


def remove_temporaries(folder: Path) -> None:
    """Delete the hidden files of writers that were killed; of a folder where nobody else writes now."""
    for path in Path(folder).glob(f".*-*{TEMPORARY}"):
        path.unlink()


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, without the byte-order mark that editors and spreadsheets put first.

    Raises:
        InputError: The file cannot be read or is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start})") from error


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        InputError: As `read_text`; or it is not valid JSON, or nested too deeply.
    """
    try:
        return json.loads(read_text(path))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid JSON: {error}") from error


def make_folder(path: Path) -> None:
    """Make `path` and its parents.

    Raises:
        InputError: Something in the way is a file, or may not be written to.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise InputError(f"{path}: is a file, and a folder is needed there") from error
    except OSError as error:
        raise _explained(path, error) from error


def _explained(path: Path, error: OSError) -> Exception:
    if error.errno in _WRONG_PLACE:
        return InputError(f"{path}: cannot be written: {os.strerror(error.errno)}")
    error.filename = str(path)  # Python leaves it out when a write fails
    return error


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        pass  # renamed already, or never made
