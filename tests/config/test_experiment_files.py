"""Experiment files: found by name from anywhere, loaded without Jittor also if they are of an older version."""

import json
import subprocess
import sys

import pytest

from data_tools.basics.errors import InputError
from helpers.source_files import ROOT
from jittor_tsit.__main__ import main
from jittor_tsit.config import CONFIGS
from jittor_tsit.config.experiment_files import find_experiment, shipped_experiment, shipped_experiments

OLD_FILE = """
from jittor_tsit.config import Experiment, RunConfig
from jittor_tsit.systems.unit import REWRITE_WEIGHTS, UNITConfig
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

experiment = Experiment("tsit", TSITConfig(weights=TSITWeights(vgg=7)), run=RunConfig(total_nimg=1))
"""


@pytest.mark.parametrize("text", ["quickstart", "quickstart.py", "experiments/quickstart.py"])
def test_a_shipped_experiment_is_found_by_its_name_from_anywhere(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_experiment(text) == shipped_experiment("quickstart") and shipped_experiment("quickstart").is_file()


def test_a_file_of_the_user_goes_before_a_shipped_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart.py").write_text("")
    assert find_experiment("quickstart.py").resolve() == tmp_path / "quickstart.py"


def test_a_mistyped_name_gets_similar_ones():
    with pytest.raises(InputError, match="--experiment tsit_landscpe: no such .*similar names are tsit_landscape, "):
        find_experiment("tsit_landscpe")
    with pytest.raises(InputError, match="other/quickstart: no such"):
        find_experiment("other/quickstart")


def test_every_experiment_is_listed_with_one_line(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["train", "--list-experiments"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(path.stem for path in (ROOT / "experiments").glob("*.py"))
    assert len(lines) == len(shipped_experiments()) and all(len(line.split()) > 3 for line in lines)


def test_options_of_every_system_load_without_jittor(tmp_path):
    """Experiment files of older versions, too: these import options from the modules of the systems."""
    (tmp_path / "old.py").write_text(OLD_FILE)
    code = (
        "import json, sys; from pathlib import Path\n"
        "from jittor_tsit.config.experiment_files import *\n"
        "files = [Path(name) for name in sys.argv[1:]]\n"
        "found = [type(load_experiment(file).config).__name__ for file in files]\n"
        "print(json.dumps([found, 'jittor' in sys.modules]))"
    )
    files = [tmp_path / "old.py", *(shipped_experiment(name) for name in shipped_experiments() if name != "smoke")]
    shown = subprocess.run([sys.executable, "-c", code, *map(str, files)], cwd=ROOT, capture_output=True, text=True)
    found, has_jittor = json.loads(shown.stdout)
    assert set(found) == {kind.__name__ for kind in CONFIGS.values()} and not has_jittor, shown.stderr
