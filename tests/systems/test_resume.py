"""Every system and every variant of one goes on after a resume as if nothing had been, bit for bit."""

import jittor as jt
import numpy as np
import pytest

from helpers.tiny import ALL_CONFIGS, executing, make_batch, make_system
from jittor_tsit.optim import Adam

SIZE = 2  # images of a step, so that a pool of SimGAN keeps one and gives an older one


def train(system, name, first, last):
    """Steps `first` to `last` on images of their own."""
    with executing(name):
        for step in range(first, last):
            batch = make_batch(system, SIZE, first=step * SIZE)
            system.train_step([batch], step)
            system.update_average(SIZE, (step + 1) * SIZE)
            jt.sync_all()


def arrays_of(system):
    return {name: var.numpy().copy() for name, var in system.state_dict().items()}


def updates_of(system):
    """How often each Adam has been used; SGD does not ask."""
    return {name: each.num_steps for name, each in system.optimizers.items() if isinstance(each, Adam)}


@pytest.mark.parametrize("name", ALL_CONFIGS)
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(name):
    whole = make_system(name)
    stop = sum(whole.cycle) + 1  # each network has been updated, and the schedule is not at its start
    train(whole, name, 0, stop)
    kept = arrays_of(whole)
    resumed = make_system(name, seed=7)
    resumed.load_state_dict(kept, num_steps=stop)
    for system in (whole, resumed):
        train(system, name, stop, stop + sum(whole.cycle))
    assert updates_of(whole) == updates_of(resumed)
    ours, others = arrays_of(resumed), arrays_of(whole)
    assert set(ours) == set(others) and not all(np.array_equal(others[key], kept[key]) for key in kept)
    for key, array in others.items():
        np.testing.assert_array_equal(ours[key], array, err_msg=key)
