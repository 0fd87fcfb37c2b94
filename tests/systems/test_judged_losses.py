"""Frozen judges as loss terms of G."""

import dataclasses

import jittor as jt
import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.tiny import CONFIGS, HEIGHT, NUM_CLASSES, WIDTH, make_batch, make_system
from jittor_tsit.losses import lack_of_score
from jittor_tsit.networks.segformer import load_segformer
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, save_checkpoint
from jittor_tsit.systems import system_class
from jittor_tsit.systems.draws import initial_draws


def test_lack_of_score_is_the_formula_by_hand(rng):
    logits = rng.standard_normal((2, 3, 2, 4)).astype(np.float32)
    ids = rng.integers(0, 3, (2, 2, 4))
    segmap = (ids[:, None] == np.arange(3)[:, None, None]).astype(np.float32)
    probability = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    accuracy = np.take_along_axis(probability, ids[:, None], 1).mean((1, 2, 3))
    ours = lack_of_score(jt.array(logits), jt.array(segmap))
    assert ours.item() == pytest.approx(1 - accuracy.mean(), rel=1e-5)
    ours = lack_of_score(jt.array(logits), jt.array(segmap), jt.array([4.0, 7.0]))
    assert ours.item() == pytest.approx(1 - (accuracy * [0.4, 0.7]).mean(), rel=1e-5)


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory):
    """A checkpoint of a segmenter with random weights."""
    path = tmp_path_factory.mktemp("segmenter") / "best.safetensors"
    system = make_system("segformer")
    arrays = {name: var.numpy() for name, var in system.state_dict().items()}
    save_checkpoint(path, Checkpoint(arrays, Progress(0, 0), {}))
    return path


def judged_system(file, num_classes=NUM_CLASSES, config="tsit", **weights):
    config = dataclasses.replace(CONFIGS[config], segmenter=str(file))
    config = dataclasses.replace(config, weights=dataclasses.replace(config.weights, **weights))
    with initial_draws(0):
        system = system_class("tsit", config)(config, num_classes, HEIGHT, WIDTH, seed=0)
        system.prepare_training({name for name, weight in weights.items() if weight})
    return system


def test_a_trained_segmenter_is_loaded_as_it_was(segmenter):
    system = make_system("segformer")
    net = load_segformer(segmenter)
    assert net.num_classes == NUM_CLASSES and not net.is_training()
    ours = {name: var.numpy() for name, var in net.state_dict().items()}
    theirs = {name: var.numpy() for name, var in system.networks["G"].state_dict().items()}
    assert set(ours) == set(theirs)
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)


def test_g_learns_from_the_segmenter_and_the_segmenter_stays(segmenter):
    off = {"gan": 0.0, "feat": 0.0, "kld": 0.0}
    system = judged_system(segmenter, **off, segmenter=1.0, score=1.0)
    before = {name: var.numpy().copy() for name, var in system.segmenter.state_dict().items()}
    weight = system.G.conv_image.weight
    start = weight.numpy().copy()
    terms = system.train_step([make_batch(system)], 0)
    assert 0 < terms["G/segmenter"].item() < 20 and 0.5 < terms["G/score"].item() < 1
    assert not np.array_equal(weight.numpy(), start)
    for name, var in system.segmenter.state_dict().items():
        np.testing.assert_array_equal(var.numpy(), before[name], err_msg=name)


def test_terms_that_weigh_nothing_need_no_segmenter():
    system = judged_system("", segmenter=0.0)
    assert system.segmenter is None


@pytest.mark.parametrize(
    "given, message",
    [
        ({"segmenter": ""}, "segmenter=: weights.segmenter and weights.score need a checkpoint"),
        ({"num_classes": 5}, "best.safetensors: knows 29 classes, the label maps 5"),
        ({"config": "tsit-ast"}, "need label maps, which form=ast does not have"),
    ],
)
def test_segmenters_that_do_not_fit_are_refused(segmenter, given, message):
    with pytest.raises(InputError, match=message):
        judged_system(given.pop("segmenter", segmenter), score=1.0, **given)
