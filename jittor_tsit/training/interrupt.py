"""Ctrl-C and the terminate signal end a run between two steps."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import Callable, Iterator


@contextmanager
def stopping_gently() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether the run was asked to stop. The second Ctrl-C stops at once."""
    asked = []

    def ask(number, frame):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        os.write(2, b"\nstopping after this step (Ctrl-C again: at once)\n")  # print may not be used in a handler

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
