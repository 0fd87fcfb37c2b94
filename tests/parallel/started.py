"""Commands that start processes of their own: waiting for them, finding those processes, leaving none behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Sequence

import pytest

from jittor_tsit.launch import _end_with_parent
from jittor_tsit.ticker import RANK_VARIABLE

ROOT = Path(__file__).parents[2]
MARK = "JITTOR_TSIT_TEST"  # in the environment of all that a test starts, whatever becomes of its parents
PATIENCE_SECONDS = 600  # with nothing compiled, on two cores that others use too

needs_mpi = pytest.mark.skipif(
    shutil.which("mpirun") is None or shutil.which("mpicxx") is None,
    reason="needs Open MPI (mpirun and mpicxx): apt-get install openmpi-bin libopenmpi-dev",
)


class Result(NamedTuple):
    """How a command ended."""

    status: int
    stderr: str

    @property
    def errors(self) -> List[str]:
        """The lines that name a fault."""
        return [line for line in self.stderr.splitlines() if "error: " in line]


class Started:
    """A running command."""

    def __init__(self, process: subprocess.Popen, stderr, mark: str):
        self.process, self.stderr, self.mark = process, stderr, mark

    def wait(self, seconds: float = PATIENCE_SECONDS) -> Result:
        """Its end, which must come in time."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running after {seconds} seconds; it said: {self.said()}")
        return Result(status, self.said())

    def said(self) -> str:
        """Standard error so far."""
        return Path(self.stderr.name).read_text(errors="replace")

    def wait_until(self, happened: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for an event, which must come in time and before the end."""
        deadline = time.time() + seconds
        while not happened():
            assert self.process.poll() is None, f"ended with {self.process.poll()}: {self.said()}"
            assert time.time() < deadline, f"nothing happened in {seconds} seconds; it said: {self.said()}"
            time.sleep(0.02)

    def pids(self) -> List[int]:
        """All that it started and is still running, itself included."""
        wanted = f"{MARK}={self.mark}".encode()
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if wanted in environment_of(pid)]

    def ranks(self) -> Dict[int, int]:
        """Number of a training process -> its pid."""
        name = f"{RANK_VARIABLE}=".encode()
        found = {}
        for pid in self.pids():
            values = [line[len(name) :] for line in environment_of(pid) if line.startswith(name)]
            if values and not any(line.startswith(name) for line in environment_of(parent_of(pid))):
                found[int(values[0])] = pid  # its own processes, such as readers, inherit the variable
        return found


def environment_of(pid: int) -> List[bytes]:
    """NAME=value of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def parent_of(pid: int) -> int:
    """The pid of its parent; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@contextmanager
def started(words: Sequence[object], place: Path, **variables: str) -> Iterator[Started]:
    """A command for the time of a `with` block; nothing of it is left at the end.

    Args:
        place: Working directory.
        variables: Added to the environment.
    """
    mark = uuid.uuid4().hex
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", MARK: mark, **variables}
    with tempfile.NamedTemporaryFile() as stderr:
        process = subprocess.Popen(
            [str(word) for word in words],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # where pytest itself is killed
        )
        command = Started(process, stderr, mark)
        try:
            yield command
        finally:
            for pid in command.pids():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            process.wait()


def tsit(*words: object) -> List[object]:
    """`python -m jittor_tsit`."""
    return [sys.executable, "-m", "jittor_tsit", *words]


def finished(words: Sequence[object], place: Path, **variables: str) -> Result:
    """How a command ends. Arguments as `started`."""
    with started(words, place, **variables) as command:
        return command.wait()
