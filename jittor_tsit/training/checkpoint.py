"""Checkpoints: one safetensors file of named arrays, written whole or not at all.

The state of the random draws is the seed and the number of images seen: each draw follows from them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Callable, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from data_tools.errors import InputError

PREFIX, SUFFIX = "state-", ".safetensors"
MAKERS = ("G", "E.", "C.")  # how names of the arrays begin that make images or read their classes
FORMAT = "jittor_tsit 1"  # changes when old files can no longer be read


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
    """Write to a temporary name, flush to the disk, rename.

    Raises:
        OSError: The disk is full or the folder cannot be written; older checkpoints are as they were.
    """
    metadata = {
        "format": FORMAT,
        "progress": json.dumps(checkpoint.progress._asdict()),
        "experiment": json.dumps(checkpoint.experiment),
    }
    part = path.with_suffix(".part")
    try:
        save_file({name: np.asarray(array, order="C") for name, array in checkpoint.arrays.items()}, part, metadata)
        os.chmod(part, 0o666 & ~_umask())  # the library writes for the owner alone
        _flush(part)
        os.replace(part, path)
    except SafetensorError as error:  # the library's own wrapping of an input/output error
        raise OSError(f"{path}: cannot be written: {error}") from None
    finally:
        if part.exists():
            part.unlink()
    _flush(path.parent)


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


def load_checkpoint(path: Path, parts: Tuple[str, ...] = ("",)) -> Checkpoint:
    """Read a checkpoint.

    Args:
        parts: Take only the arrays whose name starts with one of these, such as "G_ema."; all by default.

    Raises:
        InputError: No such file, cut short, not a checkpoint of ours, or of another format.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint file")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names = [name for name in file.keys() if name.startswith(parts)]
            arrays = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"{path}: cut short or not a checkpoint ({error}); a .safetensors file of train is needed"
        ) from None
    return Checkpoint(arrays, *_read_metadata(path, metadata))


def _read_metadata(path: Path, metadata: Mapping[str, str]):
    if metadata.get("format") != FORMAT:
        raise InputError(f"{path}: a safetensors file, but not a checkpoint of train ({FORMAT!r} is not in its header)")
    try:
        progress, experiment = Progress(**json.loads(metadata["progress"])), json.loads(metadata["experiment"])
        is_sound = all(type(count) is int and count >= 0 for count in progress) and type(experiment) is dict
    except (KeyError, ValueError, TypeError, RecursionError):
        is_sound = False
    if not is_sound:
        raise InputError(f"{path}: a checkpoint whose header is damaged; no progress and options can be read from it")
    return progress, experiment


def load_newest(run_dir: Path, warn: Callable[[str], None]) -> Optional[Checkpoint]:
    """The newest checkpoint that can be read, whole; None when there is none. Arguments as `newest_readable`."""
    path = newest_readable(run_dir, warn)
    return None if path is None else load_checkpoint(path)


def newest_readable(run_dir: Path, warn: Callable[[str], None]) -> Optional[Path]:
    """The newest checkpoint that is no torso; None when the run has none.

    Args:
        warn: Called with a line of text for each that cannot be read; it is left where it is.

    Raises:
        InputError: There are checkpoints, and none can be read.
    """
    paths = checkpoint_paths(run_dir)
    for path in reversed(paths):
        try:
            load_checkpoint(path, parts=())  # the header, which the library compares with the file's length
            return path
        except InputError as error:
            warn(f"{error}; trying the one before")
    if paths:
        raise InputError(f"{run_dir}: none of its {len(paths)} checkpoints can be read; choose another --run-dir")
    return None


def prune(newest: Path, keep: int) -> None:
    """Delete all but the `keep` last checkpoints up to `newest`; damaged ones beyond it do not count."""
    older = [path for path in checkpoint_paths(newest.parent) if path <= newest]
    for path in older[:-keep]:
        path.unlink()


def remove_torsos(run_dir: Path) -> None:
    """Delete what a kill in the middle of a save left behind."""
    for path in run_dir.glob(f"{PREFIX}*.part"):
        path.unlink()


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
