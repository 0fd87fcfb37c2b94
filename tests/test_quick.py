"""`bash run.sh check --quick`: the list in quick.txt is right, and run.sh hands it to pytest."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "tests/quick.txt").read_text().splitlines()
QUICK = [line for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize("line", QUICK)
def test_every_line_names_a_test(line):
    file, _, name = line.partition("[")[0].partition("::")
    assert (ROOT / file).exists()
    assert not name or f"def {name}(" in (ROOT / file).read_text()


def test_run_sh_hands_the_list_to_pytest(tmp_path):
    project, environment = tmp_path / "project", tmp_path / "environment"
    (project / "tests").mkdir(parents=True)
    for name in ("run.sh", "setup.py", "tests/quick.txt"):
        shutil.copy(ROOT / name, project / name)
    python = environment / "bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    checksum = subprocess.run(
        ["cksum"], stdin=open(project / "setup.py"), capture_output=True, text=True
    ).stdout.strip()
    (environment / ".jittor_tsit-test").write_text(f"{project} {checksum}\n")

    def words(*options):
        command = ["env", f"VIRTUAL_ENV={environment}", "bash", str(project / "run.sh"), "check", *options]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    spread = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
    assert words("--quick", "-x") == ["-m", "pytest", *spread, *QUICK, "-x"]
    assert words("-m", "reference") == ["-m", "pytest", *spread, "-m", "reference"]
