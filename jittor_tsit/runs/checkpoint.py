"""Checkpoints: one safetensors file of named arrays, which appears under its name only when it is complete.

A checkpoint holds no state of random generators: all random draws follow from the seed and the number of images.
When a run resumes, damaged checkpoints are set aside: they are renamed to `<name>.damaged` (`load_newest`).
"""

from __future__ import annotations

import json
import os
import re
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, Mapping, NamedTuple, Optional, Tuple, TypeVar, Union

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from data_tools.basics.errors import InputError
from data_tools.basics.files import flush_to_disk
from jittor_tsit.conversion.array_differences import array_differences
from jittor_tsit.conversion.foreign_files import not_a_checkpoint

PREFIX, SUFFIX = "state-", ".safetensors"
BEST = f"best{SUFFIX}"  # name of the best checkpoint of a run by its evaluation; pruning does not delete it
FORMAT = "jittor_tsit 1"  # changes when old files can no longer be read
FIRST_FIELDS = {"format", "progress", "experiment"}  # header of older files, which have no checksums
DAMAGED = ".damaged"  # appended to the name of a damaged checkpoint
_ERROR_NUMBER = re.compile(r"\(os error (\d+)\)")  # in the library's messages
Read = TypeVar("Read")
# Prefixes of array names, such as ("G.", "E."), or a function that returns them for the options of an experiment.
Parts = Union[Tuple[str, ...], Callable[[dict], Tuple[str, ...]]]


class Progress(NamedTuple):
    """Progress of a run: number of images and number of steps that it has trained on."""

    nimg: int  # images seen
    num_steps: int  # optimizer steps done


class Checkpoint(NamedTuple):
    """Content of a checkpoint file: arrays by name, progress of the run, and options of the experiment in JSON form."""

    arrays: Dict[str, np.ndarray]
    progress: Progress
    experiment: dict  # the options in JSON form


def checkpoint_path(run_dir: Path, nimg: int) -> Path:
    """Return the path that a run's checkpoint after `nimg` images has. The file need not exist."""
    return run_dir / f"{PREFIX}{nimg:09d}{SUFFIX}"


def checkpoint_paths(run_dir: Path) -> list[Path]:
    """Return the checkpoints of a run, oldest first."""
    return sorted(run_dir.glob(f"{PREFIX}*{SUFFIX}"))


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint to a temporary file, flush it to the disk, and rename it.

    The header holds a checksum of each array, and one of the header's other fields.

    Raises:
        OSError: The disk is full or the folder is not writable. Older checkpoints stay unchanged.
    """
    arrays = {name: np.asarray(array, order="C") for name, array in checkpoint.arrays.items()}
    metadata = {
        "format": FORMAT,
        "progress": json.dumps(checkpoint.progress._asdict()),
        "experiment": json.dumps(checkpoint.experiment),
        "checksums": json.dumps({name: _checksum(array) for name, array in arrays.items()}),
    }
    metadata["checksum"] = _checksum_of_texts(metadata)
    part = path.with_suffix(".part")
    try:
        save_file(arrays, part, metadata)
        _sort_header(part)
        os.chmod(part, 0o666 & ~_umask())  # the library makes files that only the owner can read
        flush_to_disk(part)
        os.replace(part, path)
    except SafetensorError as error:  # the library wraps input/output errors in this class
        raise _system_error(path, error) from None
    finally:
        if part.exists():
            part.unlink()
    flush_to_disk(path.parent)


def _system_error(path: Path, error: SafetensorError) -> OSError:
    """Return the error of the system that the library wrapped, with its number, which tells a full disk from others."""
    number = _ERROR_NUMBER.search(str(error))
    text = f"{path}: cannot be written: {os.strerror(int(number[1])) if number else error}"
    return OSError(int(number[1]), text) if number else OSError(text)


def _sort_header(path: Path) -> None:
    """Sort the metadata in the header of a safetensors file in place. The library writes it in a random order."""
    with open(path, "r+b") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()  # as the library writes it
        if len(text) <= size:  # otherwise the library escapes texts differently from Python; keep its order then
            file.seek(8)
            file.write(text.ljust(size))


def _checksum(array: np.ndarray) -> int:
    """Return the CRC-32 of an array's type, shape and content.

    CRC-32 is eight times as fast as SHA-256. It detects disk errors, which is its purpose, but not forgery.
    """
    kind = f"{array.dtype.str} {array.shape}".encode()
    return zlib.crc32(array.reshape(-1).view(np.uint8).data, zlib.crc32(kind))


def _checksum_of_texts(metadata: Mapping[str, str]) -> str:
    return str(zlib.crc32(json.dumps(metadata, sort_keys=True).encode()))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class Header(NamedTuple):
    """Header of a checkpoint file: progress, options in JSON form, and checksums of the arrays by name."""

    progress: Progress
    experiment: dict
    checksums: Optional[Dict[str, int]]  # CRC-32 of each array; None in older files


def load_checkpoint(path: Path, parts: Parts = ("",)) -> Checkpoint:
    """Read a checkpoint and verify its checksums.

    Args:
        parts: Prefixes of the names of the arrays to read; all arrays by default.

    Raises:
        InputError: The file is missing, truncated, damaged, or not a checkpoint of this program.
    """
    with _open(path) as file:
        header = _read_header(path, file)
        return Checkpoint(dict(_arrays(path, file, header, parts)), header.progress, header.experiment)


def check_checkpoint(path: Path, parts: Parts = ("",)) -> None:
    """Read a checkpoint array by array and verify its checksums. See `load_checkpoint` for arguments and errors."""
    with _open(path) as file:
        for _ in _arrays(path, file, _read_header(path, file), parts):
            pass


def read_header(path: Path) -> Header:
    """Read the header of a checkpoint. No array is read. See `load_checkpoint` for the errors."""
    with _open(path) as file:
        return _read_header(path, file)


@contextmanager
def _open(path: Path) -> Iterator[safe_open]:
    """Open a safetensors file. Turn every error of the `with` block into an InputError that names the file."""
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint file")
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except InputError:
        raise
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        found = not_a_checkpoint(path) or f"cut short or not a checkpoint ({error})"
        raise InputError(f"{path}: {found}; a .safetensors file of train is needed") from None


def _read_header(path: Path, file: safe_open) -> Header:
    metadata, checksums = dict(file.metadata() or {}), None
    if metadata.get("format") != FORMAT:
        raise InputError(f"{path}: a safetensors file, but not a checkpoint of train ({FORMAT!r} is not in its header)")
    if set(metadata) != FIRST_FIELDS:
        if metadata.pop("checksum", "") != _checksum_of_texts(metadata):
            raise InputError(f"{path}: damaged: its options or progress are not those that were written")
        checksums = json.loads(metadata["checksums"])
        if set(checksums) != set(file.keys()):
            raise InputError(f"{path}: damaged: the names of its arrays are not those that were written")
    return Header(*_read_progress(path, metadata), checksums)


def _read_progress(path: Path, metadata: Mapping[str, str]) -> Tuple[Progress, dict]:
    try:
        progress, experiment = Progress(**json.loads(metadata["progress"])), json.loads(metadata["experiment"])
        is_sound = all(type(count) is int and count >= 0 for count in progress) and type(experiment) is dict
    except (KeyError, ValueError, TypeError, RecursionError):
        is_sound = False
    if not is_sound:
        raise InputError(f"{path}: a checkpoint whose header is damaged; no progress and options can be read from it")
    return progress, experiment


def _arrays(path: Path, file: safe_open, header: Header, parts: Parts) -> Iterator[Tuple[str, np.ndarray]]:
    """Yield (name, array) for the arrays that `parts` selects, and verify the checksum of each.

    Arrays stored with 16 bits, as in the demo model, become float32.

    Raises:
        InputError: A checksum is wrong.
    """
    parts = parts(header.experiment) if callable(parts) else parts
    for name in file.keys():  # noqa: SIM118 (a safetensors file has no __iter__)
        if not name.startswith(parts):
            continue
        array = file.get_tensor(name)
        if header.checksums is not None and header.checksums[name] != _checksum(array):
            raise InputError(f"{path}: damaged: the array {name} is not what was written")
        yield name, array.astype(np.float32) if array.dtype == np.float16 else array


def load_newest(run_dir: Path, warn: Callable[[str], None]) -> Optional[Checkpoint]:
    """Load the newest checkpoint of a run that can be read. Return None if there are no checkpoints.

    Damaged checkpoints that are newer are renamed.

    Args:
        warn: Called with a line of text for each renamed checkpoint.

    Raises:
        InputError: There are checkpoints, but none can be read. They stay unchanged.
    """
    path, newest, faults = _newest(run_dir, load_checkpoint)
    for damaged, fault in faults.items():
        assert path is not None  # otherwise `_newest` raises the fault
        aside = damaged.with_name(damaged.name + DAMAGED)
        os.replace(damaged, aside)
        warn(f"{fault}; set aside as {aside.name}, going on from {path.name}")
    return newest


def newest_readable(run_dir: Path, parts: Parts, warn: Callable[[str], None]) -> Optional[Path]:
    """Find the newest checkpoint whose selected arrays can be read. Return None if the run has no checkpoint.

    Args:
        parts: See `load_checkpoint`.
        warn: Called with a line of text for each checkpoint that cannot be read. It stays unchanged.

    Raises:
        InputError: There are checkpoints, but none can be read.
    """
    path, _, faults = _newest(run_dir, lambda path: check_checkpoint(path, parts))
    for fault in faults.values():
        warn(f"{fault}; trying the previous checkpoint")
    return path


def _newest(
    run_dir: Path, read: Callable[[Path], Read]
) -> Tuple[Optional[Path], Optional[Read], Dict[Path, InputError]]:
    """Find the newest checkpoint that `read` accepts.

    Returns:
        (path, result of `read`, errors of the newer checkpoints by path); (None, None, {}) without checkpoints.
    """
    paths = checkpoint_paths(run_dir)
    faults: Dict[Path, InputError] = {}
    for path in reversed(paths):
        try:
            return path, read(path), faults
        except InputError as error:
            faults[path] = error
    if paths:
        raise InputError(
            f"{run_dir}: none of its {len(paths)} checkpoints can be read ({faults[paths[-1]]}); "
            "choose another --run-dir"
        )
    return None, None, {}


def check_arrays(path: Path, found: Mapping[str, np.ndarray], wanted: Mapping[str, tuple]) -> None:
    """Check that arrays have the wanted names and shapes.

    Args:
        path: The checkpoint, for the error message.

    Raises:
        InputError: An array is missing, unexpected or has another shape. The message names the first one and says how
            many there are.
    """
    missing, unexpected, mis_shaped = array_differences(found, wanted)
    faults = [f"lacks {name}" for name in missing]
    faults += [*(f"has {name}, which this model lacks" for name in unexpected), *mis_shaped]
    if faults:
        raise InputError(f"{path}: a checkpoint of another configuration: {faults[0]} ({len(faults)} such differences)")
