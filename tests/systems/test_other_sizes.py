"""TSIT and SPADE train on images of another size than the one they were built for, as phases with sizes do."""

import numpy as np
import pytest

from helpers.tiny import executing, make_batch, make_system
from jittor_tsit.optim import trainable


@pytest.mark.parametrize(
    "name, built, trained",
    [("tsit-map", (128, 256), (256, 256)), ("spade-vae", (64, 128), (128, 128))],  # E's code is made for 1 x 2 features
)
def test_a_step_at_another_size_moves_every_parameter(name, built, trained):
    system = make_system(name, size=built)
    nets = list(system.networks.values())
    before = [{key: var.numpy().copy() for key, var in trainable(net).items()} for net in nets]
    with executing(name):
        terms = system.train_step([make_batch(system, height=trained[0], width=trained[1])], 0)
        assert all(np.isfinite(term.numpy()).all() for term in terms.values())
    for net, old in zip(nets, before):
        for key, var in trainable(net).items():
            assert not np.array_equal(var.numpy(), old[key]), key
