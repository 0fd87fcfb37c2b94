"""All systems from one file: trained, gone on with, and at work on a folder of images."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import CONFIGS

from data_tools.synthetic import write_set
from jittor_tsit.__main__ import main
from jittor_tsit.experiment_files import shipped_experiment
from jittor_tsit.training.checkpoint import checkpoint_path, load_checkpoint

pytestmark = pytest.mark.slow
SYSTEMS = sorted({name.partition("-")[0] for name in CONFIGS} - {"segformer", "unit_digits"})


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """The command that trains all systems."""
    root = tmp_path_factory.mktemp("smoke")
    write_set(root / "set", 6, 0, test_count=2)
    words = ["train", "--experiment", str(shipped_experiment("smoke")), "--data", str(root / "set"), "--device", "cpu"]
    return [*words, "--run-dir", str(root / "whole")]


@pytest.fixture(scope="module")
def whole(command):
    """What it leaves."""
    assert main(command) == 0
    return Path(command[-1])


@pytest.fixture(scope="module")
def resumed(command, whole, tmp_path_factory):
    """The same, gone on with after half of the images."""
    run_dir = tmp_path_factory.mktemp("smoke") / "resumed"
    shutil.copytree(whole, run_dir)
    for name in SYSTEMS:
        checkpoint_path(run_dir / name, 4).unlink()
    assert main([*command[:-1], str(run_dir)]) == 0
    return run_dir


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_system_leaves_a_grid_and_terms_of_both_networks(whole, name):
    with Image.open(whole / name / "grid-000000004.png") as grid:
        assert grid.size == (3 * 256, 2 * 128) and np.asarray(grid).std() > 0
    lines = [json.loads(line) for line in (whole / name / "stats.jsonl").read_text().splitlines()]
    assert {term[0] for line in lines for term in line if "/" in term} == {"G", "D"}


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_system_resumed_equals_the_uninterrupted_one(whole, resumed, name):
    arrays = [load_checkpoint(checkpoint_path(root / name, 4)).arrays for root in (whole, resumed)]
    assert set(arrays[0]) == set(arrays[1])
    for key, array in arrays[0].items():
        np.testing.assert_array_equal(arrays[1][key], array, err_msg=key)


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_system_makes_images(command, whole, tmp_path, name):
    out = ["--run-dir", str(whole / name), "--out", str(tmp_path), "--device", "cpu"]
    data = ["--data", str(whole / "data/trainA")] if name in ("cyclegan", "simgan", "unit", "stargan") else []
    assert main(["test", *out, *data]) == 0
    count = {"stargan": 6, "cyclegan": 3, "simgan": 3, "unit": 3}.get(name, 2)  # of three photos, or of two label maps
    assert len(list((tmp_path / "images").glob("*.jpg"))) == count
