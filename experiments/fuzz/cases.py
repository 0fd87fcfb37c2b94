"""One case: a reader and an input that a seed draws; what came of it."""

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
LIMIT_S = 5  # of computing, for one case; a clock on the wall would count what else the machine does
FILE = "input.safetensors"  # no reader goes by the suffix


class Hang(BaseException):
    """A case took longer than LIMIT_S."""


class Outcome(NamedTuple):
    """What came of a case: ACCEPTED, REFUSED, or else what is wrong in a line, with a traceback."""

    verdict: str
    details: str = ""


def draw(reader: Reader, name: str, seed: int, number: int) -> Input:
    """The input of a case; the same every time."""
    return reader.make(Random(f"{seed} {name} {number}"))


def run_case(reader: Reader, given: Input, folder: Path) -> Outcome:
    """Have an input read.

    Args:
        folder: Where its file is written.
    """
    path = folder / FILE
    if isinstance(given, bytes):
        path.write_bytes(given)
    try:
        with time_limit(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of files that it reads all the same
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
    """An InputError is the right answer if it names the file and did not come of a lack of memory."""
    if place not in message:
        return Outcome("an InputError that names neither file nor folder", message)
    if "MemoryError" in message:  # which readers of weights name, whatever went wrong
        return Outcome("a lack of memory", message)
    return Outcome(REFUSED)


@contextlib.contextmanager
def time_limit():
    """For the time of a `with` block, more than LIMIT_S raises Hang."""

    def stop(number, frame):
        raise Hang(f"takes more than {LIMIT_S} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
