"""Training from weights that make large activations, as official models trained with init_variance 1.0 have them."""

import re

import jittor as jt
import numpy as np
import pytest

from helpers.tiny import make_batch, make_system
from jittor_tsit.optim import trainable
from jittor_tsit.training.guard import Guard

NAMES = ("tsit", "tsit-ast", "spade", "pix2pix", "cyclegan", "bicyclegan", "unit", "stargan")


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
@pytest.mark.parametrize("name", NAMES)
def test_fifty_steps_from_large_weights_stay_finite(name):
    system = make_system(name)
    system.put_arrays(large_arrays(system))
    batch, guard = make_batch(system), Guard(system, "stop")
    for step in range(50):
        system.updates = []
        system.train_step([batch], step)
        guard.check_step(step + 1)  # names a loss term or gradient that is not finite
        jt.sync_all()
    for name, var in system.state_dict().items():
        assert np.isfinite(var.numpy()).all(), name
