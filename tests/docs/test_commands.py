"""Every command of README and of Getting started runs as printed, in a fresh copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.source_files import ROOT

PAGES = ("README.md", "docs/getting-started.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
DOCKER = (
    'docker run -it -v "$PWD":/project -v jittor:/cache -e JITTOR_HOME=/cache -w /project python:3.11 '
    "bash run.sh doctor"
)
NOT_RUN = {  # command -> why it is not run here
    "sudo apt-get install python3-venv python3-dev g++": "changes the system",
    DOCKER: "needs Docker",
    "bash run.sh check": "runs this test",
    "bash run.sh check --quick": "runs tests, which the tests of run.sh cover",
}
# Commands in the text, too long to be run: their options are checked by --dry-run.
TAKES_MINUTES = ("bash run.sh train", "bash run.sh train --experiment experiments/smoke.py")
IN_TEXT = re.compile(r"`(bash run\.sh[^`]+|python -m [^`]+)`")
PREAMBLE = """import data_tools
label_map = data_tools.read_label("data/sample/test/synth_500001.png")
photo = data_tools.read_photo("data/sample/train/imgs/synth_000000.jpg")
"""  # the arrays that the first examples of docs/python.md use
COPIED = ("run.sh", "setup.py", "README.md", "jittor_tsit", "data_tools", "experiments", "docs")


def blocks(page):
    """The fenced blocks of a page: (language, text)."""
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


def commands(page):
    """The commands of a page in their order: shell lines, and Python blocks as a whole."""
    for language, text in blocks(page):
        if language == "bash":
            yield from (("bash", line) for line in text.splitlines() if line.strip())
        elif language == "python":
            yield "python", text


def make_clone(folder: Path) -> Path:
    """Copy the repository, with an environment in `.venv` that runs this interpreter on the copy."""
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.jsonl", "*.egg-info")
            )
        else:
            shutil.copy(source, folder / name)
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (python.parent / "pip").symlink_to(shutil.which("true"))
    stamp = subprocess.run("cksum <setup.py", shell=True, cwd=folder, capture_output=True, text=True, check=True)
    for name in (".jittor_tsit-plots", ".jittor_tsit-test"):  # run.sh then installs nothing
        (folder / ".venv" / name).write_text(f"{folder} {stamp.stdout.strip()}\n")
    return folder


def run(command, clone):
    """Run a shell line or a Python block in the copy; returns what it printed."""
    language, text = command
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    words = ["bash", "-c", text] if language == "bash" else [str(clone / ".venv/bin/python"), "-c", text]
    done = subprocess.run(words, cwd=clone, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{text}\nended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.mark.slow
def test_every_command_runs_as_printed(tmp_path):
    """One copy for both pages: the run that README starts is long enough to test its commands once."""
    clone = make_clone(tmp_path / "clone")
    for page in PAGES:
        for command in commands(page):
            if command[1] not in NOT_RUN:
                run(command, clone)
        for text in sorted(set(IN_TEXT.findall((ROOT / page).read_text(encoding="utf-8")))):
            if text in TAKES_MINUTES:
                run(("bash", f"{text} --dry-run"), clone)
            elif text not in NOT_RUN and ("bash", text) not in commands(page):
                run(("bash", text), clone)
    # Getting started leaves the files that the page on Python reads.
    examples = (text for language, text in blocks("docs/python.md") if language == "python")
    run(("python", "\n".join((PREAMBLE, *examples))), clone)


@pytest.mark.slow
def test_a_command_that_fails_is_noticed(tmp_path):
    clone = make_clone(tmp_path / "clone")
    with pytest.raises(AssertionError, match="ended with 2"):
        run(("bash", "bash run.sh train --data nowhere"), clone)
    with pytest.raises(AssertionError, match="no such run or checkpoint"):
        run(("python", "import jittor_tsit\njittor_tsit.load('nowhere')"), clone)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_has_a_language(page):
    """A block without one would not be run."""
    assert {language for language, _ in blocks(page)} <= {"bash", "python"}
    assert len(list(commands(page))) > 3
