"""A lack of memory of the machine ends a command with one line and status 2, not with a dump."""

import subprocess
import sys

import pytest

from helpers.source_files import ROOT
from jittor_tsit.runtime.out_of_memory import ADVICE, install_memory_handler

FAULT = """
import ctypes, sys
from pathlib import Path
from jittor_tsit.runtime.out_of_memory import install_memory_handler
assert install_memory_handler(Path(sys.argv[1]))
ctypes.memset(int(sys.argv[2]), 1, 8)
"""
LIMITED = """
import resource
from jittor_tsit.runtime.import_jittor import start_jittor
jt = start_jittor(use_gpu=False)
(jt.ones(2) + 1).sync()
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + (100 << 20),) * 2)
arrays = []
for _ in range(100):  # 16 MB each
    arrays.append(jt.ones(1 << 22))
    arrays[-1].sync()
"""


def run(code, *words):
    return subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("address", [0, 3 << 30])
def test_an_array_that_was_not_given_ends_with_one_line(tmp_path, address):
    result = run(FAULT, str(tmp_path), str(address))
    assert result.returncode == 2
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: out of memory") and line.endswith(ADVICE)


def test_any_other_fault_stays_a_fault(tmp_path):
    result = run(FAULT, str(tmp_path), str(1 << 46))  # no array, and nothing lies there
    assert result.returncode == -11 and "memory" not in result.stderr


def test_the_handler_is_compiled_once_and_left_out_without_a_compiler(tmp_path, monkeypatch):
    monkeypatch.setattr("jittor_tsit.runtime.out_of_memory.shutil.which", lambda _: str(tmp_path / "none"))
    assert not install_memory_handler(tmp_path / "a")


def test_jittor_out_of_memory_ends_with_one_line():
    result = run(LIMITED)
    assert result.returncode == 2, result.stderr[-2000:]
    assert result.stderr.strip().splitlines()[-1].startswith("error: out of memory")
    assert "Segfault" not in result.stderr
