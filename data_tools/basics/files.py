"""Read text, and write files whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
from pathlib import Path
from typing import Any, Callable, NamedTuple

from data_tools.basics.errors import InputError

# Errors that the user can avoid by naming another path. A full disk is not among them: it stays an OSError.
_WRONG_PLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}

TEMPORARY = ".tmp"  # suffix of the hidden temporary files


class FileVersion(NamedTuple):
    """Size of a file in bytes and time of its last change in nanoseconds. A file that is rewritten gets another one."""

    size: int
    changed_ns: int


def file_version(path: Path) -> FileVersion:
    """Return the version of a file, to notice later whether the file has changed.

    Raises:
        OSError: There is no such file, or it cannot be reached.
    """
    status = os.stat(path)
    return FileVersion(status.st_size, status.st_mtime_ns)


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to the file `path`, replacing an older file. After a crash the file is old or new, never half.

    Errors as in `write_through`.
    """
    write_through(path, lambda temporary: temporary.write_bytes(data))


def write_through(path: Path, write: Callable[[Path], object], flush: bool = False) -> None:
    """Call `write` with a hidden temporary path in the folder of `path`, then rename the result to `path`.

    Other processes see the old file or the whole new one, and never a half-written one.

    Args:
        flush: Wait until the bytes are on the disk before the rename. Otherwise a power cut can leave the new name
            with no content.

    Raises:
        InputError: The folder does not exist or may not be written to.
        OSError: Anything else, such as a full disk.
    """
    path = Path(path)
    # The name is not built from the file's own name, which may already be as long as the file system allows.
    temporary = path.parent / f".{os.getpid()}-{threading.get_ident()}{TEMPORARY}"
    try:
        write(temporary)
        if flush:
            flush_to_disk(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise _with_path(path, error) from error
    finally:
        with contextlib.suppress(OSError):  # renamed already, or never made
            temporary.unlink()


def flush_to_disk(path: Path) -> None:
    """Wait until a file's bytes, or a folder's list of names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append_line(path: Path, line: str) -> None:
    """Add a line at the end of a text file. `line` is given without its newline. Errors as in `write_through`.

    Bytes of file names that are not UTF-8 become escapes.
    """
    try:
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(line + "\n")
    except OSError as error:
        raise _with_path(path, error) from error


def remove_temporaries(folder: Path) -> None:
    """Delete the temporary files that killed writers left in a folder. Nobody else may be writing there."""
    for path in Path(folder).glob(f".*-*{TEMPORARY}"):
        path.unlink()


def read_text(path: Path) -> str:
    """Read a UTF-8 text file. A byte-order mark, which some editors put first, is left out.

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
    """Read a JSON file and return its value.

    Raises:
        InputError: The file cannot be read, is not UTF-8, is not valid JSON, or is nested too deeply.
    """
    try:
        return json.loads(read_text(path))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid JSON: {error}") from error


def make_folder(path: Path) -> None:
    """Make the folder `path` and its parents, unless they exist.

    Raises:
        InputError: A part of the path is a file, or a folder may not be written to.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise InputError(f"{path}: is a file; a folder is needed there") from error
    except OSError as error:
        raise _with_path(path, error) from error


def _with_path(path: Path, error: OSError) -> Exception:
    """Return an error like `error` whose message names the path.

    It is an InputError if the user can avoid it by naming another path.
    """
    if error.errno in _WRONG_PLACE:
        return InputError(f"{path}: cannot be written: {os.strerror(error.errno)}")
    error.filename = str(path)  # Python leaves it out when a write fails
    return error
