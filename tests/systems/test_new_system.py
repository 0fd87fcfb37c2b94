"""A system that is only in the table of systems can be trained, resumed, tested, scored and averaged."""

import numpy as np
import pytest

from data_tools.rendering.write_set import write_set
from helpers.source_files import ROOT
from helpers.toy_system import ColoursConfig, ColoursSystem
from jittor_tsit.commands.average import run_average
from jittor_tsit.commands.test import run_test
from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig
from jittor_tsit.runs.checkpoint import checkpoint_path, load_checkpoint
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.training.session import run_training

WIDTH, HEIGHT = 64, 48


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setitem(SYSTEMS, "colours", ColoursSystem)
    write_set(tmp_path / "set", 3, 0, WIDTH, HEIGHT, test_count=2)
    return tmp_path


def experiment(place, total_nimg):
    return Experiment(
        "colours",
        ColoursConfig(optim=OptimConfig(lr_G=0.01, ema_halflife_nimg=1.0)),
        DataConfig(str(place / "set"), image_width=WIDTH, image_height=HEIGHT),
        RunConfig(total_nimg=total_nimg, snapshot_nimg=2, status_nimg=1, grid_rows=1),
    )


def test_a_new_system_is_trained_resumed_and_tested(place):
    assert run_training(experiment(place, 4), place / "whole") == 0
    assert run_training(experiment(place, 2), place / "resumed") == 0
    assert run_training(experiment(place, 4), place / "resumed") == 0
    whole, resumed = (load_checkpoint(checkpoint_path(place / run, 4)).arrays for run in ("whole", "resumed"))
    assert set(whole) == set(resumed) and "G_ema.weight" in whole
    for name, array in whole.items():
        np.testing.assert_array_equal(array, resumed[name], err_msg=name)
    before = load_checkpoint(checkpoint_path(place / "whole", 2)).arrays
    assert not np.array_equal(whole["G.weight"], before["G.weight"])
    assert '"G/l1"' in (place / "whole/stats.jsonl").read_text()

    assert run_test(checkpoint_path(place / "whole", 4), None, place / "test", 0, None, compare=True) == 0
    assert len(list((place / "test/images").glob("*.jpg"))) == 2 and (place / "test/submission.zip").is_file()
    files = [checkpoint_path(place / "whole", nimg) for nimg in (2, 4)]
    assert run_average(files, None, 2, place / "mean.safetensors") == 0


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "CONTRIBUTING.zh-CN.md"])
def test_the_contributors_page_shows_this_system(page):
    source = (ROOT / "tests/helpers/toy_system.py").read_text(encoding="utf-8")
    assert f"```python\n{source}```" in (ROOT / page).read_text(encoding="utf-8")
