"""Several processes of one command under Open MPI's mpirun: starting them, stopping them, saying why they ended.

Open MPI, because Jittor's engine is built on it. Imports no Jittor.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, List, Optional, Sequence

from data_tools.basics.errors import EXIT_ERROR, EXIT_INTERRUPTED, InputError, exit_status
from jittor_tsit.runtime.bootstrap import count_gpus
from jittor_tsit.runtime.status_line import RANK_VARIABLE, TERMINAL_VARIABLE, on_terminal

# Asks the processes to stop after their step. A process that knows nothing of it ignores it, such as a reading one.
STOP_SIGNAL = signal.SIGURG
SIZE_VARIABLE = "OMPI_COMM_WORLD_SIZE"  # set by mpirun
ENVIRONMENT = {
    "OMPI_MCA_ess_base_forward_signals": STOP_SIGNAL.name,
    "OMPI_MCA_mpi_yield_when_idle": "1",  # waiting must not take the core from a process that computes
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",  # the other needs a right that containers do not give
    "OMP_WAIT_POLICY": "passive",
    # of what a killed process leaves behind, which is cleaned up all the same
    "PYTHONWARNINGS": "ignore::UserWarning:multiprocessing.resource_tracker",
}
AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}  # as in most containers
# Passed on to other machines where they are set.
PASSED_ON = (
    "PATH",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "JITTOR_HOME",
    "cache_name",
    "nvcc_path",
    "OMP_NUM_THREADS",
    "nccl_include_path",
    "nccl_lib_path",
    TERMINAL_VARIABLE,
    *ENVIRONMENT,
)
RULE = b"-" * 50  # mpirun draws such lines, or longer ones, above and below what it says itself
MPIRUN = b"mpirun: "  # begins its other lines
KILLED = re.compile(r"rank (\d+) with PID \d+ on node (\S+) exited on\s+signal (\d+)")
EXITED = re.compile(r"Exit code:\s+(\d+)")
OWN_FAULT_SECONDS = 2  # if process 0 has the same fault, it has said so by then, and mpirun has ended this one
PR_SET_PDEATHSIG = 1  # of prctl


class CommonError(InputError):
    """A fault that every process knows of, so that the first of them reports it."""


def inside_mpi() -> bool:
    """Whether this process is one of those that mpirun started."""
    return RANK_VARIABLE in os.environ


def run_member(command: Callable[[], int]) -> int:
    """Run a command as one of several processes; its exit status.

    A process that fails must leave at once: its exit handlers would wait for the others, and they for it.
    """
    signal.signal(STOP_SIGNAL, signal.default_int_handler)  # until training handles it
    os.register_at_fork(after_in_child=_leave_signals)
    status = exit_status(lambda: _member(command))
    if status:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _leave_signals() -> None:
    """In a process that Jittor forks to compile: mpirun signals it too, and stopping is its parent's affair."""
    signal.signal(STOP_SIGNAL, signal.SIG_IGN)


def _member(command: Callable[[], int]) -> int:
    rank, size = os.environ[RANK_VARIABLE], os.environ[SIZE_VARIABLE]
    try:
        return command()
    except InputError as error:
        if rank != "0":
            time.sleep(OWN_FAULT_SECONDS)
        where = "" if isinstance(error, CommonError) else f"process {rank} of {size} on {socket.gethostname()}: "
        raise InputError(f"{where}{error}") from None


def run_processes(words: Sequence[str], num_processes: int, hostfile: Optional[Path], use_gpu: bool) -> int:
    """Run `python -m jittor_tsit` with `words` in several processes; the exit status of them all.

    Raises:
        InputError: Open MPI is missing, or there are fewer GPUs than processes.
    """
    command = [*mpirun_command(num_processes, hostfile, use_gpu), sys.executable, "-m", "jittor_tsit", *words]
    environment = {**ENVIRONMENT, **os.environ, **(AS_ROOT if os.geteuid() == 0 else {})}
    if on_terminal():
        environment[TERMINAL_VARIABLE] = "1"
        environment["COLUMNS"] = str(shutil.get_terminal_size().columns)
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C comes to this process alone, which passes it on
        preexec_fn=_end_with_parent,
    )
    asked: List[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: _pass_on(process, asked))
    said = relay(process.stderr.fileno())
    return _report(process.wait(), said, stopped=bool(asked))


def mpirun_command(num_processes: int, hostfile: Optional[Path], use_gpu: bool) -> List[str]:
    """mpirun and its options.

    Raises:
        InputError: As `run_processes`.
    """
    mpirun = shutil.which("mpirun")
    if mpirun is None or shutil.which("mpicxx") is None:
        raise InputError(
            f"--procs {num_processes}: needs Open MPI (mpirun and mpicxx); on Debian or Ubuntu: "
            "sudo apt-get install openmpi-bin libopenmpi-dev"
        )
    version = subprocess.run([mpirun, "--version"], capture_output=True, text=True).stdout
    if "Open MPI" not in version:
        raise InputError(f"--procs {num_processes}: {mpirun} is not Open MPI's ({version.splitlines()[:1]})")
    if hostfile is not None and not hostfile.is_file():
        raise InputError(f"--hostfile {hostfile}: no such file; it lists a machine a line, such as `node1 slots=2`")
    gpus = count_gpus() if use_gpu and hostfile is None else 0
    if 0 < gpus < num_processes:
        raise InputError(f"--procs {num_processes}: more than the {gpus} GPU(s) here; each process needs one")
    hosts = ["--hostfile", str(hostfile)] if hostfile else ["--oversubscribe"]
    passed_on = [word for name in PASSED_ON if name in {**ENVIRONMENT, **os.environ} for word in ("-x", name)]
    return [mpirun, "-np", str(num_processes), "--bind-to", "none", *hosts, *passed_on]


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _pass_on(process: subprocess.Popen, asked: List[int]) -> None:
    """The first Ctrl-C asks the processes to stop after their step; the second ends them."""
    process.send_signal(signal.SIGTERM if asked else STOP_SIGNAL)
    asked.append(1)


def relay(source: int) -> str:
    """Pass on to standard error what the processes say, and return what mpirun itself says.

    Args:
        source: File descriptor of mpirun's standard error.
    """
    buffer, said, is_mpirun, last = b"", [], False, b"\n"

    def pass_on(data: bytes) -> None:
        nonlocal last
        _write(data)
        last = data[-1:] or last

    for chunk in iter(lambda: os.read(source, 65536), b""):
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            begun, rule, _ = line.partition(RULE)
            if rule:
                pass_on(begun)  # a progress bar, which has no end of line
                is_mpirun = not is_mpirun
            elif is_mpirun or line.startswith(MPIRUN):
                said.append(line.decode(errors="replace"))
            else:
                pass_on(line + b"\n")
        if not is_mpirun and not _may_be_mpiruns(buffer):
            pass_on(buffer)
            buffer = b""
    pass_on(buffer)
    pass_on(b"" if last == b"\n" else b"\n")
    return "\n".join(said)


def _may_be_mpiruns(beginning: bytes) -> bool:
    """Whether a line that begins so may turn out to be mpirun's, once all of it is here."""
    return beginning.endswith(b"-") or MPIRUN.startswith(beginning[: len(MPIRUN)])


def _write(data: bytes) -> None:
    sys.stderr.buffer.write(data)
    sys.stderr.buffer.flush()


def _report(status: int, said: str, stopped: bool) -> int:
    """Say why the processes ended, unless they said so themselves; the exit status."""
    killed = KILLED.search(said)
    if stopped and status:
        return EXIT_INTERRUPTED
    if killed:
        name = signal.Signals(int(killed[3])).name
        memory = ", perhaps for want of memory" if name == "SIGKILL" else ""
        print(
            f"error: process {killed[1]} on {killed[2]} was ended by {name}{memory}; "
            "the same command goes on from the last checkpoint",
            file=sys.stderr,
        )
        return EXIT_ERROR
    if status and not EXITED.search(said):
        print(f"error: mpirun failed: {' '.join(said.split()) or f'status {status}'}", file=sys.stderr)
        return EXIT_ERROR
    return status
