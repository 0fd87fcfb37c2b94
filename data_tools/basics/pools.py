"""Processes that share the work: of this machine, or of several by MPI."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import Callable, Iterable, Iterator, NamedTuple, Tuple

from data_tools.basics.errors import InputError

_ENVIRONMENT = {
    # Each process has its own core; and sums come out the same to the last bit, however many processes there are.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # glibc would give every large array's memory back and fetch it again: a sixth of the time of a scan.
    "MALLOC_MMAP_THRESHOLD_": str(2**28),
    "MALLOC_TRIM_THRESHOLD_": str(2**28),
}
_AHEAD = 3  # tasks a process: one in its hands, one waiting for it, one to spare


class Pool(NamedTuple):
    """Working processes, and how many tasks keep them all busy."""

    executor: Executor
    ahead: int


@contextmanager
def local_pool(workers: int, start: Callable, arguments: Tuple) -> Iterator[Pool]:
    """`workers` processes on this machine, each begun by `start(*arguments)`.

    Raises:
        InputError: A process was killed while it worked.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy threads' locks
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    pool = ProcessPoolExecutor(workers, context, initializer=_start_local, initargs=(os.getpid(), start, arguments))
    try:
        yield Pool(pool, _AHEAD * workers)
    except BrokenProcessPool:
        raise InputError(f"workers={workers}: a working process was killed, perhaps for want of memory") from None
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        pool.shutdown(wait=True)


@contextmanager
def mpi_pool(start: Callable, arguments: Tuple) -> Iterator[Pool]:
    """The processes of `mpirun -n N python -m mpi4py.futures -m data_tools …`: one leads, the others work.

    Raises:
        InputError: mpi4py is missing, or there is no second process.
    """
    try:
        from mpi4py import MPI
        from mpi4py.futures import MPIPoolExecutor
    except (ImportError, RuntimeError) as error:
        raise InputError(f"--mpi: mpi4py cannot be loaded ({error}); install Open MPI and mpi4py") from error
    if MPI.COMM_WORLD.Get_size() < 2:
        raise InputError(
            "--mpi: there is one process, and two or more are needed: "
            "mpirun -n 4 python -m mpi4py.futures -m data_tools scan --mpi …"
        )
    with MPIPoolExecutor(initializer=_start_mpi, initargs=(start.__module__, start.__name__, arguments)) as pool:
        yield Pool(pool, _AHEAD * MPI.COMM_WORLD.Get_size())


def run_in_order(pool: Executor, function: Callable, items: Iterable, ahead: int) -> Iterator:
    """Results of `function` in the order of `items`, with at most `ahead` of them under way."""
    items = iter(items)
    waiting: deque[Future] = deque(pool.submit(function, item) for item in islice(items, ahead))
    try:
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(function, item) for item in islice(items, 1))
    finally:
        for future in waiting:
            future.cancel()


def start_worker(parent: int) -> None:
    """To be called first in a process of a pool: leave Ctrl-C to the parent, and end when it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _start_local(parent: int, start: Callable, arguments: Tuple) -> None:
    start_worker(parent)
    start(*arguments)


def _start_mpi(module: str, start: str, arguments: Tuple) -> None:
    os.environ.update(_ENVIRONMENT)  # before `module` brings NumPy, which reads them
    getattr(importlib.import_module(module), start)(*arguments)


def _end_with(parent: int) -> None:
    """A killed parent cannot end its workers, so they look for themselves."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
