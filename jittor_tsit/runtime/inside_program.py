"""Import Jittor inside another program, such as a notebook, without changing that program's signal handlers."""

from __future__ import annotations

import signal
import threading

from data_tools.basics.errors import InputError
from jittor_tsit.runtime.import_jittor import COMPILE_NOTE
from jittor_tsit.runtime.jittor_patches import call_compiler_directly
from jittor_tsit.runtime.status_line import waiting_for

DEVICES = ("auto", "cpu")


def start_jittor_inside(device: str) -> None:
    """Import Jittor in a program that is not one of our commands, and choose the device.

    Jittor replaces the handlers of Ctrl-C and of ended child processes. This function restores the program's handlers.

    Raises:
        InputError: There is no such device, or Jittor compiled a part of itself and needs a new process.
    """
    if device not in DEVICES:
        raise InputError(f"device={device!r}: allowed are {', '.join(DEVICES)}")
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGCHLD)}
    try:
        with waiting_for(COMPILE_NOTE):
            import jittor as jt

            call_compiler_directly()
    except SystemExit:  # Jittor ends the process after it has compiled its helper library
        raise InputError("Jittor compiled a part of itself and needs a new process: run the program again") from None
    if threading.current_thread() is threading.main_thread():
        for each, handler in handlers.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)
    jt.flags.use_cuda = int(device != "cpu" and bool(jt.compiler.has_cuda) and jt.get_device_count() > 0)
