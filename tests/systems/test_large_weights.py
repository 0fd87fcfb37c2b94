"""Training from weights that make large activations, as official models trained with init_variance 1.0 have them."""

import re

import jittor as jt
import numpy as np
import pytest

from helpers.tiny import SIZES, make_batch, make_system
from jittor_tsit.optim import trainable
from jittor_tsit.training.guard import Guard

NUM_STEPS = dict.fromkeys(("tsit", "spade", "pix2pix", "cyclegan", "bicyclegan", "unit", "stargan"), 50)
NUM_STEPS["tsit-ast"] = 12  # each takes as long as five of TSIT's: attention, cycle and gradient penalty

LAST = re.compile(r"(conv_image|ups\.0)\.weight$")  # what makes the image, in front of tanh
AT_OFFICIAL_WIDTH = 32  # times as many channels add up in a pixel


def large_arrays(system):
    """Weights of all networks from N(0, 1), by name; the pixels in front of tanh are hundreds."""
    rng = np.random.default_rng(0)
    arrays = {}
    for network, net in system.networks.items():
        for name, var in trainable(net).items():
            if len(var.shape) > 1 and network != "G_ema":
                scale = AT_OFFICIAL_WIDTH if LAST.search(name) else 1
                arrays[f"{network}.{name}"] = scale * rng.standard_normal(var.shape).astype(np.float32)
    return arrays


@pytest.mark.slow
@pytest.mark.parametrize("name", NUM_STEPS)
def test_steps_from_large_weights_stay_finite(name):
    size = SIZES[name.partition("-")[0]]
    system = make_system(name, size=size)
    system.put_arrays(large_arrays(system))
    batch, guard = make_batch(system, 1, True, *size), Guard(system, "stop")
    for step in range(NUM_STEPS[name]):
        system.updates = []
        system.train_step([batch], step)
        guard.check_step(step + 1)  # names a loss term or gradient that is not finite
        jt.sync_all()
    for name, var in system.state_dict().items():
        assert np.isfinite(var.numpy()).all(), name
