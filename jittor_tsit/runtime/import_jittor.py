"""Importing Jittor from a command: say what the wait is for, and go on without a GPU that cannot be used."""

from __future__ import annotations

import os
import signal
import sys

from data_tools.basics.errors import InputError
from jittor_tsit.runtime.bootstrap import jittor_home
from jittor_tsit.runtime.direct_compiler import install_direct_compiler
from jittor_tsit.runtime.status_line import waiting_for

COMPILE_NOTE = "compiling Jittor's core: once for each Python environment, about 4 minutes on 2 cores"
RESTARTS = "JITTOR_TSIT_RESTARTS"  # how often this command has already begun anew
MAX_RESTARTS = 2  # one after Jittor rebuilt its helper library, one without CUDA


def start_jittor(use_gpu: bool = True):
    """Import Jittor and return the module.

    Jittor may have to rebuild itself and end the process, and a CUDA set-up may look usable and not be: in both
    cases the same command is begun anew, the second time without CUDA.
    """
    try:
        with waiting_for(COMPILE_NOTE):
            _spare_compilers()
            import jittor as jt

            call_compiler_directly()
            jt.flags.use_cuda = int(use_gpu and bool(jt.compiler.has_cuda) and jt.get_device_count() > 0)
            if jt.flags.use_cuda:
                (jt.ones(2) + 1).sync()  # a driver or compiler that fails should fail here
    except SystemExit:  # "jit_utils updated, please rerun your command", said with status 0
        _begin_anew()
        raise InputError("Jittor was rebuilt and cannot be loaded; run the same command again") from None
    except Exception as error:
        if not os.environ.get("nvcc_path"):
            raise
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        print(f"CUDA cannot be used, going on without ({reason[0][:200]})", file=sys.stderr)
        os.environ["nvcc_path"] = ""
        _begin_anew()
        raise
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Jittor's own handlers end the process at once,
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # the second when any helper process is gone
    return jt


def call_compiler_directly() -> None:
    """Have Jittor, imported before, compile its operators without a Python for each (`direct_compiler`)."""
    import jittor as jt

    jt.flags.python_path = install_direct_compiler(jittor_home() / ".cache/jittor/direct_compiler")


def _spare_compilers() -> None:
    """Let Jittor's helper processes outlive a Ctrl-C, which a terminal sends to them, too.

    One that dies at work keeps a lock, for which this process would wait at its end for ever.
    """
    import jittor_utils

    prepare = jittor_utils.pool_initializer

    def prepare_and_ignore() -> None:
        prepare()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    jittor_utils.pool_initializer = prepare_and_ignore


def _begin_anew() -> None:
    """Run the same command again in this process, unless that has been tried often enough."""
    restarts = int(os.environ.get(RESTARTS, "0"))
    if restarts < MAX_RESTARTS:
        os.environ[RESTARTS] = str(restarts + 1)
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, *_arguments()])


def _arguments() -> list[str]:
    """What follows the interpreter on this process's command line, `-m jittor_tsit` and options included."""
    return sys.orig_argv[1:] if hasattr(sys, "orig_argv") else ["-m", "jittor_tsit", *sys.argv[1:]]
