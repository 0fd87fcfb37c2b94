"""A run whose phases have images of different sizes: its plan, its grids, its end after a stop, and its hours."""

import json

import numpy as np
import pytest

from data_tools.rendering.write_set import write_set
from helpers.tiny import CONFIGS
from jittor_tsit.commands.dry_run import show_plan
from jittor_tsit.config import DataConfig, Experiment, Phase, RunConfig
from jittor_tsit.config.overrides import override
from jittor_tsit.data.finders import find_samples
from jittor_tsit.runs.checkpoint import checkpoint_path, load_checkpoint
from jittor_tsit.systems.spade import SPADESystem
from jittor_tsit.training import session
from jittor_tsit.training.samples_of_run import grid_samples

WIDTH, HEIGHT = 128, 64


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    root = tmp_path_factory.mktemp("growing") / "set"
    write_set(root, 4, 0, WIDTH, HEIGHT)
    data = DataConfig(root=str(root), image_width=WIDTH, image_height=HEIGHT)
    run = RunConfig(batch_size=2, status_nimg=2, grid_rows=1)
    small = Phase(nimg=2, image_width=WIDTH // 2, image_height=HEIGHT // 2)
    return Experiment("spade", CONFIGS["spade"], data, run, (small, Phase(nimg=4)))


def test_samples_have_the_size_of_their_phase_and_grids_that_of_the_experiment(experiment):
    samples = find_samples(experiment)
    shapes = [[array.shape[:2] for array in each(0)] for each in samples]
    assert shapes == [[(HEIGHT // 2, WIDTH // 2)] * 2, [(HEIGHT, WIDTH)] * 2]
    assert [array.shape[:2] for array in grid_samples(experiment, samples).unaugmented(0)] == [(HEIGHT, WIDTH)] * 2


def test_the_hours_of_a_size_follow_from_its_pixels(experiment, tmp_path, capsys):
    (tmp_path / "stats.jsonl").write_text(json.dumps({"nimg": 2, "img_per_s": 0.01}) + "\n")
    show_plan(experiment, find_samples(experiment), tmp_path, num_processes=1)
    _, first, second, hours, *_ = capsys.readouterr().err.splitlines()
    assert first.split()[-4:] == ["64x32", "0.0001", "0.0004", "0.06"]  # 2 images / 0.01 / 3600
    assert second.split()[-4:] == ["128x64", "0.0001", "0.0004", "0.44"]  # 4 images with four times the pixels
    assert hours.startswith("hours: 0.50 at 0.01 img/s") and hours.endswith("by the number of pixels for other sizes")


@pytest.fixture(scope="module")
def whole_run(experiment, tmp_path_factory):
    """The folder of a run without interruption; rows and columns of the photos of each step."""
    run_dir, seen, train_step = tmp_path_factory.mktemp("runs") / "whole", [], SPADESystem.train_step

    def watched(self, parts, step):
        seen.append([tuple(part.image.shape[2:]) for part in parts])
        return train_step(self, parts, step)

    SPADESystem.train_step = watched
    try:
        assert session.run_training(experiment, run_dir) == 0
    finally:
        SPADESystem.train_step = train_step
    return run_dir, seen


def test_the_steps_of_a_phase_have_its_size_and_the_log_tells_it(whole_run):
    run_dir, seen = whole_run
    assert seen == [[(HEIGHT // 2, WIDTH // 2)], [(HEIGHT, WIDTH)], [(HEIGHT, WIDTH)]]
    log = (run_dir / "log.txt").read_text()
    assert "phase 1 of 2: images 0 to 2 of 64x32, 4 samples of" in log and "images 2 to 6 of 128x64, " in log


@pytest.mark.slow
def test_a_run_resumed_in_a_larger_phase_equals_an_uninterrupted_one(experiment, whole_run, tmp_path):
    assert session.run_training(override(experiment, ["phases.2.nimg=2"]), tmp_path) == 0
    assert session.run_training(experiment, tmp_path) == 0
    ours, others = (load_checkpoint(checkpoint_path(path, 6)).arrays for path in (tmp_path, whole_run[0]))
    for name, array in others.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)
