"""CycleGAN's dropout, which its official code has as an option."""

import dataclasses

import jittor as jt
import numpy as np

from helpers.tiny import CONFIGS, HEIGHT, NUM_CLASSES, WIDTH, make_batch, make_system
from jittor_tsit.layers.norm import InstanceNorm
from jittor_tsit.layers.resize import reflect_pad
from jittor_tsit.networks.resnet import ResNetBlock
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.draws import Noise, initial_draws


def test_dropout_stands_between_a_blocks_convolutions(rng):
    block = ResNetBlock(4, InstanceNorm)
    x, draw = (rng.standard_normal((2, 4, 8, 8)).astype(np.float32) for _ in range(2))
    middle = np.maximum(block.norm0(block.conv0(reflect_pad(jt.array(x), 1))).numpy(), 0)
    kept = jt.array((middle * (draw > 0) * 2).astype(np.float32))
    expected = x + block.norm1(block.conv1(reflect_pad(kept, 1))).numpy()
    np.testing.assert_allclose(block(jt.array(x), jt.array(draw)).numpy(), expected, rtol=1e-4, atol=1e-6)


def make_dropping(training_mode_at_test):
    config = dataclasses.replace(CONFIGS["cyclegan-dropout"], training_mode_at_test=training_mode_at_test)
    with initial_draws(0):
        system = SYSTEMS["cyclegan"](config, NUM_CLASSES, HEIGHT, WIDTH, seed=0)
        system.prepare_training(terms=())
    return system


def test_dropout_is_drawn_in_training_for_the_image_and_not_for_the_moment():
    plain, dropping = make_system("cyclegan"), make_system("cyclegan-dropout")
    batch = make_batch(plain)
    terms = []
    for system in (plain, dropping, dropping):
        system.fakes = []
        terms.append({name: term.item() for name, term in system.generator_terms(batch).items()})
    assert all(terms[0][name] != value for name, value in terms[1].items())
    assert terms[1] == terms[2]


def test_dropout_stays_on_at_test_in_training_mode_alone():
    plain, dropping, evaluating = make_system("cyclegan"), make_dropping(True), make_dropping(False)
    batch = make_batch(plain)
    first, again, other = (dropping.generate(batch, Noise(seed)).numpy() for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3 and dropping.is_random_at_test(has_references=False)
    images = [system.generate(batch, Noise(0)).numpy() for system in (plain, evaluating)]
    np.testing.assert_array_equal(*images)
    assert not evaluating.is_random_at_test(has_references=False) and not plain.is_random_at_test(has_references=False)
