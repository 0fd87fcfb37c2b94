"""Checkpoints: one safetensors file of named arrays, written whole or not at all.

The state of the random draws is the seed and the number of images seen: each draw follows from them.
"""

from __future__ import annotations

import json
import os
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, Mapping, NamedTuple, Optional, Tuple, TypeVar, Union

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from data_tools.basics.errors import InputError

PREFIX, SUFFIX = "state-", ".safetensors"
BEST = f"best{SUFFIX}"  # the best one of a run by its evaluation, under a name that no pruning looks at
FORMAT = "jittor_tsit 1"  # changes when old files can no longer be read
FIRST_FIELDS = {"format", "progress", "experiment"}  # of the header; files of before the checksums have no other
DAMAGED = ".damaged"  # after the name of a file that is set aside
Read = TypeVar("Read")
# Beginnings of names of arrays, such as ("G.", "E."), or a function that tells them from the options of the experiment.
Parts = Union[Tuple[str, ...], Callable[[dict], Tuple[str, ...]]]


class Progress(NamedTuple):
    """How far a run is."""

    nimg: int  # images seen
    num_steps: int  # optimizer steps done


class Checkpoint(NamedTuple):
    """What a file holds."""

    arrays: Dict[str, np.ndarray]
    progress: Progress
    experiment: dict  # the options as JSON has them


def checkpoint_path(run_dir: Path, nimg: int) -> Path:
    """Where the checkpoint after `nimg` images lies."""
    return run_dir / f"{PREFIX}{nimg:09d}{SUFFIX}"


def checkpoint_paths(run_dir: Path) -> list[Path]:
    """A run's checkpoints, oldest first."""
    return sorted(run_dir.glob(f"{PREFIX}*{SUFFIX}"))


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write to a temporary name, flush to the disk, rename. A checksum of each array and of the rest goes with it.

    Raises:
        OSError: The disk is full or the folder cannot be written; older checkpoints are as they were.
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
        os.chmod(part, 0o666 & ~_umask())  # the library writes for the owner alone
        _flush(part)
        os.replace(part, path)
    except SafetensorError as error:  # the library's own wrapping of an input/output error
        raise OSError(f"{path}: cannot be written: {error}") from None
    finally:
        if part.exists():
            part.unlink()
    _flush(path.parent)


def _sort_header(path: Path) -> None:
    """Bring the texts of a safetensors header into an order: the library has another one each time."""
    with open(path, "r+b") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()  # as the library writes it
        if len(text) <= size:  # else the library writes its texts in another way than Python
            file.seek(8)
            file.write(text.ljust(size))


def _checksum(array: np.ndarray) -> int:
    """CRC-32 of type, shape and content: finds every change of up to four bytes in a row, eight times as fast as
    SHA-256, which would protect from forgers and not from disks.
    """
    kind = f"{array.dtype.str} {array.shape}".encode()
    return zlib.crc32(array.reshape(-1).view(np.uint8), zlib.crc32(kind))


def _checksum_of_texts(metadata: Mapping[str, str]) -> str:
    return str(zlib.crc32(json.dumps(metadata, sort_keys=True).encode()))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Header(NamedTuple):
    """What a file says of its arrays."""

    progress: Progress
    experiment: dict
    checksums: Optional[Dict[str, int]]  # of each array; None: written before there were any


def load_checkpoint(path: Path, parts: Parts = ("",)) -> Checkpoint:
    """Read a checkpoint, and compare all that is read with its checksums.

    Args:
        parts: Beginnings of the names of the arrays to read; all arrays by default.

    Raises:
        InputError: No such file, cut short, not a checkpoint of ours, of another format, or damaged: names the array.
    """
    with _opened(path) as file:
        header = _read_header(path, file)
        return Checkpoint(dict(_arrays(path, file, header, parts)), header.progress, header.experiment)


def check_checkpoint(path: Path, parts: Parts = ("",)) -> None:
    """Read a checkpoint array by array and keep none. Arguments and errors as `load_checkpoint`."""
    with _opened(path) as file:
        for _ in _arrays(path, file, _read_header(path, file), parts):
            pass


@contextmanager
def _opened(path: Path) -> Iterator[safe_open]:
    """The open file; whatever goes wrong with it in the `with` block is the user's to know."""
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint file")
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except InputError:
        raise
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path}: cut short or not a checkpoint ({error}); a .safetensors file of train is needed"
        ) from None


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
    """Yield names and arrays, one after the other."""
    parts = parts(header.experiment) if callable(parts) else parts
    for name in file.keys():  # noqa: SIM118 (a safetensors file has no __iter__)
        if not name.startswith(parts):
            continue
        array = file.get_tensor(name)
        if header.checksums is not None and header.checksums[name] != _checksum(array):
            raise InputError(f"{path}: damaged: the array {name} is not what was written")
        yield name, array


def load_newest(run_dir: Path, warn: Callable[[str], None]) -> Optional[Checkpoint]:
    """The newest checkpoint that can be read, whole; None when there is none. Damaged newer ones are set aside: they
    get another name.

    Args:
        warn: Called with a line of text for each of them.

    Raises:
        InputError: There are checkpoints, and none can be read; they are left as they are.
    """
    path, newest, faults = _newest(run_dir, load_checkpoint)
    for damaged, fault in faults.items():
        aside = damaged.with_name(damaged.name + DAMAGED)
        os.replace(damaged, aside)
        warn(f"{fault}; set aside as {aside.name}, going on from {path.name}")
    return newest


def newest_readable(run_dir: Path, parts: Parts, warn: Callable[[str], None]) -> Optional[Path]:
    """Find the newest checkpoint of which these arrays can be read. Return None when the run has no checkpoint.

    Args:
        parts: As `load_checkpoint` takes them.
        warn: Called with a line of text for each that cannot be read; it is left where it is.

    Raises:
        InputError: There are checkpoints, and none can be read.
    """
    path, _, faults = _newest(run_dir, lambda path: check_checkpoint(path, parts))
    for fault in faults.values():
        warn(f"{fault}; trying the one before")
    return path


def _newest(
    run_dir: Path, read: Callable[[Path], Read]
) -> Tuple[Optional[Path], Optional[Read], Dict[Path, InputError]]:
    """The newest checkpoint that `read` takes, what that gives, and why it did not take those that are newer."""
    paths, faults = checkpoint_paths(run_dir), {}
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
    """Compare the names and shapes of arrays with those wanted.

    Raises:
        InputError: Names the first that is missing, unexpected or of another shape, and how many there are.
    """
    faults = [f"lacks {name}" for name in sorted(set(wanted) - set(found))]
    faults += [f"has {name}, which this model lacks" for name in sorted(set(found) - set(wanted))]
    faults += [
        f"{name} has shape {found[name].shape}, not {tuple(shape)}"
        for name, shape in sorted(wanted.items())
        if name in found and found[name].shape != tuple(shape)
    ]
    if faults:
        raise InputError(f"{path}: a checkpoint of another configuration: {faults[0]} ({len(faults)} such differences)")
