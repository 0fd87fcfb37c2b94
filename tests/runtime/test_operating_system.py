"""On Windows and macOS one line says where the program can run; nothing that these systems lack is imported first."""

import os
import subprocess
import sys

import pytest

from helpers.source_files import ROOT

AS_IF = "import sys, typing, importlib; sys.platform = {!r}; sys.argv = [{!r}]; import jittor_tsit"


def run(platform, started):
    words = [sys.executable, "-c", AS_IF.format(platform, started)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("platform, way", [("win32", "WSL 2"), ("cygwin", "WSL 2"), ("darwin", "Docker")])
@pytest.mark.parametrize("started", ["-m", "/usr/local/bin/jittor-tsit"])
def test_a_command_ends_with_one_line(platform, way, started):
    result = run(platform, started)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: jittor_tsit needs Linux") and way in line and "docker run" in line


def test_an_import_by_another_program_raises_an_import_error():
    result = run("win32", "notebook.py")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("ImportError: jittor_tsit needs Linux")


def test_linux_is_accepted():
    assert run("linux", "-m").returncode == 0


@pytest.mark.parametrize("system", ["msys", "cygwin"])
def test_run_sh_says_it_in_git_bash_before_it_installs(system):
    environment = {**os.environ, "OSTYPE": system}  # bash takes its own value only if there is none
    script = ["bash", "run.sh", "doctor"]
    result = subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.splitlines()[0].startswith("error: Windows: install WSL 2")
