"""Every system that keeps averaged weights makes its images by them, and no image by the last weights."""

import dataclasses

import numpy as np
import pytest

from helpers.tiny import CONFIGS, HEIGHT, NUM_CLASSES, WIDTH, make_batch
from jittor_tsit.optim import trainable
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.draws import Noise, initial_draws

KEEPING = [name for name in SYSTEMS if name != "cyclegan"]  # which refuses the option


@pytest.mark.parametrize("name", KEEPING)
def test_images_are_made_by_the_averaged_weights(name):
    optim = dataclasses.replace(CONFIGS[name].optim, ema_halflife_nimg=2.0)
    with initial_draws(0):
        system = SYSTEMS[name](dataclasses.replace(CONFIGS[name], optim=optim), NUM_CLASSES, HEIGHT, WIDTH, seed=0)
        system.prepare_training(terms=())
    batch = make_batch(system, with_image=False)
    made = system.generate(batch, Noise(0)).numpy()
    spoil(system.networks["G"])
    np.testing.assert_array_equal(system.generate(batch, Noise(0)).numpy(), made)
    spoil(system.networks["G_ema"])
    assert not np.array_equal(system.generate(batch, Noise(0)).numpy(), made)


def test_the_average_moves_towards_the_last_weights_by_its_half_life():
    optim = dataclasses.replace(CONFIGS["pix2pix"].optim, ema_halflife_nimg=100.0)
    system = SYSTEMS["pix2pix"](dataclasses.replace(CONFIGS["pix2pix"], optim=optim), NUM_CLASSES, HEIGHT, WIDTH, 0)
    system.prepare_training(terms=())
    G, average = system.networks["G"], system.networks["G_ema"]
    spoil(G)
    key = next(iter(trainable(G)))
    last, before = G.state_dict()[key].numpy(), average.state_dict()[key].numpy()
    system.update_average(batch_size=50, nimg=10_000)  # half a half-life
    expected = last + (before.astype(np.float64) - last) * 0.5**0.5
    np.testing.assert_allclose(average.state_dict()[key].numpy(), expected, rtol=1e-6, atol=1e-8)  # three roundings


def spoil(network):
    """Other weights in place."""
    for var in trainable(network).values():
        var.update(var * 0.5 + 0.01)
        var.sync()
