"""All changes that this package makes to Jittor itself. docs/jittor-patches.md lists them, each with its reason.

The changes that depend on Jittor's internals are made for one version of Jittor and left out for any other
(`fits_jittor`). Nothing of Jittor's installed files is changed. This module imports Jittor inside functions only.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from importlib import metadata
from multiprocessing import pool
from typing import Iterator

from data_tools.basics.early_interrupt import end_now
from jittor_tsit.runtime.direct_compiler import install_direct_compiler
from jittor_tsit.runtime.jittor_home import jittor_cache
from jittor_tsit.runtime.out_of_memory import install_memory_handler
from jittor_tsit.runtime.precompiled_header import install_kernel_headers

PATCHED_VERSION = "1.3.11"  # setup.py installs it
NOTEBOOK_VARIABLE = "JPY_PARENT_PID"  # set by Jupyter; Jittor reads it when its core is loaded


def fits_jittor() -> bool:
    """Return whether the installed Jittor is the version that the changes are made for."""
    try:
        return f"{metadata.version('jittor')}.".startswith(f"{PATCHED_VERSION}.")
    except metadata.PackageNotFoundError:
        return False


def warn_of_other_version() -> None:
    """Print one line on stderr if another version of Jittor is installed."""
    if not fits_jittor():
        print(
            f"jittor_tsit: Jittor {PATCHED_VERSION} is needed and another version is installed; operators compile "
            f"more slowly and results are not tested (pip install jittor=={PATCHED_VERSION}.0)",
            file=sys.stderr,
        )


def kernel_flags() -> str:
    """Return the g++ options that let Jittor's operators use a precompiled header (`precompiled_header`)."""
    option = install_kernel_headers(jittor_cache() / "kernel_headers") if fits_jittor() else ""
    return f" {option} "


def protect_compiler_processes() -> None:
    """Let Jittor's compiler processes ignore Ctrl-C, and kill them at the exit. Call before `import jittor`.

    A terminal sends Ctrl-C to these processes too, and `timeout` and job schedulers send them the terminate signal. One
    that dies while it waits for work keeps a lock, and the main process would wait for that lock forever when it exits.
    """
    if not fits_jittor():
        return
    import jittor_utils

    initialize = jittor_utils.pool_initializer

    def initialize_and_ignore_ctrl_c() -> None:
        initialize()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    jittor_utils.pool_initializer = initialize_and_ignore_ctrl_c
    jittor_utils.pool_cleanup = kill_compiler_processes  # Jittor registers it with atexit when it makes the pool


def kill_compiler_processes() -> None:
    """Kill Jittor's compiler processes without waiting for their locks."""
    import jittor_utils

    workers = jittor_utils.p  # a multiprocessing.Pool
    workers._state = workers._worker_handler._state = pool.TERMINATE  # else its thread replaces processes that end
    workers._terminate.cancel()  # the pool's own end, which takes the locks
    for process in list(workers._pool):
        process.kill()


def call_compiler_directly() -> None:
    """Let Jittor call g++ without starting a Python process for each operator. Call after `import jittor`."""
    if not fits_jittor():
        return
    import jittor as jt

    jt.flags.python_path = install_direct_compiler(jittor_cache() / "direct_compiler")


@contextmanager
def ctrl_c_ends_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process with one line and the status of shells while Jittor is imported, in the `with` block.

    Jittor would print a line of its own and exit with status 1. An exception would not do: Jittor's import catches it
    in places and goes on. Jittor leaves SIGINT alone if an environment variable says that a notebook runs.
    """
    before, value = signal.signal(signal.SIGINT, end_now), os.environ.get(NOTEBOOK_VARIABLE)
    os.environ[NOTEBOOK_VARIABLE] = value or "1"
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
        if value is None:
            del os.environ[NOTEBOOK_VARIABLE]


def restore_signal_handlers() -> None:
    """Undo Jittor's signal handlers. Call after `import jittor`, from the main thread.

    Jittor's handler of SIGINT ends the process at once, without a chance to write a checkpoint. Its handler of SIGCHLD
    ends the process when any child process is killed.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def report_memory_faults() -> None:
    """End with one line when memory runs out. Call after `import jittor`, whose signal handler is replaced."""
    if fits_jittor():
        install_memory_handler(jittor_cache() / "out_of_memory")
