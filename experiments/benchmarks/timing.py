"""Time repeated work."""

from __future__ import annotations

import time
from typing import Callable, List


def seconds_of_each(work: Callable[[], object], wait: Callable[[], object], count: int) -> List[float]:
    """Call `work` `count` times. Return the seconds of each call.

    Args:
        wait: Called after each `work`; returns when the device has finished.
    """
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        wait()
        seconds.append(time.perf_counter() - start)
    return seconds
