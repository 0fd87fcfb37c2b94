"""Ctrl-C and the terminate signal stop a run between two steps."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List

from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.mpirun import STOP_SIGNAL


@contextmanager
def stop_between_steps() -> Iterator[Callable[[], bool]]:
    """Handle signals within the `with` block. Yield a function that returns whether a signal asked the run to stop.

    The function returns the same value on all processes that train together. A second Ctrl-C stops at once.
    """
    asked: List[int] = []  # signals so far

    def ask(number, frame):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        if parallel.rank() == 0:
            os.write(2, b"\nstopping after this step (Ctrl-C again: at once)\n")  # print is not safe in a handler

    handlers: Dict[int, Any] = {signal.SIGINT: ask, signal.SIGTERM: ask, STOP_SIGNAL: ask}
    if parallel.num_processes() > 1:
        handlers[signal.SIGTERM] = signal.SIG_DFL  # mpirun sends it to end all processes
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield lambda: parallel.any_process(bool(asked))
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
