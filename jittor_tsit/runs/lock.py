"""A run folder belongs to one training at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Callable, TextIO

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder

LOCK = ".lock"  # in the run folder: the file that is locked, and who locked it last
HELD = (errno.EACCES, errno.EAGAIN)  # what POSIX allows for "another process has it"


def lock_run_dir(run_dir: Path, warn: Callable[[str], None]) -> TextIO:
    """Make the folder and lock it until the returned file is closed, or the process ends in whatever way.

    The lock is the process' (POSIX), not the open file's (`flock`): reading processes and compilers, which outlive a
    killed training for seconds, do not inherit it.

    Args:
        warn: Called with a line of text where the file system has no locks.

    Raises:
        InputError: Another process holds it; says which.
    """
    make_folder(run_dir)
    file = open(run_dir / LOCK, "a+", encoding="utf-8")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD:
            file.seek(0)
            holder = file.read(1000) or "not known which"  # it has not yet written who it is
            file.close()
            raise InputError(
                f"{run_dir}: another training writes there ({holder}); wait for it or stop it, "
                "or choose another --run-dir"
            ) from None
        warn(f"{run_dir}: cannot be locked ({error.strerror}); going on, let no other training write there")
        return file
    holder = f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"
    file.truncate(0)
    with suppress(OSError):  # a full disk: what needs the room will say so
        os.write(file.fileno(), holder.encode())
    return file
