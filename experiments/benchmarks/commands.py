"""Commands that start processes of their own, found by a mark in their environment."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Dict, Iterator, List, Sequence

from jittor_tsit.runtime.mpirun import _end_with_parent
from jittor_tsit.runtime.status_line import RANK_VARIABLE

MARK = "JITTOR_TSIT_TEST"  # in the environment of all that a command starts, whatever becomes of its parents


class Command:
    """A running command, which says what it says into a file."""

    def __init__(self, process: subprocess.Popen, said_in: Path, mark: str):
        self.process, self.said_in, self.mark = process, said_in, mark

    def said(self) -> str:
        """Standard error so far."""
        return self.said_in.read_text(errors="replace")

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
def running(words: Sequence[object], place: Path, said_in: Path, **variables: str) -> Iterator[Command]:
    """A command for the time of a `with` block; nothing of it is left at the end.

    Args:
        place: Working directory.
        said_in: Where its standard error goes.
        variables: Added to the environment.
    """
    mark = uuid.uuid4().hex
    with open(said_in, "wb") as stderr:
        process = subprocess.Popen(
            [str(word) for word in words],
            cwd=place,
            env={**os.environ, MARK: mark, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # where this process itself is killed
        )
    command = Command(process, said_in, mark)
    try:
        yield command
    finally:
        for pid in command.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
