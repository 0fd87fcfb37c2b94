"""The files of a run: what they contain, and whether they are whole."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path

from PIL import Image

from jittor_tsit.runs.checkpoint import check_checkpoint, checkpoint_paths

RUN_FILES = (
    "options.json",
    "checked.txt",
    "samples.json",
    "log.txt",
    "stats.jsonl",
    ".lock",
    "grid-*.png",
    "losses.png",
    "state-*.safetensors",
    ".*-*.tmp",
)


class Fault(Exception):
    """A kill lost something, or a file or a result is wrong."""


def newest(run_dir: Path) -> int:
    """The number of images seen by the newest checkpoint; 0 if there is none."""
    paths = checkpoint_paths(run_dir)
    return int(re.findall(r"\d+", paths[-1].name)[0]) if paths else 0


def log_of(run_dir: Path) -> str:
    """The text of a run's log.txt so far."""
    path = run_dir / "log.txt"
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def require_whole(path: Path) -> None:
    """Read a file of a run in the same way as the code that uses it.

    Raises:
        Fault: The file is incomplete, damaged, or not a file that a run writes.
    """
    try:
        if not any(fnmatch(path.name, pattern) for pattern in RUN_FILES):
            raise Fault("is not a file that a run writes")
        if path.suffix == ".safetensors":
            check_checkpoint(path)
        elif path.name == "options.json":
            json.loads(path.read_text())
        elif path.suffix == ".png":
            with Image.open(path) as picture:
                picture.load()
    except (Fault, ValueError, OSError) as error:
        raise Fault(f"{path}: {error}") from None
