"""All systems from one file: train, continue, and process a folder of images.

Each system is run by itself, so that one that fails leaves the tests of the others alone.
"""

import contextlib
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from data_tools.rendering.write_set import write_set
from helpers.tiny import CONFIGS
from jittor_tsit.__main__ import main
from jittor_tsit.config.experiment_files import shipped_experiment
from jittor_tsit.data.sheets import Layout
from jittor_tsit.runs.checkpoint import checkpoint_path, load_checkpoint

pytestmark = pytest.mark.slow
SYSTEMS = sorted({name.partition("-")[0] for name in CONFIGS} - {"segformer", "unit_digits"})
ONE_OF_THEM = """
from pathlib import Path
from jittor_tsit.config.experiment_files import load_runs
smoke = load_runs(Path({path!r}))
prepare = smoke.prepare
def experiments(data, folder):
    return {{{name!r}: smoke.experiments(data, folder)[{name!r}]}}
"""


def run(words):
    """Run a command. If its status is not 0, fail with its output."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main([*words, "--device", "cpu"])
    if status != 0:
        pytest.fail(f"{' '.join(words)}: exit status {status}, and it printed:\n{said.getvalue()}", pytrace=False)
    return said.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a data set, in which the commands run."""
    root = tmp_path_factory.mktemp("smoke")
    write_set(root / "set", 6, 0, test_count=2)
    return root


def train(place, name, run_dir):
    """Train a system of the shipped file. Return the folder of its run."""
    file = place / f"{name}.py"
    file.write_text(ONE_OF_THEM.format(path=str(shipped_experiment("smoke")), name=name))
    run(["train", "--experiment", str(file), "--data", str(place / "set"), "--run-dir", str(run_dir)])
    return run_dir / name


@pytest.fixture(scope="module", params=SYSTEMS)
def trained(request, place):
    """The folder of a system's run."""
    return train(place, request.param, place / "whole")


def test_each_system_leaves_a_grid_and_terms_of_both_networks(trained):
    with Image.open(trained / "grid-000000004.png") as grid:
        assert grid.size == Layout((256, 128), 3, 1, 2, 2).size and np.asarray(grid).std() > 0
    lines = [json.loads(line) for line in (trained / "stats.jsonl").read_text().splitlines()]
    networks = {name.partition("/")[0] for line in lines for name in line if "/" in name}
    assert networks - {"lr"} == {"G", "D"}


def test_each_system_resumed_equals_the_uninterrupted_one(trained, place, tmp_path):
    shutil.copytree(trained, tmp_path / trained.name)
    shutil.copytree(place / "whole/data", tmp_path / "data")
    checkpoint_path(tmp_path / trained.name, 4).unlink()  # after half of the images
    resumed = train(place, trained.name, tmp_path)
    arrays = [load_checkpoint(checkpoint_path(run_dir, 4)).arrays for run_dir in (trained, resumed)]
    assert set(arrays[0]) == set(arrays[1])
    for key, array in arrays[0].items():
        np.testing.assert_array_equal(arrays[1][key], array, err_msg=key)


def test_each_system_makes_images(trained, place, tmp_path):
    name = trained.name
    data = ["--data", str(place / "whole/data/trainA")] if name in ("cyclegan", "simgan", "unit", "stargan") else []
    run(["test", "--run-dir", str(trained), "--out", str(tmp_path), *data])
    count = {"stargan": 6, "cyclegan": 3, "simgan": 3, "unit": 3}.get(name, 2)  # of three photos, or of two label maps
    assert len(list((tmp_path / "images").glob("*.jpg"))) == count


def test_the_shipped_file_trains_all_of_them_one_after_the_other(place):
    """All systems are trained already, so each run is complete."""
    for name in SYSTEMS:
        if not checkpoint_path(place / "whole" / name, 4).exists():
            pytest.skip(f"{name} was not trained; its own tests say why")
    said = run(
        [
            "train",
            "--experiment",
            str(shipped_experiment("smoke")),
            "--data",
            str(place / "set"),
            "--run-dir",
            str(place / "whole"),
        ]
    )
    begun = [line[:-1] for line in said.splitlines() if line[:-1] in SYSTEMS and line.endswith(":")]
    assert sorted(begun) == SYSTEMS and said.count("holds the checkpoint") == len(SYSTEMS)
