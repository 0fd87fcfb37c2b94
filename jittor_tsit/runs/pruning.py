"""Deletion of old checkpoints, and of the partial files that a killed process leaves."""

from __future__ import annotations

from pathlib import Path
from typing import List

from data_tools.basics.errors import InputError
from data_tools.basics.files import remove_temporaries
from jittor_tsit.runs.checkpoint import BEST, PREFIX, check_checkpoint, checkpoint_paths

LIBRARY_PART = ".tmp??????"  # pattern of the temporary files of the safetensors library


def prune(newest: Path, keep: int) -> None:
    """Delete old checkpoints. Keep the last `keep` ones up to `newest`.

    `newest` is read and verified before anything is deleted. Checkpoints with a damaged header, and BEST, do not count
    and are not deleted.

    Raises:
        InputError: `newest` is damaged. Nothing is deleted.
    """
    check_checkpoint(newest)
    complete = [path for path in checkpoint_paths(newest.parent) if path <= newest and _has_header(path)]
    for path in complete[:-keep]:
        path.unlink()


def _has_header(path: Path) -> bool:
    """Return whether the header of a checkpoint is undamaged and the file has the length that the header says.

    The arrays are not read, so damage in them is not noticed.
    """
    try:
        check_checkpoint(path, parts=())
    except InputError:
        return False
    return True


def partial_files(run_dir: Path) -> List[Path]:
    """Return the partial checkpoint files of processes that were killed while saving."""
    best = Path(BEST).with_suffix(".part")
    return [path for pattern in (f"{PREFIX}*.part", str(best), LIBRARY_PART) for path in run_dir.glob(pattern)]


def remove_partial_files(run_dir: Path) -> None:
    """Delete the partial files of killed processes. Call it only while no other process writes into the folder."""
    for path in partial_files(run_dir):
        path.unlink()
    remove_temporaries(run_dir)
