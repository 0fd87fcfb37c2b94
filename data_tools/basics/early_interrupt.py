"""End a command in one line if Ctrl-C comes while its modules are being imported, before `exit_status` handles it.

Importing the modules takes a second or two on a busy machine. This module imports almost nothing.
"""

import os
import signal
import sys
from typing import List

EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells do
INTERRUPTED = "interrupted"  # what a command prints then
PACKAGES = ("jittor_tsit", "data_tools")
SCRIPTS = ("jittor-tsit", "data-tools", "help_only.py")  # entry points of both packages; run.sh starts the last one


def end_at_ctrl_c() -> None:
    """From now on, end this process at Ctrl-C, if it runs a command of this project. Change nothing in others."""
    if signal.getsignal(signal.SIGINT) in (signal.default_int_handler, signal.SIG_IGN) and is_command(_own_words()):
        signal.signal(signal.SIGINT, end_now)


def end_now(number: int, frame: object) -> None:
    """Print one line on standard error and end. Only for times at which nothing can be lost."""
    try:
        place = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # replaced by an object without a file
        place = 2
    os.write(place, f"{INTERRUPTED}\n".encode())
    os._exit(EXIT_INTERRUPTED)


def is_command(words: List[str]) -> bool:
    """Return whether the words of a process are a command of this project, such as ["python", "-m", "jittor_tsit"]."""
    has_module = any(option == "-m" and module in PACKAGES for option, module in zip(words, words[1:3]))
    return has_module or os.path.basename("".join(words[1:2])) in SCRIPTS


def _own_words() -> List[str]:
    """Return the words that started this process. `sys.argv` lacks the module while its package is imported."""
    try:
        with open("/proc/self/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().split("\0")
    except OSError:  # not Linux
        return []
