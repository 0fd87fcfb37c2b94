"""How commands end: their statuses, and what is on the screen."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data_tools.basics.errors import BUG, COMPILER_LINE, ROOM_ADVICE, InputError, exit_status

ROOT = Path(__file__).parents[2]


def failing(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    "error, status, line",
    [
        (InputError("x.png: is empty"), 2, "error: x.png: is empty"),
        (PermissionError(errno.EACCES, "Permission denied", "runs/x"), 2, "error: runs/x: Permission denied"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, f"error: No space left on device; {ROOM_ADVICE}"),
        (MemoryError(), 2, "error: out of memory: less"),
        (RuntimeError("Wrong inputs arguments\nstd::bad_alloc"), 2, "error: out of memory: less"),
        (RuntimeError("This might be an overcommit issue or out of memory.Try"), 2, COMPILER_LINE),
        (
            RuntimeError("[f 0.cc:31]\nUnable to alloc cuda device memory for size 9"),
            2,
            "error: out of GPU memory: less",
        ),
        (RuntimeError("CUDA error code=2( cudaErrorMemoryAllocation )"), 2, "error: out of GPU memory: less"),
        (RuntimeError("cudnn error: CUDNN_STATUS_ALLOC_FAILED"), 2, "error: out of GPU memory: less"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_is_not_our_fault_is_told_in_one_line(error, status, line, capsys):
    assert exit_status(failing(error), memory_advice="less") == status
    assert capsys.readouterr() == ("", f"{line}\n")


def test_a_bug_is_shown_with_its_traceback_and_where_to_report_it(capsys):
    assert exit_status(failing(ZeroDivisionError("of ours"))) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Traceback") and lines[-2:] == ["ZeroDivisionError: of ours", BUG]


def test_ctrl_c_ends_a_command_that_was_started_with_it_ignored(capsys):
    """As shells start it in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        status = exit_status(lambda: os.kill(os.getpid(), signal.SIGINT) or time.sleep(1) or 0)
    finally:
        signal.signal(signal.SIGINT, before)
    assert status == 130 and capsys.readouterr().err == "interrupted\n"


def test_what_the_tests_start_does_not_ignore_ctrl_c():
    """Although the tests may have been started so themselves, in the background."""
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True\n"


@pytest.mark.parametrize(
    "words", [("jittor_tsit", "--help"), ("jittor_tsit", "train", "--help"), ("data_tools", "--help")]
)
def test_help_for_a_reader_that_has_left_ends_quietly(words):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(60) == 141


def test_an_option_that_is_wrong_still_ends_with_argparses_status(capsys):
    with pytest.raises(SystemExit) as caught:
        exit_status(failing(SystemExit(2)))
    assert caught.value.code == 2 and capsys.readouterr().err == ""
