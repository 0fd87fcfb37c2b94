"""Run several processes of one command with Open MPI's mpirun: start them, stop them, and report why they ended.

Jittor's communication between processes is built on Open MPI. This module does not import Jittor.
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
from data_tools.basics.invocation import VARIABLE, program
from data_tools.basics.progress import TERMINAL_VARIABLE, on_terminal
from jittor_tsit.runtime.bootstrap import count_gpus
from jittor_tsit.runtime.out_of_memory import ADVICE
from jittor_tsit.runtime.status_line import RANK_VARIABLE

# Asks the training processes to stop after their step. Other processes, such as those that read images, ignore it.
STOP_SIGNAL = signal.SIGURG
SIZE_VARIABLE = "OMPI_COMM_WORLD_SIZE"  # set by mpirun
ENVIRONMENT = {
    "OMPI_MCA_ess_base_forward_signals": STOP_SIGNAL.name,
    "OMPI_MCA_mpi_yield_when_idle": "1",  # a waiting process must not occupy a core that another one needs
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",  # the default one needs a permission that containers lack
    "OMP_WAIT_POLICY": "passive",
    # Python warns of shared memory that a killed process left behind; it is cleaned up in any case.
    "PYTHONWARNINGS": "ignore::UserWarning:multiprocessing.resource_tracker",
}
AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}  # needed in most containers
# Environment variables that mpirun copies to the processes on other machines.
FORWARDED_VARIABLES = (
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
    VARIABLE,
    *ENVIRONMENT,
)
RULE = b"-" * 50  # mpirun prints lines of at least so many dashes above and below its own messages
MPIRUN = b"mpirun: "  # prefix of its other messages
KILLED = re.compile(r"rank (\d+) with PID \d+ on node (\S+) exited on\s+signal (\d+)")
EXITED = re.compile(r"Exit code:\s+(\d+)")
ERROR_DELAY_SECONDS = 2  # if process 0 fails for the same reason, it reports first and mpirun ends this process
PR_SET_PDEATHSIG = 1  # an option of the system call prctl


class CommonError(InputError):
    """An input error that all processes raise with the same message. Only process 0 reports it."""


def inside_mpi() -> bool:
    """Return whether mpirun started this process."""
    return RANK_VARIABLE in os.environ


def run_member(command: Callable[[], int]) -> int:
    """Run a command as one of several processes and return its exit status.

    A process that fails exits at once and skips its exit handlers: these would wait for the other processes, which in
    turn wait for this one.
    """
    signal.signal(STOP_SIGNAL, signal.default_int_handler)  # until the training loop installs its own handler
    os.register_at_fork(after_in_child=_ignore_stop_signal)
    status = exit_status(lambda: _with_process_number(command), ADVICE)
    if status:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _ignore_stop_signal() -> None:
    """Ignore the stop signal in processes that Jittor forks to compile. Their parent handles it."""
    signal.signal(STOP_SIGNAL, signal.SIG_IGN)


def _with_process_number(command: Callable[[], int]) -> int:
    """Run a command and return its status. Add number and machine of this process to the message of an InputError."""
    rank, size = os.environ[RANK_VARIABLE], os.environ[SIZE_VARIABLE]
    try:
        return command()
    except InputError as error:
        if rank != "0":
            time.sleep(ERROR_DELAY_SECONDS)
        where = "" if isinstance(error, CommonError) else f"process {rank} of {size} on {socket.gethostname()}: "
        raise InputError(f"{where}{error}") from None


def run_processes(words: Sequence[str], num_processes: int, hostfile: Optional[Path], use_gpu: bool) -> int:
    """Run `python -m jittor_tsit` with the arguments `words` in several processes and return one exit status for all.

    Raises:
        InputError: Open MPI is missing, or there are fewer GPUs than processes.
    """
    command = [*mpirun_command(num_processes, hostfile, use_gpu), sys.executable, "-m", "jittor_tsit", *words]
    environment = {
        **ENVIRONMENT,
        VARIABLE: program("jittor_tsit"),
        **os.environ,
        **(AS_ROOT if os.geteuid() == 0 else {}),
    }
    if on_terminal():
        environment[TERMINAL_VARIABLE] = "1"
        environment["COLUMNS"] = str(shutil.get_terminal_size().columns)
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # the terminal sends Ctrl-C to this process only, which forwards it
        preexec_fn=end_with_parent,
    )
    assert process.stderr is not None  # it is a pipe
    requests: List[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: _forward_stop(process, requests))
    messages = relay(process.stderr.fileno())
    return report_end(process.wait(), messages, stopped=bool(requests))


def mpirun_command(num_processes: int, hostfile: Optional[Path], use_gpu: bool) -> List[str]:
    """Return the command line of mpirun up to the program that it starts.

    Raises:
        InputError: Open MPI is missing, there is no such hostfile, or there are fewer GPUs than processes.
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
        raise InputError(f"--hostfile {hostfile}: no such file; it lists one machine a line, such as `node1 slots=2`")
    gpus = count_gpus() if use_gpu and hostfile is None else 0
    if 0 < gpus < num_processes:
        raise InputError(f"--procs {num_processes}: more than the {gpus} GPU(s) here; each process needs one")
    hosts = ["--hostfile", str(hostfile)] if hostfile else ["--oversubscribe"]
    present = [name for name in FORWARDED_VARIABLES if name in {**ENVIRONMENT, **os.environ}]
    forwarded = [word for name in present for word in ("-x", name)]
    return [mpirun, "-np", str(num_processes), "--bind-to", "none", *hosts, *forwarded]


def end_with_parent() -> None:
    """Ask Linux to end this process by SIGTERM when its parent process ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _forward_stop(process: subprocess.Popen, requests: List[int]) -> None:
    """Handle Ctrl-C: the first asks the processes to stop after their step, the second ends them."""
    process.send_signal(signal.SIGTERM if requests else STOP_SIGNAL)
    requests.append(1)


def relay(source: int) -> str:
    """Copy the output of the processes to standard error, and return mpirun's own messages.

    Args:
        source: File descriptor of mpirun's standard error.
    """
    messages: List[str] = []
    buffer, is_mpirun, last = b"", False, b"\n"

    def copy(data: bytes) -> None:
        nonlocal last
        write_line(data)
        last = data[-1:] or last

    for chunk in iter(lambda: os.read(source, 65536), b""):
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            begun, rule, _ = line.partition(RULE)
            if rule:
                copy(begun)  # a progress bar, which does not end with a newline
                is_mpirun = not is_mpirun
            elif is_mpirun or line.startswith(MPIRUN):
                messages.append(line.decode(errors="replace"))
            else:
                copy(line + b"\n")
        if not is_mpirun and not _may_be_mpirun(buffer):
            copy(buffer)
            buffer = b""
    copy(buffer)
    copy(b"" if last == b"\n" else b"\n")
    return "\n".join(messages)


def _may_be_mpirun(beginning: bytes) -> bool:
    """Return whether a line that begins with these bytes can still become a message of mpirun."""
    return beginning.endswith(b"-") or MPIRUN.startswith(beginning[: len(MPIRUN)])


def write_line(data: bytes) -> None:
    sys.stderr.buffer.write(data)
    sys.stderr.buffer.flush()


def report_end(status: int, messages: str, stopped: bool) -> int:
    """Print why the processes of mpirun failed, unless one of them printed it, and return the status to exit with.

    Args:
        status: Exit status of mpirun.
        messages: The messages of mpirun itself, which name a process that a signal ended or that failed.
        stopped: Whether the user asked the processes to stop.

    Returns:
        EXIT_INTERRUPTED if the user stopped them, EXIT_ERROR if a signal ended a process or mpirun failed, otherwise
        `status`.
    """
    killed = KILLED.search(messages)
    if stopped and status:
        return EXIT_INTERRUPTED
    if killed:
        name = signal.Signals(int(killed[3])).name
        memory = ", perhaps because memory ran out" if name == "SIGKILL" else ""
        print(
            f"error: process {killed[1]} on {killed[2]} was ended by {name}{memory}; "
            "run the same command again to go on from the last checkpoint",
            file=sys.stderr,
        )
        return EXIT_ERROR
    if status and not EXITED.search(messages):
        print(f"error: mpirun failed: {' '.join(messages.split()) or f'status {status}'}", file=sys.stderr)
        return EXIT_ERROR
    return status
