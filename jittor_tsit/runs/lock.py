"""Lock of a run folder, so that only one training writes into it at a time."""

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

LOCK = ".lock"  # file in the run folder that is locked; its text names the process that locked it last
LOCKED_ERRORS = (errno.EACCES, errno.EAGAIN)  # POSIX allows both for a lock that another process holds


def lock_run_dir(run_dir: Path, warn: Callable[[str], None]) -> TextIO:
    """Create a run folder and lock it. The lock ends when the returned file is closed or the process ends.

    This is a POSIX lock, which belongs to the process, and not `flock`, which child processes inherit. Worker processes
    and compilers outlive a killed training for seconds and must not hold the lock.

    Args:
        warn: Called with a line of text if the file system does not support locks.

    Raises:
        InputError: Another process holds the lock. The message names the process.
    """
    make_folder(run_dir)
    file = open(run_dir / LOCK, "a+", encoding="utf-8")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in LOCKED_ERRORS:
            file.seek(0)
            holder = file.read(1000) or "not known which"  # empty until the holder has written its name
            file.close()
            raise InputError(
                f"{run_dir}: another training writes there ({holder}); wait for it or stop it, "
                "or choose another --run-dir"
            ) from None
        warn(f"{run_dir}: cannot be locked ({error.strerror}); going on without a lock, start no other training there")
        return file
    holder = f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"
    file.truncate(0)
    with suppress(OSError):  # a full disk; the first checkpoint will report it
        os.write(file.fileno(), holder.encode())
    return file
