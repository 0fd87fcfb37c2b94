"""Old checkpoints are deleted and what kills leave behind is removed, never what a run may still need."""

import os
import subprocess
import sys
import time

import pytest

from data_tools.basics.errors import InputError
from helpers.checkpoint_files import flip, make, save_two
from jittor_tsit.runs.checkpoint import (
    BEST,
    check_checkpoint,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_newest,
    save_checkpoint,
)
from jittor_tsit.runs.pruning import prune, remove_partial_files


def test_pruning_keeps_the_newest(tmp_path):
    for nimg in (10, 20, 30):
        save_checkpoint(checkpoint_path(tmp_path, nimg), make(nimg=nimg))
    prune(checkpoint_path(tmp_path, 30), keep=2)
    assert checkpoint_paths(tmp_path) == [checkpoint_path(tmp_path, 20), checkpoint_path(tmp_path, 30)]


def test_pruning_does_not_take_a_damaged_file_for_the_newest(tmp_path):
    save_two(tmp_path)
    checkpoint_path(tmp_path, 30).write_bytes(b"damaged")
    prune(checkpoint_path(tmp_path, 20), keep=1)
    assert load_newest(tmp_path, print).progress.nimg == 20


@pytest.mark.parametrize("keep", [1, 2])
def test_the_checkpoint_just_saved_stays_whatever_lies_beside_it(tmp_path, keep):
    """A later one may be whole by its header and damaged within, as after a loss of power: it is no newest."""
    for nimg in (10, 20, 30, 40):
        save_checkpoint(checkpoint_path(tmp_path, nimg), make(nimg=nimg))
    for nimg in (30, 40):
        flip(checkpoint_path(tmp_path, nimg), -1)
    prune(checkpoint_path(tmp_path, 20), keep)
    there = [checkpoint_path(tmp_path, nimg) for nimg in (10, 20, 30, 40)]
    assert checkpoint_paths(tmp_path) == there[2 - keep :]
    check_checkpoint(checkpoint_path(tmp_path, 20))


@pytest.mark.parametrize("count", [1, 3])
def test_of_fewer_checkpoints_than_are_kept_none_is_deleted(tmp_path, count):
    paths = [checkpoint_path(tmp_path, nimg) for nimg in range(10, 10 + count)]
    for path in paths:
        save_checkpoint(path, make())
        for keep in (count, count + 1, count + 2, 10):
            prune(path, keep)
    assert checkpoint_paths(tmp_path) == paths


def test_pruning_counts_no_file_that_was_cut_short(tmp_path):
    for nimg in (10, 20, 30):
        save_checkpoint(checkpoint_path(tmp_path, nimg), make(nimg=nimg))
    cut = checkpoint_path(tmp_path, 20)
    cut.write_bytes(cut.read_bytes()[:-1])
    prune(checkpoint_path(tmp_path, 30), keep=2)
    assert checkpoint_paths(tmp_path) == [checkpoint_path(tmp_path, nimg) for nimg in (10, 20, 30)]


def test_nothing_is_deleted_when_the_newest_is_not_what_was_written(tmp_path):
    newest = save_two(tmp_path)
    flip(newest, -1)
    with pytest.raises(InputError, match="damaged"):
        prune(newest, keep=1)
    assert checkpoint_path(tmp_path, 10).exists()


def test_pruning_does_not_look_at_the_best(tmp_path):
    newest = save_two(tmp_path)
    os.link(checkpoint_path(tmp_path, 10), tmp_path / BEST)
    prune(newest, keep=1)
    assert load_checkpoint(tmp_path / BEST).progress.nimg == 10


def test_the_rest_of_a_killed_save_is_removed(tmp_path):
    save_checkpoint(checkpoint_path(tmp_path, 10), make())
    for name in ("state-000000020.part", "best.part", ".123-456.tmp"):
        (tmp_path / name).write_bytes(b"half")
    remove_partial_files(tmp_path)
    assert os.listdir(tmp_path) == [checkpoint_path(tmp_path, 10).name]


SAVING = """
import sys
from pathlib import Path
import numpy as np
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, checkpoint_path, save_checkpoint
arrays = {"G.weight": np.ones(25_000_000, np.float32)}  # a moment's work
for nimg in range(1, 1000):
    save_checkpoint(checkpoint_path(Path(sys.argv[1]), 1), Checkpoint(arrays, Progress(1, 1), {}))
"""


def test_a_save_that_is_killed_leaves_the_file_before_and_what_is_known_for_a_rest(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", SAVING, str(tmp_path)])
    path, deadline = checkpoint_path(tmp_path, 1), time.time() + 60
    while not (path.exists() and len(os.listdir(tmp_path)) > 1):
        assert process.poll() is None and time.time() < deadline
        time.sleep(0.001)
    process.kill()
    process.wait()
    check_checkpoint(path)
    remove_partial_files(tmp_path)
    assert os.listdir(tmp_path) == [path.name]
