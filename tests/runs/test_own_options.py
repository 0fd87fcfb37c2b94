"""`train --run-dir DIR` alone goes on with the run's own options."""

import json
import shutil
from pathlib import Path

import pytest

from data_tools.basics.errors import InputError
from helpers.experiments import configure
from jittor_tsit.commands.train import adapt
from jittor_tsit.config import to_json
from jittor_tsit.runs.own_options import own_experiment

OLD = Path(__file__).parents[1] / "fixtures/old_runs"


@pytest.mark.parametrize("name", ["tsit", "cyclegan", "unit_rewrite"])
def test_a_run_of_any_age_knows_its_own_options(name):
    data = OLD / "moved"
    own = adapt(own_experiment(OLD / name), data, ["total_nimg=4"])
    typed = configure(OLD / name / "experiment.py", data, ["total_nimg=4"])
    assert json.loads(to_json(own)) == json.loads(to_json(typed))


def test_a_folder_without_a_checkpoint_has_no_options_of_its_own(tmp_path):
    assert own_experiment(tmp_path) is None
    shutil.copy(OLD / "tsit/options.json", tmp_path)  # a run that ended before its first checkpoint begins anew
    assert own_experiment(tmp_path) is None


def test_options_that_cannot_be_read_are_refused(tmp_path):
    (tmp_path / "state-000000002.safetensors").touch()
    (tmp_path / "options.json").write_text("[]")
    with pytest.raises(InputError, match="name the experiment by --experiment FILE"):
        own_experiment(tmp_path)
