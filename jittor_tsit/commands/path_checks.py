"""Checks of the paths that options name. They need no Jittor, and come before it is compiled."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Iterable, Optional

from data_tools.basics.errors import InputError
from jittor_tsit.commands.shared_options import JUDGES, NO_JUDGES
from jittor_tsit.runs.checkpoint import SUFFIX, check_checkpoint

FILE = "FILE"  # in place of the name of an option for words without one


def require_file(option: str, path: Optional[Path]) -> None:
    """Raise InputError if the file that an option names does not exist. None is allowed."""
    if path is None or path.is_file():
        return
    what = "a folder; a file is needed" if path.is_dir() else f"no such file{nearest_folder(path)}"
    raise InputError(f"{_given(option, path)}: {what}")


def require_folder(option: str, path: Optional[Path]) -> None:
    """Raise InputError if the folder that an option names does not exist. None is allowed."""
    if path is None or path.is_dir():
        return
    what = "a file; a folder is needed" if path.exists() else f"no such folder{nearest_folder(path)}"
    raise InputError(f"{_given(option, path)}: {what}")


def require_input(option: str, path: Optional[Path]) -> None:
    """Raise InputError if an option names neither a file nor a folder that exists. None is allowed."""
    if path is not None and not path.exists():
        raise InputError(f"{_given(option, path)}: no such file or folder{nearest_folder(path)}")


def require_writable(option: str, path: Path) -> None:
    """Raise InputError if the file or folder that an option names cannot be written. Nothing is left there.

    Folders that do not exist yet are made later. The nearest folder that exists decides.
    """
    parent = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
    if parent != path.absolute() and not parent.is_dir():
        raise InputError(f"{_given(option, path)}: {parent} is a file, not a folder; choose another place")
    try:
        with tempfile.TemporaryFile(dir=parent if parent.is_dir() else parent.parent):
            pass  # asking for the rights would not be enough: the file system may be read-only
    except OSError as error:
        raise InputError(
            f"{_given(option, path)}: {parent} cannot be written ({error.strerror}); choose another place"
        ) from None


def _given(option: str, path: Path) -> str:
    """Return an option and its value as the user types them."""
    if option == FILE:
        return str(path)
    return f"{option} {path}" if option.startswith("--") else f"{option}={path}"


def nearest_folder(path: Path) -> str:
    """Return a text that names the part of a missing path that exists, if that says more than the path itself."""
    parent = path.parent
    return "" if parent.is_dir() else f" ({parent} does not exist either)"


def require_checkpoints(option: str, paths: Iterable[Path]) -> None:
    """Raise InputError if one of the files that an option names is not a checkpoint. Only its header is read."""
    for path in paths:
        require_file(option, path)
        check_checkpoint(path, ())


def require_run(option: str, run_dir: Optional[Path]) -> None:
    """Raise InputError if the folder that an option names is not the folder of a run with a checkpoint."""
    require_folder(option, run_dir)
    if run_dir is not None and not any(run_dir.glob(f"*{SUFFIX}")):
        raise InputError(
            f"{option} {run_dir}: holds no checkpoint (*{SUFFIX}); run train first, or name another folder"
        )


def require_suffix(option: str, path: Path) -> None:
    """Raise InputError if the checkpoint to write has another suffix."""
    if path.suffix != SUFFIX:
        raise InputError(f"{option} {path}: must end in {SUFFIX}")


def check_judges(args: argparse.Namespace) -> None:
    """Check the options of `shared_options.add_judges`. The default folder of the judges may be missing."""
    if args.judges not in (JUDGES, NO_JUDGES):
        require_folder("--judges", args.judges)
    require_file("--segmenter", args.segmenter)
