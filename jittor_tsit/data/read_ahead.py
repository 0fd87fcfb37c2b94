"""Training samples read before they are needed, by worker processes. Imports no Jittor: workers start in a moment.

Processes rather than threads, because Jittor holds Python's lock while it computes.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Callable, Deque, Generator, Iterator, List, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.pools import start_worker

Arrays = Tuple[np.ndarray, ...]

_sample: Callable[[int], Arrays]  # set in each worker process
_max_skipped: int

PAUSES = (0.1, 0.5, 2.0)  # seconds before a file is read again: a network file system mostly needs no longer


def read_ahead(
    sample: Callable[[int], Arrays],
    steps: Iterator[Sequence[range]],
    workers: int,
    max_skipped: int = 0,
    skipped: Callable[[Sequence[str]], None] = lambda faults: None,
) -> Generator[Sequence[Arrays], None, None]:
    """The samples of each step, read before they are needed.

    In place of a sample that cannot be read, although it was tried again, stands the next one that can: which, follows
    from the files alone.

    Args:
        steps: The places that a step needs, in groups.
        max_skipped: How many samples in a row may be passed over so.
        skipped: Called for each step, before its samples are given, with what is wrong with those that were passed
            over; it may raise.

    Returns:
        For each group of a step arrays with a leading batch axis.

    Raises:
        InputError: More samples in a row cannot be read, or a reading process was killed.
    """
    context = multiprocessing.get_context("spawn")  # a fork of a process with Jittor's threads may hang
    pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(sample, max_skipped, os.getpid()))
    ahead: Deque[Future] = deque()
    try:
        while True:
            for groups in islice(steps, 2 * workers + 1 - len(ahead)):  # one in each worker's hands, one waiting
                ahead.append(pool.submit(_load, groups))  # for it, one to spare
            if not ahead:
                return
            groups, faults = ahead.popleft().result()
            skipped(faults)
            yield groups
    except BrokenProcessPool:
        raise InputError(f"workers={workers}: a reading process was killed, perhaps for want of memory") from None
    finally:
        for future in ahead:
            future.cancel()
        pool.shutdown(wait=True)


def _start_worker(sample: Callable[[int], Arrays], max_skipped: int, parent: int) -> None:
    global _sample, _max_skipped
    _sample, _max_skipped = sample, max_skipped
    start_worker(parent)


def _load(groups: Sequence[range]) -> Tuple[Sequence[Arrays], List[str]]:
    """The samples of a step, and the faults of those that were passed over."""
    faults: List[str] = []
    loaded = []
    for places in groups:
        found = [first_readable(_sample, place, _max_skipped, faults) for place in places]
        loaded.append(tuple(np.stack(arrays) for arrays in zip(*found)))
    return loaded, faults


def first_readable(sample: Callable[[int], Arrays], place: int, max_skipped: int, faults: List[str]) -> Arrays:
    """The sample at a place, or the next one that can be read.

    Args:
        max_skipped: How many may be passed over.
        faults: Takes what is wrong with these.

    Raises:
        InputError: The next one cannot be read either; names all.
    """
    tried: List[str] = []
    for number in range(max_skipped + 1):
        try:
            arrays = patiently(sample, place + number)
        except InputError as error:
            tried.append(str(error))
        else:
            faults.extend(tried)
            return arrays
    raise InputError("; ".join(dict.fromkeys(tried)))


def patiently(sample: Callable[[int], Arrays], place: int) -> Arrays:
    """A sample, read again after a pause where it cannot be read.

    Raises:
        InputError: It cannot be read the last time either.
    """
    for pause in PAUSES:
        try:
            return sample(place)
        except InputError:
            time.sleep(pause)
    return sample(place)
