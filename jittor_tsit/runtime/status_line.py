"""Show a status line with the elapsed time: `python -m jittor_tsit.runtime.status_line TEXT`.

It runs as a separate process, because Jittor holds Python's global interpreter lock while it compiles.
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

from data_tools.basics.command_line import QUIET_VARIABLE

QUIET_SECONDS = 5  # shorter waits show no line
TERMINAL_SECONDS = 1  # between updates of the line on a terminal
FILE_SECONDS = 30  # between lines in a file, where a line cannot be overwritten
RANK_VARIABLE = "OMPI_COMM_WORLD_RANK"  # set by mpirun
TERMINAL_VARIABLE = "JITTOR_TSIT_TERMINAL"  # set if another process copies standard error to a terminal


def on_terminal() -> bool:
    """Return whether standard error ends at a terminal, where a line can be overwritten."""
    return sys.stderr.isatty() or bool(os.environ.get(TERMINAL_VARIABLE))


@contextmanager
def waiting_for(what: str):
    """Show the text `what` and the elapsed time while the `with` block runs, if it runs for more than 5 seconds."""
    if os.environ.get(RANK_VARIABLE, "0") != "0" or QUIET_VARIABLE in os.environ:
        yield  # of several processes, process 0 shows the line; with --quiet, none
        return
    command = [sys.executable, "-m", "jittor_tsit.runtime.status_line", what]
    status_line = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        yield
    finally:
        status_line.communicate(b"done")  # closing the pipe is not enough: processes forked by Jittor keep it open


def lock_note(pid: int) -> str:
    """Return a note if the process waits for another one that compiles. Jittor locks its cache while it compiles."""
    holder = lock_holder(pid)
    return f"; process {holder} is compiling, waiting for it" if holder else ""


def lock_holder(pid: int, table: Path = Path("/proc/locks")) -> Optional[int]:
    """Return the id of the process that holds the file lock for which process `pid` waits.

    Args:
        table: File with lines "1: FLOCK ADVISORY WRITE 4711 08:01:99 0 EOF" (process 4711 holds lock 1) and
            "1: -> FLOCK ADVISORY WRITE 4712 …" (process 4712 waits for lock 1).

    Returns:
        None if the process waits for no lock, or if the holder is not known (no Linux, or another container).
    """
    holders = {}
    try:
        lines = table.read_text().splitlines()
    except OSError:  # not Linux
        return None
    for number, *words in map(str.split, lines):
        if words[0] != "->":
            holders[number] = int(words[3])
        elif int(words[4]) == pid:
            return max(holders[number], 0) or None  # 0 or -1: the holder is in another container
    return None


def main() -> None:
    """Print the line on standard error repeatedly, until something arrives on standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # this process ends when the parent's end closes standard input
    text, started = sys.argv[1], time.time()
    overwrites = on_terminal()
    pause, is_shown = QUIET_SECONDS, False
    while not select.select([sys.stdin], [], [], pause)[0]:
        minutes, seconds = divmod(int(time.time() - started), 60)
        line = f"{text}{lock_note(os.getppid())} ({minutes}:{seconds:02d} so far)"
        sys.stderr.write(f"\r{line}\033[K" if overwrites else f"{line}\n")
        sys.stderr.flush()
        pause, is_shown = TERMINAL_SECONDS if overwrites else FILE_SECONDS, True
    if is_shown and overwrites:
        sys.stderr.write("\n")


if __name__ == "__main__":
    main()
