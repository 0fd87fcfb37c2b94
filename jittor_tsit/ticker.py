"""A status line with a clock, in a process of its own: `python -m jittor_tsit.ticker TEXT`.

Of its own, because Jittor holds Python's lock while it compiles.
"""

import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

QUIET_SECONDS = 5  # what is over sooner needs no line
TERMINAL_SECONDS = 1  # between updates of the line
FILE_SECONDS = 30  # between lines, where they cannot be overwritten


@contextmanager
def waiting_for(what: str):
    """Show `what` and the time gone by, if it takes longer than a moment."""
    ticker = subprocess.Popen([sys.executable, "-m", "jittor_tsit.ticker", what], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        ticker.communicate(b"done")  # closing alone is not enough: processes that Jittor forked hold the pipe open


def main() -> None:
    """Write the line to standard error from time to time, until something arrives on standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's end closes standard input
    text, started = sys.argv[1], time.time()
    on_terminal = sys.stderr.isatty()
    pause, is_shown = QUIET_SECONDS, False
    while not select.select([sys.stdin], [], [], pause)[0]:
        minutes, seconds = divmod(int(time.time() - started), 60)
        line = f"{text} ({minutes}:{seconds:02d} so far)"
        sys.stderr.write(f"\r{line}\033[K" if on_terminal else f"{line}\n")
        sys.stderr.flush()
        pause, is_shown = TERMINAL_SECONDS if on_terminal else FILE_SECONDS, True
    if is_shown and on_terminal:
        sys.stderr.write("\n")


if __name__ == "__main__":
    main()
