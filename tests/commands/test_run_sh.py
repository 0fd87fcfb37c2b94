"""run.sh: which environment it takes, what it hands to Python, and that help and wrong words install nothing."""

import shutil
import subprocess

import pytest

from helpers.source_files import ROOT

PATH = "/usr/bin:/bin"
FAKE = '#!/bin/sh\necho "$JTSIT_PROGRAM: $0 $*"\n'


@pytest.fixture
def project(tmp_path):
    """A copy of the script, with an environment in .venv that prints what it gets in place of running it."""
    (tmp_path / "project").mkdir()
    for name in ("run.sh", "setup.py"):
        shutil.copy(ROOT / name, tmp_path / "project")
    make_environment(tmp_path / "project/.venv", tmp_path / "project")
    return tmp_path / "project"


def make_environment(folder, project, is_ours=True):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").write_text(FAKE)
    (folder / "bin/python").chmod(0o755)
    stamp = subprocess.run("cksum <setup.py", shell=True, cwd=project, capture_output=True, text=True, check=True)
    if is_ours:
        (folder / ".jittor_tsit-plots").write_text(f"{project} {stamp.stdout}")
    return folder


def run(project, *words, **environment):
    script = ["bash", str(project / "run.sh"), *words]
    return subprocess.run(script, capture_output=True, text=True, env={"PATH": PATH, **environment})


@pytest.mark.parametrize("command", ["train", "scan", "check-data", "data", "options", "fetch", "label"])
def test_every_word_but_its_own_goes_to_python_with_what_was_typed(project, command):
    shown = run(project, command, "--x", "a b")
    assert shown.stdout == f"bash run.sh: {project}/.venv/bin/python -m jittor_tsit {command} --x a b\n", shown.stderr


def test_an_active_environment_is_taken_if_it_is_this_projects(project, tmp_path):
    own = make_environment(tmp_path / "own", project)
    other = make_environment(tmp_path / "other", project, is_ours=False)
    assert f"{own}/bin/python" in run(project, "train", VIRTUAL_ENV=str(own)).stdout
    assert f"{own}/bin/python" in run(project, "train", CONDA_PREFIX=str(own), CONDA_DEFAULT_ENV="mine").stdout
    assert f"{project}/.venv/bin/python" in run(project, "train", VIRTUAL_ENV=str(other)).stdout


def test_an_active_environment_is_taken_if_the_variable_says_so(project, tmp_path):
    other = make_environment(tmp_path / "other", project)
    (other / ".jittor_tsit-plots").rename(other / ".jittor_tsit-test")  # what `check` installed into
    (project / ".venv/.jittor_tsit-plots").rename(other / ".jittor_tsit-plots")
    assert f"{other}/bin/python" in run(project, "train", VIRTUAL_ENV=str(other), JTSIT_ENVIRONMENT="active").stdout
    for environment, message in (
        ({"JTSIT_ENVIRONMENT": "active"}, "no environment is active"),
        ({"JTSIT_ENVIRONMENT": "conda"}, "JTSIT_ENVIRONMENT=conda: allowed is active"),
        ({"JTSIT_ENVIRONMENT": "active", "CONDA_PREFIX": str(other), "CONDA_DEFAULT_ENV": "base"}, "conda's base"),
    ):
        refused = run(project, "train", **environment)
        assert refused.returncode == 2 and message in refused.stderr and refused.stderr.count("\n") == 1


def test_condas_base_is_never_taken(project, tmp_path):
    base = make_environment(tmp_path / "base", project)
    assert (
        f"{project}/.venv/bin/python" in run(project, "train", CONDA_PREFIX=str(base), CONDA_DEFAULT_ENV="base").stdout
    )


@pytest.fixture
def fresh(tmp_path):
    """A copy of the repository without an environment."""
    project = tmp_path / "fresh"
    project.mkdir()
    for name in ("jittor_tsit", "data_tools"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("run.sh", "setup.py"):
        shutil.copy(ROOT / name, project)
    return project


def test_help_installs_nothing_and_says_what_was_typed(fresh, tmp_path):
    for words, beginning, example in (
        (["train", "--help"], "usage: bash run.sh train ", "bash run.sh train --data data/landscape"),
        (["scan", "-h"], "usage: bash run.sh scan ", "bash run.sh scan --data"),
        (["check-data", "--help"], "usage: bash run.sh check-data ", "bash run.sh check-data --data"),
        (["data", "check", "--help"], "usage: bash run.sh data check ", "bash run.sh data check --data"),
        (["help"], "usage: bash run.sh ", "bash run.sh COMMAND --help"),
        (["help", "test"], "usage: bash run.sh test ", "--draws N"),
        (["help", "data", "scan"], "usage: bash run.sh data scan ", "bash run.sh data scan --data"),
        (["help", "check-data"], "usage: bash run.sh check-data ", "--num-classes N"),
        (["help", "check"], "usage: bash run.sh ", "bash run.sh COMMAND --help"),
        ([], "usage: bash run.sh ", "run the tests"),
    ):
        shown = run(fresh, *words, HOME=str(tmp_path / "home"))
        assert shown.returncode == 0 and shown.stdout.startswith(beginning) and example in shown.stdout, shown.stderr
        assert "python -m jittor_tsit" not in shown.stdout and "python -m data_tools" not in shown.stdout
    wrong = run(fresh, "trian", HOME=str(tmp_path / "home"))
    assert wrong.returncode == 2 and "no command trian; similar ones are train" in wrong.stderr
    assert not (fresh / ".venv").exists() and not (tmp_path / "home").exists()
