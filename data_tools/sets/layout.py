"""Lay splits out as folders like the contest's, by links or copies."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Mapping, Sequence, Tuple

from tqdm import tqdm

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder, write_through
from data_tools.basics.output_folder import require_only
from data_tools.sets.pairing import Pair


def lay_out(folder: Path, splits: Mapping[str, Sequence[Pair]], copy: bool) -> None:
    """Make `folder/<split>/train/imgs` and `labels` for each split.

    Args:
        copy: Copy the files; otherwise link to them, which needs no space but the originals in their place.

    Raises:
        InputError: A folder holds files that are not of the split, or may not be written to; a file is gone.
        OSError: The disk is full.
    """
    for split, pairs in splits.items():
        for name in ("imgs", "labels"):
            files = [pair.photo if name == "imgs" else pair.label for pair in pairs]
            target = Path(folder) / split / "train" / name
            require_only(target, {file.name for file in files}, known=True)
            make_folder(target)
            for file in tqdm(files, desc=f"{split}/{name}", unit="file", file=sys.stderr, leave=False, delay=2.0):
                _place(file, target / file.name, copy)


def _place(source: Path, target: Path, copy: bool) -> None:
    if not source.exists():
        raise InputError(f"{source}: is gone since the scan; run scan again")
    if copy:
        if target.is_symlink() or not target.exists() or _version(target) != _version(source):
            write_through(target, lambda temporary: shutil.copy2(source, temporary))
    elif not (target.is_symlink() and os.readlink(target) == str(source.absolute())):
        write_through(target, lambda temporary: os.symlink(source.absolute(), temporary))


def _version(path: Path) -> Tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
