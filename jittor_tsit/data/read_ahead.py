"""Worker processes that read training samples ahead of time. Imports no Jittor, so that workers start quickly.

Workers are processes and not threads, because Jittor holds Python's global interpreter lock while it computes.
"""

from __future__ import annotations

import multiprocessing
import operator
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
_next_place: Callable[[int, int], int]

# Seconds before each retry; most hiccups of a network file system end within this time. Workers are given it.
PAUSES: Sequence[float] = (0.1, 0.5, 2.0)


def read_ahead(
    sample: Callable[[int], Arrays],
    steps: Iterator[Sequence[range]],
    workers: int,
    max_skipped: int = 0,
    on_skipped: Callable[[Sequence[str]], None] = lambda faults: None,
    next_place: Callable[[int, int], int] = operator.add,
) -> Generator[Sequence[Arrays], None, None]:
    """Yield the samples of each training step. Worker processes read them ahead of time.

    If a sample cannot be read after all retries, the next readable sample takes its place. The choice depends on the
    files only, so it is the same in every run.

    Args:
        sample: Reads the sample at a place of the run.
        steps: For each step its groups of places.
        workers: Number of worker processes.
        max_skipped: Largest number of unreadable samples in a row that are skipped.
        on_skipped: Called for each step, before its samples are yielded, with one error message for each skipped
            sample. It may raise.
        next_place: Called with a place and a number k from 1; returns the place of the k-th sample to try in its stead.

    Returns:
        For each step a list with one entry a group: the arrays of its samples, stacked along a new first axis.

    Raises:
        InputError: More than `max_skipped` samples in a row cannot be read, or a worker process was killed.
    """
    context = multiprocessing.get_context("spawn")  # a fork of a process with Jittor's threads may hang
    arguments = sample, max_skipped, next_place, PAUSES, os.getpid()
    pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=arguments)
    ahead: Deque[Future] = deque()
    try:
        while True:
            # For each worker one step in work and one step queued, and one step in reserve.
            for groups in islice(steps, 2 * workers + 1 - len(ahead)):
                ahead.append(pool.submit(_load, groups))
            if not ahead:
                return
            groups, faults = ahead.popleft().result()
            on_skipped(faults)
            yield groups
    except BrokenProcessPool:
        raise InputError(
            f"workers={workers}: a worker process was killed, perhaps because memory ran out; use fewer workers"
        ) from None
    finally:
        for future in ahead:
            future.cancel()
        pool.shutdown(wait=True)


def _start_worker(
    sample: Callable[[int], Arrays],
    max_skipped: int,
    next_place: Callable[[int, int], int],
    pauses: Sequence[float],
    parent: int,
) -> None:
    global _sample, _max_skipped, _next_place, PAUSES
    _sample, _max_skipped, _next_place, PAUSES = sample, max_skipped, next_place, pauses
    start_worker(parent)


def _load(groups: Sequence[range]) -> Tuple[Sequence[Arrays], List[str]]:
    """Read all samples of one step in a worker process.

    Args:
        groups: Positions in the run of the samples of each forward pass.

    Returns:
        For each forward pass its arrays, stacked along a first axis; and one error message for each sample that cannot
        be
        read. In its place another sample is taken.
    """
    faults: List[str] = []
    loaded = []
    for places in groups:
        found = [first_readable(_sample, place, _max_skipped, faults, _next_place) for place in places]
        loaded.append(tuple(np.stack(arrays) for arrays in zip(*found)))
    return loaded, faults


def first_readable(
    sample: Callable[[int], Arrays],
    place: int,
    max_skipped: int,
    faults: List[str],
    next_place: Callable[[int, int], int] = operator.add,
) -> Arrays:
    """Return the sample at a place, or the next sample that can be read.

    Args:
        max_skipped: Largest number of samples that may be skipped.
        faults: The error messages of the skipped samples are appended to this list.
        next_place: See `read_ahead`.

    Raises:
        InputError: More than `max_skipped` samples in a row cannot be read. The message names all of them.
    """
    tried: List[str] = []
    for number in range(max_skipped + 1):
        try:
            arrays = read_with_retries(sample, next_place(place, number) if number else place)
        except InputError as error:
            tried.append(str(error))
        else:
            faults.extend(tried)
            return arrays
    raise InputError("; ".join(dict.fromkeys(tried)))


def read_with_retries(sample: Callable[[int], Arrays], place: int) -> Arrays:
    """Read a sample. If it fails, wait and try again, once for each pause in PAUSES.

    Raises:
        InputError: The last attempt failed, too.
    """
    for pause in PAUSES:
        try:
            return sample(place)
        except InputError:
            time.sleep(pause)
    return sample(place)
