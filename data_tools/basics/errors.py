"""The error for wrong user input, and the exit status and message of a command that fails."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from typing import Callable

from data_tools.basics.early_interrupt import EXIT_INTERRUPTED, INTERRUPTED, end_now
from data_tools.basics.names import printable

EXIT_PROBLEMS = 1  # the command ran and found faults in the data
EXIT_BUG = 1  # the status that Python uses after a traceback
EXIT_ERROR = 2  # the status that argparse uses for a wrong option
EXIT_PIPE = 141  # 128 + SIGPIPE
BUG = "this is a bug in the program; please report it with the lines above and the command that you ran"

ROOM_ADVICE = "make room on this disk, or name a folder on another one, and run the same command again"
MEMORY_ADVICE = "use fewer workers, or close other programs"
GPU_NAMES = ("cuda", "cudnn", "cublas")  # in messages of its libraries
# What exceptions of C++, Jittor, CUDA, cuDNN and cuBLAS say when memory runs out.
MEMORY_TEXTS = (
    *("std::bad_alloc", "Unable to alloc cuda device memory", "cudaErrorMemoryAllocation", "out of memory"),
    *("CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED"),
    *("failed to map segment", "Cannot allocate memory", "cannot allocate memory"),  # the loader of libraries
)

# Jittor says this if the compiler ends without a message: something ended it, perhaps the system for lack of memory.
COMPILER_TEXT = "overcommit issue or out of memory"
COMPILER_LINE = (
    "error: the compiler was ended before it was done, by a signal or for lack of memory; run the same command again, "
    "and close other programs if it happens again"
)


class InputError(ValueError):
    """Error for a fault in the user's files or options.

    The message is one line that names the file or option, what was found, and what is allowed.
    A command prints the message after `error: ` and exits with status 2.
    """


def exit_status(command: Callable[[], int], memory_advice: str = MEMORY_ADVICE) -> int:
    """Run a command and return its exit status. Print one line on stderr if an exception ended the command.

    Ctrl-C ends the command even if a shell started it in the background and set Ctrl-C to be ignored.
    A traceback is printed only for exceptions that are bugs: neither InputError nor OSError (such as a full disk), nor
    a lack of memory.

    Args:
        memory_advice: What helps if memory runs out, for the message.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # the replacements that tests install have no such method
            stream.reconfigure(errors="backslashreplace")  # not every file name is UTF-8, or known to the terminal
    if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, end_now):  # what a command has written is kept from now on
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
        advice = f"; {ROOM_ADVICE}" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        return _report(f"error: {where}{error.strerror or error}{advice}", EXIT_ERROR)
    except KeyboardInterrupt:
        return _report(INTERRUPTED, EXIT_INTERRUPTED)
    except Exception as error:
        if COMPILER_TEXT in str(error):
            return _report(COMPILER_LINE, EXIT_ERROR)
        if is_lack_of_memory(error):
            where = "GPU memory" if any(name in str(error).lower() for name in GPU_NAMES) else "memory"
            return _report(f"error: out of {where}: {memory_advice}", EXIT_ERROR)
        traceback.print_exc()
        return _report(BUG, EXIT_BUG)


def is_lack_of_memory(error: BaseException) -> bool:
    """Return whether an exception says that memory of the machine or of the GPU ran out."""
    return isinstance(error, MemoryError) or any(text in str(error) for text in MEMORY_TEXTS)


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
