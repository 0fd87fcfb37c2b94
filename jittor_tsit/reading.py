"""Training samples read before they are needed, by worker processes. Imports no Jittor: workers start in a moment.

Processes rather than threads, because Jittor holds Python's lock while it computes.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Callable, Iterator, Sequence, Tuple

import numpy as np

from data_tools.errors import InputError
from data_tools.pools import start_worker

Arrays = Tuple[np.ndarray, ...]


def read_ahead(
    sample: Callable[[int], Arrays], steps: Iterator[Sequence[range]], workers: int
) -> Iterator[Sequence[Arrays]]:
    """The samples of each step, read before they are needed.

    Args:
        steps: The places that a step needs, in groups.

    Returns:
        For each group of a step arrays with a leading batch axis.

    Raises:
        InputError: A file cannot be read, or a reading process was killed.
    """
    context = multiprocessing.get_context("spawn")  # a fork of a process with Jittor's threads may hang
    pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(sample, os.getpid()))
    ahead = deque()
    try:
        while True:
            for groups in islice(steps, 2 * workers + 1 - len(ahead)):  # one in each worker's hands, one waiting
                ahead.append(pool.submit(_load, groups))  # for it, one to spare
            if not ahead:
                return
            yield ahead.popleft().result()
    except BrokenProcessPool:
        raise InputError(f"workers={workers}: a reading process was killed, perhaps for want of memory") from None
    finally:
        for future in ahead:
            future.cancel()
        pool.shutdown(wait=True)


def _start_worker(sample: Callable[[int], Arrays], parent: int) -> None:
    global _sample
    _sample = sample
    start_worker(parent)


def _load(groups: Sequence[range]) -> Sequence[Arrays]:
    return [tuple(np.stack(arrays) for arrays in zip(*map(_sample, places))) for places in groups]
