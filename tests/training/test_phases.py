"""The contest's four phases at the smallest size, on splits that data_tools made, stopped once in each phase."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_tools.rendering.write_set import write_set
from data_tools.sets.splits import read_split
from helpers.experiments import configure
from jittor_tsit.commands.dry_run import show_plan
from jittor_tsit.data.finders import find_samples
from jittor_tsit.runs.checkpoint import checkpoint_path, checkpoint_paths, load_checkpoint
from jittor_tsit.systems.tsit import TSITSystem
from jittor_tsit.training import session

ROOT = Path(__file__).parents[2]
ENDS = (12, 26, 34, 42)  # images after each phase
STOPPED_AFTER = (6, 18, 30, 38)  # images, one place in each phase; 18 is in the middle of the accumulating one


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """The shipped smoke experiment on 24 rendered pairs and their splits."""
    place = tmp_path_factory.mktemp("phases")
    write_set(place / "set", 24, 0, 256, 128)
    words = ["-m", "data_tools", "curate", "--data", str(place / "set"), "--out", str(place / "curation")]
    made = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    total, selected = (read_split(place / f"curation/{name}.txt") for name in ("total", "selection_2"))
    assert len(total) == 24 and 6 <= len(selected) <= 24
    assignments = [f"split={place / 'curation'}"]
    return configure(ROOT / "experiments/tsit_contest_smoke.py", place / "set", assignments)


@pytest.fixture(scope="module")
def whole_run(experiment, tmp_path_factory):
    """All four phases without interruption; the steps' rates, batch sizes and numbers of parts besides."""
    run_dir, seen, train_step = tmp_path_factory.mktemp("runs") / "whole", [], TSITSystem.train_step

    def watched(self, parts, step):
        images = sum(len(part.index) for part in parts)
        seen.append((self.optimizers["G"].lr, self.optimizers["D"].lr, images, len(parts)))
        return train_step(self, parts, step)

    TSITSystem.train_step = watched
    try:
        assert session.run_training(experiment, run_dir) == 0
    finally:
        TSITSystem.train_step = train_step
    return run_dir, seen


def test_every_phase_has_its_rates_and_batches(whole_run):
    _, seen = whole_run
    first = [(1e-4, 4e-4, 2, 1)] * 6
    second = [(6e-4, 2.4e-3, 6, 2)] * 2 + [(6e-4, 2.4e-3, 2, 2)]  # the last batch takes what remains
    assert seen == first + second + [(2e-4, 8e-4, 4, 1)] * 2 + [(1e-4, 4e-4, 4, 1)] * 2


def test_every_phase_ends_with_a_checkpoint(whole_run):
    run_dir, _ = whole_run
    grids = sorted(path.name for path in run_dir.glob("grid-*.png"))
    assert {f"grid-{end:09d}.png" for end in ENDS} <= set(grids)
    assert load_checkpoint(checkpoint_paths(run_dir)[-1]).progress.nimg == ENDS[-1]


def test_a_run_stopped_once_in_each_phase_equals_one_without_stops(experiment, whole_run, tmp_path, monkeypatch):
    train_step, seen = TSITSystem.train_step, [0]

    def stopped(self, parts, step):
        seen[0] += sum(len(part.index) for part in parts)
        if seen[0] in STOPPED_AFTER:
            os.kill(os.getpid(), signal.SIGINT)
        return train_step(self, parts, step)

    monkeypatch.setattr(TSITSystem, "train_step", stopped)
    for place in STOPPED_AFTER:
        assert session.run_training(experiment, tmp_path / "run") == 130
        assert load_checkpoint(checkpoint_paths(tmp_path / "run")[-1]).progress.nimg == place
    assert session.run_training(experiment, tmp_path / "run") == 0
    ours, others = (
        load_checkpoint(checkpoint_path(path, ENDS[-1])).arrays for path in (tmp_path / "run", whole_run[0])
    )
    for name, array in others.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)


def test_the_plan_tells_images_steps_and_hours_from_the_last_report(experiment, tmp_path, capsys):
    samples, run_dir = find_samples(experiment), tmp_path / "slow"
    show_plan(experiment, samples, run_dir, num_processes=1)
    rows = capsys.readouterr().err.splitlines()[1:6]
    assert [row.split()[1] for row in rows[:4]] == ["0-12", "12-26", "26-34", "34-42"]
    assert [row.split()[3] for row in rows[:4]] == ["6", "3", "2", "2"]
    assert all(row.endswith("unknown") for row in rows[:4]) and "holds no report yet" in rows[4]
    run_dir.mkdir()
    (run_dir / "stats.jsonl").write_text(json.dumps({"nimg": 4, "img_per_s": 0.01}) + "\n")
    show_plan(experiment, samples, run_dir, num_processes=1)
    rows = capsys.readouterr().err.splitlines()[1:6]
    assert [row.split()[-1] for row in rows[:4]] == ["0.33", "0.39", "0.22", "0.22"]  # images / 0.01 / 3600
    assert rows[4].startswith("hours: 1.17 at 0.01 img/s, the last report in ")
