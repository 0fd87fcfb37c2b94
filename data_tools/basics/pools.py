"""Pools of worker processes, on this machine or on several machines by MPI."""

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
from typing import Callable, Iterable, Iterator, List, NamedTuple, Tuple

from data_tools.basics.errors import InputError

_ENVIRONMENT = {
    # One thread a process: there is one process for each core, and sums do not depend on the number of processes.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Without these, glibc returns the memory of large arrays to the system each time: a sixth of the time of a scan.
    "MALLOC_MMAP_THRESHOLD_": str(2**28),
    "MALLOC_TRIM_THRESHOLD_": str(2**28),
}
GRACE_SECONDS = 5.0  # a result of some megabytes is sent in milliseconds; a broken pool waits so long for its workers
_TASKS_PER_PROCESS = 3  # one that it computes, one that waits in its queue, one spare


class Pool(NamedTuple):
    """Worker processes, and how many tasks to submit to them in advance so that all of them stay busy."""

    executor: Executor
    ahead: int


@contextmanager
def local_pool(workers: int, start: Callable, arguments: Tuple) -> Iterator[Pool]:
    """Open a pool of `workers` processes on this machine; each calls `start(*arguments)` first.

    Raises:
        InputError: A worker process was killed.
    """
    context = multiprocessing.get_context("spawn")  # a forked process would inherit locks that threads hold
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    pool = ProcessPoolExecutor(workers, context, initializer=_start_local, initargs=(os.getpid(), start, arguments))
    try:
        yield Pool(pool, _TASKS_PER_PROCESS * workers)
    except BrokenProcessPool:
        raise InputError(
            f"workers={workers}: a worker process was killed, perhaps because memory ran out; try fewer workers"
        ) from None
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        pool.shutdown(wait=True)


@contextmanager
def mpi_pool(start: Callable, arguments: Tuple) -> Iterator[Pool]:
    """Open a pool of the processes that `mpirun -n N python -m mpi4py.futures -m data_tools …` started.

    The first process submits the tasks, the others compute them.

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
        yield Pool(pool, _TASKS_PER_PROCESS * MPI.COMM_WORLD.Get_size())


def run_in_order(pool: Executor, function: Callable, items: Iterable, ahead: int) -> Iterator:
    """Yield `function(item)` for each item, in the order of the items, computed by the workers of the pool.

    At most `ahead` tasks are submitted at a time.
    """
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
    """Prepare a worker process: ignore Ctrl-C, which the parent handles, and exit when the parent is gone.

    The terminate signal ends the worker after GRACE_SECONDS: `timeout` and job schedulers send it to all processes, and
    a worker that ends while it sends a result would let the parent wait for the rest forever.

    Args:
        parent: Process id of the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signals: List[float] = []  # times of the terminate signals
    signal.signal(signal.SIGTERM, lambda *_: signals.append(time.monotonic()))
    threading.Thread(target=_exit_after, args=(parent, signals), daemon=True).start()


def _start_local(parent: int, start: Callable, arguments: Tuple) -> None:
    start_worker(parent)
    start(*arguments)


def _start_mpi(module: str, start: str, arguments: Tuple) -> None:
    os.environ.update(_ENVIRONMENT)  # before `module` imports NumPy, which reads them
    getattr(importlib.import_module(module), start)(*arguments)


def _exit_after(parent: int, signals: List[float]) -> None:
    """Wait until the process with the id `parent` has ended, or for the end of the grace, then exit this worker.

    A killed parent cannot stop its workers itself.

    Args:
        signals: Times of the terminate signals so far; another thread appends to it.
    """
    while os.getppid() == parent and not (signals and time.monotonic() - signals[0] > GRACE_SECONDS):
        time.sleep(1)
    os._exit(1)
