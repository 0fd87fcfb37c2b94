"""Jittor's own lines are counted, all others are passed on."""

import os
import subprocess
import sys

import pytest

from helpers.source_files import ROOT
from jittor_tsit.runtime.compiler_output import OutputFilter
from jittor_tsit.runtime.status_line import QUIET_VARIABLE, RANK_VARIABLE, file_pause, waiting_for

JITTORS = b"\nCompiling Operators(3/8) used: 2.01s eta: 3.4s \rCompiling Operators(8/8) used: 4s eta: 0s \r\n"


def test_progress_and_notes_are_left_out_and_errors_pass():
    found = OutputFilter()
    assert found.lines(JITTORS + b"[w 1130 10:15:42.123456 80 x.cc:12] slow\nerror: no space") == []
    assert found.num_compiled == 8
    assert found.lines(b" left\n" + JITTORS) == ["error: no space left"]
    assert found.num_compiled == 16
    assert found.lines(b"half a line", is_end=True) == ["half a line"]


def run_block(code, rank="0"):
    """Standard error of a program that waits in a block, from start to end."""
    start = "import os, sys, time\nfrom jittor_tsit.runtime.status_line import waiting_for\nwith waiting_for('x'):\n"
    environment = {**os.environ, RANK_VARIABLE: rank}
    command = [sys.executable, "-c", start + code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("rank", ["0", "1"])
def test_a_block_shows_errors_of_cpp_code_and_none_of_jittors_lines(rank):
    code = " os.write(2, b'Compiling Operators(1/2) used\\rbad\\n'); print('ours', file=sys.stderr)\n"
    assert sorted(run_block(code, rank).stderr.splitlines()) == ["bad", "ours"]


@pytest.mark.parametrize("rank, shows", [("0", True), ("1", False)])
def test_only_process_0_shows_the_line(rank, shows, monkeypatch):
    variables, start = [], subprocess.Popen
    monkeypatch.setenv(RANK_VARIABLE, rank)
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kw: variables.append(kw["env"]) or start(*args, **kw))
    with waiting_for("x"):
        pass
    assert [QUIET_VARIABLE not in each for each in variables] == [shows]


def test_a_crash_in_a_block_shows_what_was_written_before_it():
    result = run_block(" os.write(2, b'the reason'); os._exit(3)\n")
    assert result.returncode == 3 and result.stderr == "the reason\n"


def test_an_exception_in_a_block_is_shown_as_ever():
    result = run_block(" raise ValueError('told')\n")
    assert result.stderr.splitlines()[-1] == "ValueError: told"


def test_lines_in_a_file_become_rarer_in_a_long_wait():
    assert file_pause(5) == 30
    waited = [5.0]
    while waited[-1] < 1200:
        waited.append(waited[-1] + file_pause(waited[-1]))
    assert len(waited) <= 16


def test_only_the_first_use_of_a_first_wait_sorts_the_output():
    code = """
import os
from jittor_tsit.runtime.status_line import FirstWait
first = FirstWait("x")
for number in "12":
    with first:
        os.write(2, f"Compiling Operators({number}/2) used\\n".encode())
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.stderr == "Compiling Operators(2/2) used\n"


def test_a_first_wait_ends_with_an_exception_of_its_block():
    code = """
import os
from jittor_tsit.runtime.status_line import FirstWait
try:
    with FirstWait("x"):
        raise ValueError
except ValueError:
    os.write(2, b"Compiling Operators(1/2) used\\n")
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.stderr == "Compiling Operators(1/2) used\n"
