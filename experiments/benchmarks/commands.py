"""Run commands that start further processes, and find all of these by a mark in their environment."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Dict, Iterator, List, Sequence

from jittor_tsit.runtime.mpirun import end_with_parent
from jittor_tsit.runtime.status_line import RANK_VARIABLE

MARK = "JITTOR_TSIT_TEST"  # environment variable that all processes of a command inherit, even if their parents end


class Command:
    """A running command, whose standard error goes to a file."""

    def __init__(self, process: subprocess.Popen, stderr_path: Path, mark: str):
        self.process, self.stderr_path, self.mark = process, stderr_path, mark

    def stderr_text(self) -> str:
        """What the command has written to standard error so far."""
        return self.stderr_path.read_text(errors="replace")

    def pids(self) -> List[int]:
        """The running processes of the command: itself and all that it started."""
        wanted = f"{MARK}={self.mark}".encode()
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if wanted in environment_of(pid)]

    def ranks(self) -> Dict[int, int]:
        """The pid of each training process, by its number."""
        name = f"{RANK_VARIABLE}=".encode()
        found = {}
        for pid in self.pids():
            values = [line[len(name) :] for line in environment_of(pid) if line.startswith(name)]
            if values and not any(line.startswith(name) for line in environment_of(parent_of(pid))):
                found[int(values[0])] = pid  # its child processes, such as readers, inherit the variable
        return found


def environment_of(pid: int) -> List[bytes]:
    """The environment of a process as NAME=value; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def parent_of(pid: int) -> int:
    """The pid of a process's parent; 0 if the process has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@contextmanager
def running(words: Sequence[object], place: Path, stderr_path: Path, **variables: str) -> Iterator[Command]:
    """Start a command, and kill all of its processes at the end of the `with` block.

    Args:
        place: Working directory.
        stderr_path: File for the command's standard error.
        variables: Added to the environment.
    """
    mark = uuid.uuid4().hex
    with open(stderr_path, "wb") as stderr:
        process = subprocess.Popen(
            [str(word) for word in words],
            cwd=place,
            env={**os.environ, MARK: mark, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=end_with_parent,  # in case this process itself is killed
        )
    command = Command(process, stderr_path, mark)
    try:
        yield command
    finally:
        for pid in command.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
