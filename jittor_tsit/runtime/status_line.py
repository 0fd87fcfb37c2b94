"""A status line with a clock, in a process of its own: `python -m jittor_tsit.runtime.status_line TEXT`.

Of its own, because Jittor holds Python's lock while it compiles.
"""

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

QUIET_SECONDS = 5  # what is over sooner needs no line
TERMINAL_SECONDS = 1  # between updates of the line
FILE_SECONDS = 30  # between lines, where they cannot be overwritten
RANK_VARIABLE = "OMPI_COMM_WORLD_RANK"  # set by mpirun
TERMINAL_VARIABLE = "JITTOR_TSIT_TERMINAL"  # set where what is written goes to a terminal through another process


def on_terminal() -> bool:
    """Whether a line on standard error can be overwritten."""
    return sys.stderr.isatty() or bool(os.environ.get(TERMINAL_VARIABLE))


@contextmanager
def waiting_for(what: str):
    """Show `what` and the time gone by, if it takes longer than a moment."""
    if os.environ.get(RANK_VARIABLE, "0") != "0":
        yield  # process 0 of several shows it
        return
    ticker = subprocess.Popen([sys.executable, "-m", "jittor_tsit.runtime.status_line", what], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        ticker.communicate(b"done")  # closing alone is not enough: processes that Jittor forked hold the pipe open


def _waiting_for(pid: int) -> str:
    """Which process has the lock that a process waits for, as text; compiling, Jittor locks its cache."""
    holder = lock_holder(pid)
    return f"; process {holder} is compiling, waiting for it" if holder else ""


def lock_holder(pid: int, table: Path = Path("/proc/locks")) -> Optional[int]:
    """The process that has the file lock for which another waits; None if it waits for none, or it cannot be known.

    Args:
        table: "1: FLOCK ADVISORY WRITE 4711 08:01:99 0 EOF", who has it, then "1: -> FLOCK …", who waits for it.
    """
    holders = {}
    try:
        lines = table.read_text().splitlines()
    except OSError:  # no Linux
        return None
    for number, *words in map(str.split, lines):
        if words[0] != "->":
            holders[number] = int(words[3])
        elif int(words[4]) == pid:
            return max(holders[number], 0) or None  # 0 or -1: on the other side of a container
    return None


def main() -> None:
    """Write the line to standard error from time to time, until something arrives on standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's end closes standard input
    text, started = sys.argv[1], time.time()
    overwrites = on_terminal()
    pause, is_shown = QUIET_SECONDS, False
    while not select.select([sys.stdin], [], [], pause)[0]:
        minutes, seconds = divmod(int(time.time() - started), 60)
        line = f"{text}{_waiting_for(os.getppid())} ({minutes}:{seconds:02d} so far)"
        sys.stderr.write(f"\r{line}\033[K" if overwrites else f"{line}\n")
        sys.stderr.flush()
        pause, is_shown = TERMINAL_SECONDS if overwrites else FILE_SECONDS, True
    if is_shown and overwrites:
        sys.stderr.write("\n")


if __name__ == "__main__":
    main()
