"""The shipped experiments: each can be opened and planned; SPADE's special label maps train and generate."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_tools.sets.image_io import write_label, write_photo
from helpers.same_bytes import assert_other_bytes
from helpers.tiny import CONFIGS, HEIGHT, WIDTH, make_experiment
from jittor_tsit.commands.test import run_test
from jittor_tsit.config.experiment_files import load_experiment, load_runs
from jittor_tsit.config.phases import make_plan, phases_of
from jittor_tsit.data.label_maps import label_channels
from jittor_tsit.runs.checkpoint import checkpoint_path
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.training import session

FOLDER = Path(__file__).parents[2] / "experiments"
CHANNELS = {"spade_landscape": 29, "spade_ade20k": 151, "spade_coco_stuff": 184, "spade_cityscapes": 36}  # official


def experiments_of(path):
    runs = load_runs(path)
    return list(runs.experiments(Path("set"), Path("made")).values()) if runs else [load_experiment(path)]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_every_experiment_stands_in_the_list(path):
    assert f"`{path.name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name, experiment", [(path.stem, each) for path in sorted(FOLDER.glob("*.py")) for each in experiments_of(path)]
)
def test_every_experiment_has_a_plan(name, experiment):
    assert isinstance(experiment.config, SYSTEMS[experiment.system].Config)
    plan = make_plan(experiment, [10_000] * len(phases_of(experiment)))
    assert plan[-1].end > 0
    assert CHANNELS.get(name, 29) == label_channels(experiment.data)


@pytest.fixture
def root(tmp_path):
    """Three pairs with 40 classes, some pixels without a class, and instances; and such label maps to generate from."""
    rng = np.random.default_rng(0)
    for folder in ("train/imgs", "train/labels", "train/instances", "test/labels", "test/instances"):
        (tmp_path / folder).mkdir(parents=True)
    for k in range(3):
        blocks = rng.integers(0, 41, (4, 8)).repeat(40, 0).repeat(40, 1)
        for part in ("train", "test"):
            write_label(tmp_path / f"{part}/labels/{k}.png", np.where(blocks == 40, 255, blocks))
            write_label(tmp_path / f"{part}/instances/{k}.png", blocks + 1000)
        write_photo(tmp_path / f"train/imgs/{k}.jpg", rng.integers(0, 256, (160, 320, 3)).astype(np.uint8))
    return tmp_path


def test_unknown_pixels_edges_and_cuts_go_the_whole_way(root, tmp_path):
    experiment = make_experiment(root, total_nimg=2)
    data = dataclasses.replace(experiment.data, load_width=WIDTH + 30, load_height=HEIGHT + 15, num_classes=40)
    data = dataclasses.replace(data, unknown_id=255, instance_edges=True, output_width=100, output_height=50)
    experiment = dataclasses.replace(experiment, system="spade", config=CONFIGS["spade"], data=data)
    assert session.run_training(experiment, tmp_path / "run") == 0
    assert run_test(checkpoint_path(tmp_path / "run", 2), None, tmp_path / "out", 0, None, compare=True) == 0
    with Image.open(tmp_path / "out/images/1.jpg") as image:
        assert image.size == (100, 50)
    image = (tmp_path / "out/images/1.jpg").read_bytes()
    write_label(root / "test/instances/1.png", np.zeros((160, 320), int))  # other borders make another image
    assert run_test(checkpoint_path(tmp_path / "run", 2), None, tmp_path / "out", 0, None, compare=False) == 0
    assert_other_bytes(tmp_path / "out/images/1.jpg", image)
