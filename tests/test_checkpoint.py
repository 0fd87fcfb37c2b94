"""Checkpoints: whole or not at all, and every fault named."""

import os

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save_file

from data_tools.errors import InputError
from jittor_tsit.training import checkpoint as module
from jittor_tsit.training.checkpoint import (
    Checkpoint,
    Progress,
    check_arrays,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_newest,
    prune,
    remove_torsos,
    save_checkpoint,
)


def make(value=1.0, nimg=10):
    arrays = {"G.weight": np.full((2, 3), value, np.float32), "G_ema.weight": np.zeros(4, np.float32)}
    return Checkpoint(arrays, Progress(nimg, nimg // 2), {"system": "tsit", "config": {"width": 2}})


def test_what_is_saved_is_loaded(tmp_path):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    loaded = load_checkpoint(path)
    assert loaded.progress == Progress(10, 5) and loaded.experiment == make().experiment
    np.testing.assert_array_equal(loaded.arrays["G.weight"], make().arrays["G.weight"])
    assert os.listdir(tmp_path) == [path.name]


def test_a_part_can_be_loaded_alone(tmp_path):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    assert set(load_checkpoint(path, ("G_ema.",)).arrays) == {"G_ema.weight"}


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 50, 200, -1])
def test_a_file_that_was_cut_short_is_refused(tmp_path, kept):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=f"{path.name}: cut short or not a checkpoint"):
        load_checkpoint(path)


def test_files_of_other_kinds_are_refused(tmp_path):
    stranger = tmp_path / "other.safetensors"
    save_file({"x": np.zeros(1)}, stranger)
    with pytest.raises(InputError, match="not a checkpoint of train"):
        load_checkpoint(stranger)
    with pytest.raises(InputError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "absent.safetensors")


def test_a_damaged_newest_file_is_passed_over_and_kept(tmp_path):
    for nimg in (10, 20):
        save_checkpoint(checkpoint_path(tmp_path, nimg), make(nimg=nimg))
    newest = checkpoint_path(tmp_path, 20)
    newest.write_bytes(newest.read_bytes()[:100])
    warnings = []
    assert load_newest(tmp_path, warnings.append).progress.nimg == 10
    assert len(warnings) == 1 and newest.name in warnings[0]
    assert newest.exists()


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make(1.0))

    def fail(path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(module, "_flush", fail)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, make(2.0))
    assert load_checkpoint(path).arrays["G.weight"][0, 0] == 1.0
    assert os.listdir(tmp_path) == [path.name]


def test_a_full_disk_is_an_os_error_that_names_the_file(tmp_path, monkeypatch):
    def fail(*arguments):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(module, "save_file", fail)
    with pytest.raises(OSError, match="state-000000010.safetensors: cannot be written.*No space left"):
        save_checkpoint(checkpoint_path(tmp_path, 10), make())


def test_pruning_keeps_the_newest(tmp_path):
    for nimg in (10, 20, 30):
        save_checkpoint(checkpoint_path(tmp_path, nimg), make(nimg=nimg))
    prune(checkpoint_path(tmp_path, 30), keep=2)
    assert checkpoint_paths(tmp_path) == [checkpoint_path(tmp_path, 20), checkpoint_path(tmp_path, 30)]


def test_pruning_does_not_take_a_damaged_file_for_the_newest(tmp_path):
    for nimg in (10, 20):
        save_checkpoint(checkpoint_path(tmp_path, nimg), make(nimg=nimg))
    checkpoint_path(tmp_path, 30).write_bytes(b"damaged")
    prune(checkpoint_path(tmp_path, 20), keep=1)
    assert load_newest(tmp_path, print).progress.nimg == 20


def test_nothing_but_damaged_files_is_an_error_and_no_new_start(tmp_path):
    assert load_newest(tmp_path, print) is None
    checkpoint_path(tmp_path, 10).write_bytes(b"damaged")
    with pytest.raises(InputError, match="none of its 1 checkpoints can be read"):
        load_newest(tmp_path, print)


def test_the_rest_of_a_killed_save_is_removed(tmp_path):
    save_checkpoint(checkpoint_path(tmp_path, 10), make())
    checkpoint_path(tmp_path, 20).with_suffix(".part").write_bytes(b"half")
    remove_torsos(tmp_path)
    assert os.listdir(tmp_path) == [checkpoint_path(tmp_path, 10).name]


@pytest.mark.parametrize("wanted, message", [
    ({"a": (2,), "b": (1,)}, "lacks b"),
    ({}, "has a, which this model lacks"),
    ({"a": (3,)}, r"a has shape \(2,\), not \(3,\)"),
])  # fmt: skip
def test_a_checkpoint_of_another_configuration_is_refused(tmp_path, wanted, message):
    with pytest.raises(InputError, match=message):
        check_arrays(tmp_path, {"a": np.zeros(2)}, wanted)


@pytest.mark.parametrize(
    "progress, experiment",
    [
        ("{", "{}"),
        ('{"nimg": 1}', "{}"),
        ('{"nimg": 1, "num_steps": -1}', "{}"),
        ('{"nimg": 1, "num_steps": 1.5}', "{}"),
        ("[1, 2]", "{}"),
        ('{"nimg": 1, "num_steps": 1}', "[]"),
        ('{"nimg": 1, "num_steps": 1}', "[" * 100_000),
        ('{"nimg": 1, "num_steps": 1}', None),
    ],
)
def test_a_damaged_header_is_refused(tmp_path, progress, experiment):
    metadata = {"format": module.FORMAT, "progress": progress, "experiment": experiment}
    path = checkpoint_path(tmp_path, 1)
    save_file({}, path, {name: text for name, text in metadata.items() if text is not None})
    with pytest.raises(InputError, match="state-000000001.safetensors: a checkpoint whose header is damaged"):
        load_checkpoint(path)
