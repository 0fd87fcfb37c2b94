"""Ctrl-C and the terminate signal end a run between two steps."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import Callable, Iterator

from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.mpirun import STOP_SIGNAL


@contextmanager
def stopping_gently() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether the run was asked to stop. The second Ctrl-C stops at once.

    Where several processes train together, it says the same on all of them.
    """
    asked = []

    def ask(number, frame):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        if parallel.rank() == 0:
            os.write(2, b"\nstopping after this step (Ctrl-C again: at once)\n")  # print may not be used here

    handlers = {signal.SIGINT: ask, signal.SIGTERM: ask, STOP_SIGNAL: ask}
    if parallel.num_processes() > 1:
        handlers[signal.SIGTERM] = signal.SIG_DFL  # mpirun is ending them all
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield lambda: parallel.any_process(bool(asked))
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
