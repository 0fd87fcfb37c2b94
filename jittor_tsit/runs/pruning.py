"""Which checkpoints of a run are deleted, and what kills leave behind."""

from __future__ import annotations

from pathlib import Path
from typing import List

from data_tools.basics.errors import InputError
from data_tools.basics.files import remove_temporaries
from jittor_tsit.runs.checkpoint import BEST, PREFIX, check_checkpoint, checkpoint_paths

LIBRARY_PART = ".tmp??????"  # as safetensors calls a file before it is whole and gets the name that was asked for


def prune(newest: Path, keep: int) -> None:
    """Delete all checkpoints up to `newest` but the `keep` last.

    `newest` is read again before anything is deleted. One whose header cannot be read neither counts nor is deleted,
    and neither is BEST.

    Raises:
        InputError: `newest` does not hold what was written; nothing is deleted.
    """
    check_checkpoint(newest)
    whole = [path for path in checkpoint_paths(newest.parent) if path <= newest and _has_header(path)]
    for path in whole[:-keep]:
        path.unlink()


def _has_header(path: Path) -> bool:
    """Whether it is as long as its header says, and the header as it was written."""
    try:
        check_checkpoint(path, parts=())
    except InputError:
        return False
    return True


def torsos(run_dir: Path) -> List[Path]:
    """What kills in the middle of a save left behind."""
    best = Path(BEST).with_suffix(".part")
    return [path for pattern in (f"{PREFIX}*.part", str(best), LIBRARY_PART) for path in run_dir.glob(pattern)]


def remove_torsos(run_dir: Path) -> None:
    """Delete what a kill left behind, in a folder where nobody else writes now."""
    for path in torsos(run_dir):
        path.unlink()
    remove_temporaries(run_dir)
