"""Ctrl-C while the modules of a command are being imported: one line, and the status of shells."""

import os
import signal
import subprocess
import sys

import pytest

from data_tools.basics.early_interrupt import is_command
from helpers.source_files import ROOT

SLOW = "import sys, time\nprint('importing', flush=True)\ntime.sleep(60)\n"  # ends by Ctrl-C, long before


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "jittor_tsit", "options"),
        ("-m", "data_tools", "check", "--data", "none"),
        (str(ROOT / "jittor_tsit/runtime/help_only.py"), "--help"),
    ],
)
@pytest.mark.parametrize("action", [signal.SIG_DFL, signal.SIG_IGN])  # SIG_IGN: in the background of a script
def test_ctrl_c_during_the_imports_ends_in_one_line(words, action, tmp_path):
    (tmp_path / "argparse.py").write_text(SLOW)  # both packages import it
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, action),
        text=True,
    )
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGINT)
    assert (process.communicate(timeout=60)[1], process.returncode) == ("interrupted\n", 130)


def test_importing_the_packages_leaves_ctrl_c_to_other_programs():
    code = "import signal, jittor_tsit; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout == "True\n"


@pytest.mark.parametrize(
    "words, expected",
    [
        (["python", "-m", "jittor_tsit", "train"], True),
        (["python", "/usr/bin/data-tools", "check"], True),
        (["python", "-m", "jittor_tsit.runtime.status_line", "x"], False),
        (["python", "-m", "pytest", "-m", "jittor_tsit"], False),
        (["python", "my_script.py"], False),
        (["python"], False),
    ],
)
def test_only_commands_of_this_project_are_meant(words, expected):
    assert is_command(words) == expected
