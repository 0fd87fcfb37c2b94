"""The error for wrong user input, and the exit status and message of a command that fails."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import Callable

from data_tools.basics.names import printable

EXIT_PROBLEMS = 1  # the command ran and found faults in the data
EXIT_BUG = 1  # the status that Python uses after a traceback
EXIT_ERROR = 2  # the status that argparse uses for a wrong option
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells do
EXIT_PIPE = 141  # 128 + SIGPIPE
BUG = "this is a bug in the program; please report it with the lines above and the command that you ran"


class InputError(ValueError):
    """Error for a fault in the user's files or options.

    The message is one line that names the file or option, what was found, and what is allowed.
    A command prints the message after `error: ` and exits with status 2.
    """


def exit_status(command: Callable[[], int]) -> int:
    """Run a command and return its exit status. Print one line on stderr if an exception ended the command.

    Ctrl-C ends the command even if a shell started it in the background and set Ctrl-C to be ignored.
    A traceback is printed only for exceptions that are bugs: neither InputError nor OSError (such as a full disk).
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # the replacements that tests install have no such method
            stream.reconfigure(errors="backslashreplace")  # not every file name is UTF-8, or known to the terminal
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return _run_and_flush(command)
    except InputError as error:
        return _report(f"error: {error}", EXIT_ERROR)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # otherwise the interpreter prints an error when it flushes at exit
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


def _run_and_flush(command: Callable[[], int]) -> int:
    """Run a command, then flush stdout, so that a closed pipe raises BrokenPipeError here and not at exit."""
    try:
        status = command()
    except SystemExit:  # argparse raises it after --help
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    return status


def _report(line: str, status: int) -> int:
    print(printable(line), file=sys.stderr)
    return status
