"""Faults of the user's input, and how a command line reports them."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import Callable

from data_tools.basics.names import printable

EXIT_PROBLEMS = 1  # the command ran, and found faults in the data
EXIT_BUG = 1  # as Python after a traceback
EXIT_ERROR = 2  # as argparse for a wrong option
EXIT_INTERRUPTED = 130  # 128 + SIGINT, the shells' custom
EXIT_PIPE = 141  # 128 + SIGPIPE
BUG = "this is a fault of the program; please report it, with the lines above and the command, to where you got it from"


class InputError(ValueError):
    """A fault in the user's files or options.

    The message is one line: the file or option, what was found, what is allowed.
    A command prints it after `error: ` and exits with status 2.
    """


def exit_status(command: Callable[[], int]) -> int:
    """Run a command; its own status, or that of what ended it, reported in a line.

    Ctrl-C ends it, also where a shell has started it in the background of a script, with Ctrl-C ignored.
    Only errors that are neither the user's nor the system's (a full disk) are our own, and come with their traceback.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return _flushed(command)
    except InputError as error:
        return _report(f"error: {error}", EXIT_ERROR)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # else the interpreter complains when it flushes at exit
        return EXIT_PIPE
    except OSError as error:  # above all a full disk
        where = f"{error.filename}: " if error.filename else ""
        return _report(f"error: {where}{error.strerror or error}", EXIT_ERROR)
    except KeyboardInterrupt:
        return _report("interrupted", EXIT_INTERRUPTED)
    except MemoryError:
        return _report("error: not enough memory", EXIT_ERROR)
    except Exception:
        traceback.print_exc()
        return _report(BUG, EXIT_BUG)


def _flushed(command: Callable[[], int]) -> int:
    """Run a command, and then write out what it has printed, so that a reader that left is noticed here."""
    try:
        status = command()
    except SystemExit:  # argparse's, after --help
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    return status


def _report(line: str, status: int) -> int:
    print(printable(line), file=sys.stderr)
    return status
