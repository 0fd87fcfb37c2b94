"""Commands that start processes of their own: waiting for them, finding those processes, leaving none behind."""

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, List, NamedTuple, Sequence

import pytest

from experiments.benchmarks.commands import Command, running

ROOT = Path(__file__).parents[2]
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


class Started(Command):
    """A running command whose events must come in time."""

    def wait(self, seconds: float = PATIENCE_SECONDS) -> Result:
        """Its end."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running after {seconds} seconds; it said: {self.stderr_text()}")
        return Result(status, self.stderr_text())

    def wait_until(self, happened: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for an event, which must come before the end."""
        deadline = time.time() + seconds
        while not happened():
            assert self.process.poll() is None, f"ended with {self.process.poll()}: {self.stderr_text()}"
            assert time.time() < deadline, f"nothing happened in {seconds} seconds; it said: {self.stderr_text()}"
            time.sleep(0.02)


@contextmanager
def started(words: Sequence[object], place: Path, **variables: str) -> Iterator[Started]:
    """A command for the time of a `with` block; nothing of it is left at the end.

    Args:
        place: Working directory.
        variables: Added to the environment.
    """
    path = f"{ROOT}:{ROOT / 'tests'}"
    environment = {"PYTHONPATH": path, **variables}
    with tempfile.NamedTemporaryFile() as stderr, running(words, place, Path(stderr.name), **environment) as command:
        yield Started(command.process, command.stderr_path, command.mark)


def tsit(*words: object) -> List[object]:
    """`python -m jittor_tsit`."""
    return [sys.executable, "-m", "jittor_tsit", *words]


def finished(words: Sequence[object], place: Path, **variables: str) -> Result:
    """How a command ends. Arguments as `started`."""
    with started(words, place, **variables) as command:
        return command.wait()
