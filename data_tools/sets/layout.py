"""Write each split as a folder in the contest's layout, with links or copies of the files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Mapping, Sequence

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version, make_folder, write_through
from data_tools.basics.output_folder import require_only
from data_tools.basics.progress import progress_bar
from data_tools.sets.pairing import Pair


def lay_out(folder: Path, splits: Mapping[str, Sequence[Pair]], copy: bool) -> None:
    """Write `folder/<split>/train/imgs` and `folder/<split>/train/labels` for each split.

    Args:
        copy: Copy the files. Otherwise make links, which need no disk space but break when the originals move.

    Raises:
        InputError: A folder holds files that are not in the split, or may not be written to; a file is gone.
        OSError: The disk is full.
    """
    for split, pairs in splits.items():
        for name in ("imgs", "labels"):
            files = [pair.photo if name == "imgs" else pair.label for pair in pairs]
            target = Path(folder) / split / "train" / name
            require_only(target, {file.name for file in files}, is_ours=True)
            make_folder(target)
            for file in progress_bar(files, desc=f"{split}/{name}", unit="file", leave=False, delay=2.0):
                _place(file, target / file.name, copy)


def _place(source: Path, target: Path, copy: bool) -> None:
    if not source.exists():
        raise InputError(f"{source}: is gone since the scan; run scan again")
    if copy:
        if target.is_symlink() or not target.exists() or file_version(target) != file_version(source):
            write_through(target, lambda temporary: shutil.copy2(source, temporary))
    elif not (target.is_symlink() and os.readlink(target) == str(source.absolute())):
        write_through(target, lambda temporary: os.symlink(source.absolute(), temporary))
