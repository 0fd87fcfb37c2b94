"""One case: read a random input with a reader, and judge how the reader behaved."""

from __future__ import annotations

import contextlib
import signal
import traceback
import warnings
from pathlib import Path
from random import Random
from typing import NamedTuple

from data_tools.basics.errors import InputError
from experiments.fuzz.readers import Input, Reader

ACCEPTED, REFUSED = "accepted", "refused"
LIMIT_S = 5  # seconds of CPU time for one case; elapsed time would depend on what else the machine does
FILE = "input.safetensors"  # any suffix would do: readers look at the content


class Hang(BaseException):
    """A case used more than LIMIT_S of CPU time."""


class Outcome(NamedTuple):
    """The result of a case."""

    verdict: str  # ACCEPTED, REFUSED, or a line that says what the reader did wrong
    details: str = ""  # a traceback or a message, where there is one


def draw(reader: Reader, name: str, seed: int, number: int) -> Input:
    """The input of a case. The same arguments give the same input."""
    return reader.make(Random(f"{seed} {name} {number}"))


def run_case(reader: Reader, given: Input, folder: Path) -> Outcome:
    """Read an input with a reader and judge the result.

    Args:
        given: Bytes are written to a file, which is read; words are passed to the reader directly.
        folder: The folder for that file.
    """
    path = folder / FILE
    if isinstance(given, bytes):
        path.write_bytes(given)
    try:
        with time_limit(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about files that it can read nevertheless
            reader.read(path if isinstance(given, bytes) else given)
        return Outcome(ACCEPTED)
    except InputError as error:
        return _judge(str(error), str(folder) if isinstance(given, bytes) else "")
    except SystemExit as error:
        return (
            Outcome(REFUSED) if error.code in (0, 2) else Outcome(f"exit status {error.code}", traceback.format_exc())
        )
    except BaseException as error:
        return Outcome(f"{type(error).__name__}: {error}"[:200], traceback.format_exc(limit=-12))


def _judge(message: str, place: str) -> Outcome:
    """Judge the message of an InputError: it must name the file, and must not be caused by a lack of memory."""
    if place not in message:
        return Outcome("an InputError that names neither file nor folder", message)
    if "MemoryError" in message:  # the readers of weight files quote the exception that they caught
        return Outcome("a lack of memory", message)
    return Outcome(REFUSED)


@contextlib.contextmanager
def time_limit():
    """Raise Hang when the `with` block uses more than LIMIT_S of CPU time."""

    def stop(number, frame):
        raise Hang(f"takes more than {LIMIT_S} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
