"""`--version` of both programs and of run.sh print the version of the package."""

import subprocess

import pytest

import data_tools
import jittor_tsit
from data_tools.__main__ import main as data_main
from helpers.source_files import ROOT
from jittor_tsit.__main__ import main as product_main


def test_both_packages_have_the_same_version():
    assert data_tools.__version__ == jittor_tsit.__version__


@pytest.mark.parametrize("main, name", [(product_main, "jittor_tsit"), (data_main, "data_tools")])
def test_version_is_printed(main, name, capsys):
    with pytest.raises(SystemExit) as exit_status:
        main(["--version"])
    assert exit_status.value.code == 0
    assert capsys.readouterr().out == f"{name} {jittor_tsit.__version__}\n"


def test_run_sh_prints_the_version_without_an_environment():
    script = ["bash", str(ROOT / "run.sh"), "--version"]
    shown = subprocess.run(script, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    assert (shown.returncode, shown.stdout) == (0, f"jittor_tsit {jittor_tsit.__version__}\n")
