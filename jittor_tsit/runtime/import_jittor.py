"""Import Jittor from a command: show a status line while it compiles, and fall back to the CPU if CUDA fails."""

from __future__ import annotations

import os
import sys
import warnings

from data_tools.basics.errors import InputError
from jittor_tsit.runtime.jittor_home import jittor_cache
from jittor_tsit.runtime.jittor_patches import (
    call_compiler_directly,
    ctrl_c_ends_at_once,
    protect_compiler_processes,
    report_memory_faults,
    restore_signal_handlers,
    warn_of_other_version,
)
from jittor_tsit.runtime.status_line import waiting_for

COMPILE_NOTE = "compiling Jittor's core: once for each Python environment, about 4 minutes on 2 cores"
START_NOTE = "starting Jittor (in a new Python environment it compiles its core first, about 4 minutes on 2 cores)"
RESTARTS = "JITTOR_TSIT_RESTARTS"  # environment variable: how often this command has restarted itself
MAX_RESTARTS = 2  # one after Jittor rebuilt its helper library, one without CUDA


def start_jittor(use_gpu: bool = True):
    """Import Jittor, apply our changes to it, and return the module.

    The command restarts itself in two cases: when Jittor rebuilds its helper library and ends the process, and when
    CUDA looks usable but fails. After a CUDA failure it runs on the CPU.

    Raises:
        InputError: Jittor was rebuilt and still cannot be loaded.
    """
    # The library that gets this option is not linked by us: NumPy would warn of it in the middle of a training.
    warnings.filterwarnings("ignore", "The value of the smallest subnormal")
    try:
        with waiting_for(START_NOTE if has_core() else COMPILE_NOTE), ctrl_c_ends_at_once():
            warn_of_other_version()
            protect_compiler_processes()
            import jittor as jt

            call_compiler_directly()
            jt.flags.use_cuda = int(use_gpu and bool(jt.compiler.has_cuda) and jt.get_device_count() > 0)
            if jt.flags.use_cuda:
                (jt.ones(2) + 1).sync()  # a driver or compiler that fails should fail here
    except SystemExit:  # Jittor prints "jit_utils updated, please rerun your command" and exits with status 0
        _restart()
        raise InputError("Jittor was rebuilt and cannot be loaded; run the same command again") from None
    except Exception as error:
        if not os.environ.get("nvcc_path"):
            raise
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        print(f"CUDA cannot be used, going on without ({reason[0][:200]})", file=sys.stderr)
        os.environ["nvcc_path"] = ""
        _restart()
        raise
    restore_signal_handlers()
    report_memory_faults()
    return jt


def has_core() -> bool:
    """Return whether a compiled core of Jittor lies in the cache. It may be that of another Python environment."""
    return any(jittor_cache().glob("jt*/*/*/*/*/*/*/jittor_core*.so"))


def _restart() -> None:
    """Start the same command again in place of this process. After `MAX_RESTARTS` times, return instead."""
    restarts = int(os.environ.get(RESTARTS, "0"))
    if restarts < MAX_RESTARTS:
        os.environ[RESTARTS] = str(restarts + 1)
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, *_arguments()])


def _arguments() -> list[str]:
    """Return this process's command line without the interpreter, `-m jittor_tsit` and options included."""
    return sys.orig_argv[1:] if hasattr(sys, "orig_argv") else ["-m", "jittor_tsit", *sys.argv[1:]]
