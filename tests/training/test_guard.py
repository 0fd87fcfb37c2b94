"""Losses and gradients that are not finite: the step, the term and the parameter are named, and nothing is spoiled."""

import dataclasses
import json

import jittor as jt
import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.rendering.write_set import write_set
from helpers.tiny import HEIGHT, WIDTH, make_batch, make_experiment, make_system, train_once
from jittor_tsit.config.overrides import override
from jittor_tsit.data.batches import LabelledBatch
from jittor_tsit.runs.checkpoint import checkpoint_paths, load_checkpoint
from jittor_tsit.runs.log import NonFiniteLoss
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.tsit import TSITSystem
from jittor_tsit.training import guard, session
from jittor_tsit.training.guard import Guard


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Four rendered pairs."""
    root = tmp_path_factory.mktemp("set")
    write_set(root, 4, 0, WIDTH, HEIGHT)
    return root


def arrays_of(system):
    return {name: var.numpy().copy() for name, var in system.state_dict().items()}


def spoiled(batch):
    """A batch whose images are not numbers."""
    if isinstance(batch, LabelledBatch):
        return dataclasses.replace(batch, sets=tuple(spoiled(each) for each in batch.sets))
    images = {name: getattr(batch, name, None) for name in ("image", "a", "b", "other")}
    bad = {name: jt.full(image.shape, float("nan")) for name, image in images.items() if image is not None}
    return dataclasses.replace(batch, **bad)


def spoil_batches(monkeypatch, bad_steps):
    """Gives the list of the steps that are begun from now on."""
    step, begun = TSITSystem.train_step, []

    def train_step(self, parts, number):
        begun.append(number)
        return step(self, [spoiled(part) for part in parts] if number in bad_steps else parts, number)

    monkeypatch.setattr(TSITSystem, "train_step", lambda self, parts, step: train_step(self, parts, step))
    return begun


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_step_that_is_taken_back_leaves_no_trace(name):
    system, batch = make_system(name), make_batch(make_system(name, is_training=False))
    train_once(system, [batch])  # so that moments and pools are not empty
    before = arrays_of(system)
    keeper = Guard(system, "skip")
    system.updates = []
    keeper.begin_step()
    train_once(system, [spoiled(batch)])
    changed = [key for key, array in arrays_of(system).items() if not np.array_equal(before[key], array)]
    assert keeper.check_step(2).startswith("the loss term ") and len(changed) > len(before) / 2
    for key, array in arrays_of(system).items():
        np.testing.assert_array_equal(array, before[key], err_msg=key)
    system.updates = []
    keeper.begin_step()
    train_once(system, [batch])
    assert keeper.check_step(3) == ""  # and what follows is sound
    assert not any(np.array_equal(before[key], arrays_of(system)[key]) for key in changed if key.endswith(".weight"))


def test_a_loss_is_found_in_its_step_however_rare_the_reports_are(root, tmp_path, monkeypatch):
    begun = spoil_batches(monkeypatch, {1})
    with pytest.raises(NonFiniteLoss, match="the loss term G/gan is not finite in the step that ends with image 2 "):
        session.run_training(make_experiment(root, status_nimg=100, snapshot_nimg=100), tmp_path)
    assert begun == [0, 1]


@pytest.mark.parametrize("optimizer, name", [("G", "G.conv_image.bias"), ("D", "D.scales.1.conv_logits.weight")])
def test_a_gradient_is_named_with_its_parameter_although_the_loss_is_finite(optimizer, name, monkeypatch):
    system = make_system("tsit")
    gradients = system.optimizers[optimizer].gradients

    def spoil(loss):
        found = gradients(loss)
        key = name if name in found else name.partition(".")[2]
        return {**found, key: jt.full(found[key].shape, float("inf"))}

    monkeypatch.setattr(system.optimizers[optimizer], "gradients", spoil)
    system.train_step([make_batch(system)], 0)
    with pytest.raises(NonFiniteLoss, match=f"the gradient of {name} is not finite in the step that ends with image 1"):
        Guard(system, "stop").check_step(1)


def test_of_a_failing_way_back_the_parameter_nearest_to_the_loss_is_named():
    bad = [guard.Quantity((0, 1), "a"), guard.Quantity((0, 1), "b"), guard.Quantity((1, 0), "c")]
    assert (
        guard.describe_fault(bad, 7)
        == "b is not finite in the step that ends with image 7 (with 2 more terms and gradients)"
    )


def test_skipped_steps_are_counted_and_a_resumed_run_skips_the_same(root, tmp_path, monkeypatch):
    spoil_batches(monkeypatch, {2})
    experiment = make_experiment(root, on_nan="skip")
    assert session.run_training(experiment, tmp_path) == 0
    lines = [json.loads(line) for line in (tmp_path / "stats.jsonl").read_text().splitlines()]
    assert [(line["nimg"], line.get("skipped_steps", 0)) for line in lines] == [(1, 0), (2, 0), (4, 1)]
    assert "image 3 (with" in (tmp_path / "log.txt").read_text()
    first, last = checkpoint_paths(tmp_path)
    whole = load_checkpoint(last).arrays
    assert all(np.isfinite(array).all() for array in whole.values())
    assert not np.array_equal(whole["G.conv_image.weight"], load_checkpoint(first).arrays["G.conv_image.weight"])
    last.unlink()
    assert session.run_training(experiment, tmp_path) == 0
    for name, array in load_checkpoint(last).arrays.items():
        np.testing.assert_array_equal(array, whole[name], err_msg=name)


def test_a_run_that_stopped_may_go_on_with_skipping(root, tmp_path, monkeypatch):
    spoil_batches(monkeypatch, {2})
    with pytest.raises(NonFiniteLoss, match="go on from the last checkpoint with --on-nan skip"):
        session.run_training(make_experiment(root), tmp_path)
    assert session.run_training(make_experiment(root, on_nan="skip"), tmp_path) == 0


def test_too_many_skips_in_a_row_end_the_run(root, tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "MAX_SKIPS", 1)
    spoil_batches(monkeypatch, {0, 2, 3})
    with pytest.raises(NonFiniteLoss, match="image 4 .*, after 1 skipped steps in a row"):
        session.run_training(make_experiment(root, on_nan="skip"), tmp_path)


def test_only_stop_and_skip_are_allowed(root):
    with pytest.raises(InputError, match="on_nan=wait: allowed are stop, skip"):
        override(make_experiment(root), ["on_nan=wait"])
