"""Show a status line with the elapsed time: `python -m jittor_tsit.runtime.status_line TEXT`.

It runs as a separate process, because Jittor holds Python's global interpreter lock while it compiles.
"""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Optional

from data_tools.basics.command_line import QUIET_VARIABLE
from data_tools.basics.progress import on_terminal
from jittor_tsit.runtime.compiler_output import OutputFilter, stderr_to

QUIET_SECONDS = 5  # shorter waits show no line
TERMINAL_SECONDS = 1  # between updates of the line on a terminal
FILE_SECONDS = 30  # between lines in a file, where a line cannot be overwritten
POLL_SECONDS = 1  # between two looks at Jittor's output
MAX_READ = 1 << 24  # bytes at a time
IMAGE_NOTE = "first image: new operators are compiled once"
SCORE_NOTE = "first image to score: new operators are compiled once"
RANK_VARIABLE = "OMPI_COMM_WORLD_RANK"  # set by mpirun


@contextmanager
def waiting_for(what: str):
    """Show the text `what` and the elapsed time while the `with` block runs, if it runs for more than 5 seconds.
    With --quiet the line is not shown.

    In the block, what Jittor writes about its own progress is left out, and counted in the line. Everything else that
    C++ code writes on standard error is shown, at most a second later. Of several processes, process 0 shows the line.
    """
    is_other = os.environ.get(RANK_VARIABLE, "0") != "0"
    environment = {**os.environ, **({QUIET_VARIABLE: "1"} if is_other else {})}
    with tempfile.TemporaryFile() as output:
        command = [sys.executable, "-m", "jittor_tsit.runtime.status_line", what, str(output.fileno())]
        with stderr_to(output.fileno()) as real:
            status_line = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stderr=real,
                pass_fds=[output.fileno()],
                env=environment,
                start_new_session=True,  # the terminal sends Ctrl-C to this process only, not to the new one
            )
            try:
                yield
            finally:
                # Closing the pipe is not enough: processes forked by Jittor keep it open.
                status_line.communicate(b"done")
        if status_line.returncode:  # it was killed
            output.seek(0)
            sys.stderr.write(output.read().decode(errors="replace"))


class FirstWait:
    """Context manager for work that compiles operators only the first time: its first use is `waiting_for(what)`.

    Later uses do nothing, and cost nothing.
    """

    def __init__(self, what: str):
        self.what, self.is_over = what, False
        self.stack = ExitStack()

    def __enter__(self) -> None:
        if not self.is_over:
            self.stack.enter_context(waiting_for(self.what))

    def __exit__(self, *error) -> None:
        self.is_over = True
        self.stack.__exit__(*error)


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
    """Print the line on standard error repeatedly, until something arrives on standard input or the parent ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # this process ends when its parent ends
    text, output, parent = sys.argv[1], int(sys.argv[2]), os.getppid()
    overwrites, found, offset = on_terminal(), OutputFilter(), 0
    started = time.time()
    due, is_shown, is_end = started + QUIET_SECONDS, False, False
    while not is_end:
        is_end = bool(select.select([sys.stdin], [], [], POLL_SECONDS)[0]) or os.getppid() != parent
        data = os.pread(output, MAX_READ, offset)
        offset += len(data)
        for line in found.lines(data, is_end):
            sys.stderr.write(f"\r{line}\033[K\n" if overwrites else f"{line}\n")
        if not is_end and time.time() >= due and QUIET_VARIABLE not in os.environ:
            _show(_status(text, found.num_compiled, time.time() - started, parent), overwrites)
            due, is_shown = time.time() + (TERMINAL_SECONDS if overwrites else file_pause(time.time() - started)), True
        sys.stderr.flush()
    if is_shown and overwrites:
        sys.stderr.write("\n")


def file_pause(seconds: float) -> float:
    """Return the seconds to the next line in a file after a wait of so many seconds: 30 s, and rarer in long waits."""
    return max(FILE_SECONDS, seconds / 4)  # 20 minutes on a busy machine take 16 lines, not 40


def _show(line: str, overwrites: bool) -> None:
    sys.stderr.write(f"\r{line}\033[K" if overwrites else f"{line}\n")


def _status(text: str, num_compiled: int, seconds: float, parent: int) -> str:
    """Return the status line, such as "first step: compiling; operators: 12 so far (1:05 so far)"."""
    minutes, rest = divmod(int(seconds), 60)
    operators = f"; operators compiled: {num_compiled}" if num_compiled else ""
    return f"{text}{operators}{lock_note(parent)} ({minutes}:{rest:02d} so far)"


if __name__ == "__main__":
    main()
