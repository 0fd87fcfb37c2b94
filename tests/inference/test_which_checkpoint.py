"""Which run and which checkpoint `test` takes, and the reason it gives."""

import dataclasses
import json
import os

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.tiny import CONFIGS, make_experiment
from jittor_tsit.inference.which_checkpoint import choose_checkpoint, choose_run
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, checkpoint_path, save_checkpoint


def save(run_dir, system="tsit", nimg=2, time=1, name=None):
    """A checkpoint with one array."""
    run_dir.mkdir(parents=True, exist_ok=True)
    experiment = make_experiment(run_dir)
    experiment = dataclasses.replace(experiment, system=system.partition("-")[0], config=CONFIGS[system])
    path = run_dir / name if name else checkpoint_path(run_dir, nimg)
    arrays = {"G.x": np.zeros(1, np.float32)}
    save_checkpoint(path, Checkpoint(arrays, Progress(nimg, nimg), dataclasses.asdict(experiment)))
    os.utime(path, (time, time))
    return path


def test_runs_that_make_no_images_are_passed_over(tmp_path):
    save(tmp_path / "a", time=1)
    save(tmp_path / "b", time=2)
    save(tmp_path / "judge", "segformer", time=3)
    save(tmp_path / "style", "tsit-ast", time=4)
    run_dir, reason = choose_run(tmp_path)
    assert run_dir == tmp_path / "b"
    assert "passed over, because their models make no images" in reason and "judge" in reason and "style" in reason


def test_without_a_run_a_line_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="holds no run with a checkpoint; run train first, or name one by --run-dir"):
        choose_run(tmp_path / "absent")
    save(tmp_path / "judge", "segformer")
    with pytest.raises(InputError, match="only runs whose models make no images .*judge"):
        choose_run(tmp_path)


def test_the_best_checkpoint_is_taken_where_evaluations_name_one(tmp_path):
    newest = save(tmp_path / "run", nimg=4)
    assert choose_checkpoint(tmp_path / "run").path == newest
    best = save(tmp_path / "run", name="best.safetensors")
    assert choose_checkpoint(tmp_path / "run").path == newest  # no record says of what it is the best
    lines = [{"nimg": nimg, "rank": rank} for nimg, rank in ((2, 0.5), (4, 0.25))]
    (tmp_path / "run/metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    path, reason = choose_checkpoint(tmp_path / "run")
    expected = "the best of 2 evaluations in metrics.jsonl: rank 0.5 after 2 images; the newest is "
    assert path == best and reason == expected + newest.name


def test_a_damaged_best_checkpoint_gives_way_to_the_newest(tmp_path):
    newest = save(tmp_path / "run", nimg=4)
    (tmp_path / "run/best.safetensors").write_bytes(b"cut short")
    (tmp_path / "run/metrics.jsonl").write_text('{"nimg": 2, "rank": 0.5}\n')
    path, reason = choose_checkpoint(tmp_path / "run")
    assert path == newest and "the best cannot be read" in reason
