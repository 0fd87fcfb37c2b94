"""Checkpoints: one safetensors file of named arrays, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Dict, Mapping, NamedTuple, Optional

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from data_tools.errors import InputError

PREFIX, SUFFIX = "state-", ".safetensors"
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
        save_file({name: np.ascontiguousarray(array) for name, array in checkpoint.arrays.items()}, part, metadata)
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


def load_checkpoint(path: Path, part: str = "") -> Checkpoint:
    """Read a checkpoint.

    Args:
        part: Take only the arrays whose name starts so, such as "G_ema."; all by default.

    Raises:
        InputError: No such file, cut short, not a checkpoint of ours, or of another format.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint file")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names = [name for name in file.keys() if name.startswith(part)]
            arrays = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path}: cut short or not a checkpoint ({error}); a .safetensors file of train is needed") from None
    return Checkpoint(arrays, *_read_metadata(path, metadata))


def _read_metadata(path: Path, metadata: Mapping[str, str]):
    if metadata.get("format") != FORMAT:
        raise InputError(f"{path}: a safetensors file, but not a checkpoint of train ({FORMAT!r} is not in its header)")
    return Progress(**json.loads(metadata["progress"])), json.loads(metadata["experiment"])


def load_newest(run_dir: Path, warn) -> Optional[Checkpoint]:
    """The newest checkpoint that can be read; None when there is none.

    Args:
        warn: Called with a line of text for each that cannot; it is left where it is.
    """
    for path in reversed(checkpoint_paths(run_dir)):
        try:
            return load_checkpoint(path)
        except InputError as error:
            warn(f"{error}; trying the one before")
    return None


def prune(run_dir: Path, keep: int) -> None:
    """Delete all but the `keep` newest checkpoints."""
    for path in checkpoint_paths(run_dir)[:-keep]:
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
