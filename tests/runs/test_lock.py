"""Two at once: trainings into one run folder, and processes that wait for a lock."""

import errno
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest

from data_tools.basics.errors import InputError, exit_status
from helpers.tiny import make_experiment
from jittor_tsit.runs import lock as module
from jittor_tsit.runs.lock import LOCK, lock_run_dir
from jittor_tsit.runtime.status_line import lock_holder, lock_note
from jittor_tsit.training import session

# Each says "ready" when it has the lock, then keeps it.
TRAINING = """
import os, sys, time
from pathlib import Path
from jittor_tsit.runs.lock import lock_run_dir
held = lock_run_dir(Path(sys.argv[1]), print)
child = os.fork()
if child:
    print("ready", os.getpid(), child, flush=True)
time.sleep(600)
"""
COMPILER = """
import fcntl, os, sys, time
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("ready", os.getpid(), flush=True)
time.sleep(600)
"""


@contextmanager
def running(code, path):
    """A process for the time of a `with` block, and the numbers that it says when it is ready."""
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    numbers = [int(word) for word in process.stdout.readline().split()[1:]]
    try:
        yield process, numbers
    finally:
        for pid in numbers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_a_second_training_is_told_who_writes_there(tmp_path):
    with running(TRAINING, tmp_path) as (_, (pid, _)), pytest.raises(InputError) as caught:
        lock_run_dir(tmp_path, print)
    holder = rf"process {pid} on {re.escape(socket.gethostname())}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.search(rf"another training writes there \({holder}\); wait for it or stop it", str(caught.value))


def test_a_second_training_ends_before_it_touches_anything(tmp_path, capsys):
    run_dir = tmp_path / "run"
    with running(TRAINING, run_dir) as (_, (pid, _)):
        (run_dir / "state-000000002.part").write_text("the first one is saving")
        before = sorted(run_dir.iterdir())
        assert exit_status(lambda: session.run_training(make_experiment(tmp_path / "absent"), run_dir)) == 2
    assert f"error: {run_dir}: another training writes there (process {pid}" in capsys.readouterr().err
    assert sorted(run_dir.iterdir()) == before


def test_a_killed_training_blocks_nobody_though_its_children_live_on(tmp_path):
    with running(TRAINING, tmp_path) as (process, (_, child)):
        process.kill()
        process.wait()
        os.kill(child, 0)  # is there
        lock_run_dir(tmp_path, pytest.fail).close()


def test_the_lock_ends_with_the_file(tmp_path):
    lock_run_dir(tmp_path / "run", pytest.fail).close()
    with running(TRAINING, tmp_path / "run") as (_, numbers):
        assert len(numbers) == 2


def test_a_file_system_without_locks_is_said_and_used(tmp_path, monkeypatch):
    def refuse(file, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(module.fcntl, "lockf", refuse)
    said = []
    lock_run_dir(tmp_path, said.append).close()
    assert len(said) == 1 and "cannot be locked (No locks available)" in said[0]


def test_a_full_disk_is_no_matter_of_the_lock(tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module.os, "write", fail)
    lock_run_dir(tmp_path, pytest.fail).close()
    assert (tmp_path / LOCK).exists()


TABLE = """\
1: POSIX  ADVISORY  WRITE 50 fe:00:1 0 EOF
2: FLOCK  ADVISORY  WRITE 60 fe:00:2 0 EOF
2: -> FLOCK  ADVISORY  WRITE 70 fe:00:2 0 EOF
3: FLOCK  ADVISORY  WRITE 0 fe:00:3 0 EOF
3: -> FLOCK  ADVISORY  WRITE 80 fe:00:3 0 EOF
"""


@pytest.mark.parametrize("pid, holder", [(70, 60), (50, None), (60, None), (80, None), (99, None)])
def test_the_holder_of_a_lock_is_read_from_the_kernels_table(tmp_path, pid, holder):
    (tmp_path / "locks").write_text(TABLE)
    assert lock_holder(pid, tmp_path / "locks") == holder


def test_without_the_kernels_table_nothing_is_said(tmp_path):
    assert lock_holder(1, tmp_path / "absent") is None
    assert lock_note(os.getpid()) == ""


@pytest.mark.skipif(not os.path.exists("/proc/locks"), reason="only Linux tells who has a lock")
def test_who_waits_for_jittors_lock_says_who_has_it(tmp_path):
    path = tmp_path / "jittor.lock"
    with running(COMPILER, path) as (_, (holder,)):
        waiting = subprocess.Popen([sys.executable, "-c", COMPILER, str(path)], stdout=subprocess.DEVNULL)
        try:
            for _ in range(200):
                if lock_note(waiting.pid):
                    break
                with pytest.raises(subprocess.TimeoutExpired):
                    waiting.wait(0.05)
            said = lock_note(waiting.pid)
        finally:
            waiting.kill()
            waiting.wait()
    if not said:
        with open(path, "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        pytest.skip("this kernel's table of locks names no processes")
    assert said == f"; process {holder} is compiling, waiting for it"
