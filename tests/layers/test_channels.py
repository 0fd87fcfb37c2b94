"""Values of channels at every pixel."""

import jittor as jt
import numpy as np

from jittor_tsit.layers.channels import by_channel
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.norm import AffineBatchNorm

# Rows of 512, then 2 x 384 of them: 1,280 additions, whose roundings of 2^-24 have deviation sqrt(1280) * 2^-24 / 2 of
# the sum: 1e-6; four times that. One sum after the other over all 393,216 has 1.9e-5, and 9e-6 was seen.
RTOL = 4e-6


def total_of(grad):
    """Sum over all but the channels, in float64."""
    return grad.astype(np.float64).sum((0, 2, 3))


def test_a_channels_value_stands_at_every_pixel():
    y = by_channel(jt.array(np.float32([2, 3])), jt.zeros(2, 2, 3, 5)).numpy()
    assert y.shape == (2, 2, 3, 5) and (y[:, 0] == 2).all() and (y[:, 1] == 3).all()


def test_gradients_of_biases_and_scales_keep_their_digits_on_large_images(rng):
    x = rng.standard_normal((2, 4, 384, 512)).astype(np.float32)
    grad = rng.uniform(0, 1, x.shape).astype(np.float32)
    weight, bias, norm = jt.array(rng.standard_normal((4, 4, 1, 1)).astype(np.float32)), jt.zeros(4), AffineBatchNorm(4)
    layers = {"bias of a convolution": (conv2d(jt.array(x), weight, bias), bias)}
    layers["shift of a batch norm"] = (norm(jt.array(x)), norm.bias)
    for name, (y, parameter) in layers.items():
        ours = jt.grad((y * jt.array(grad)).sum(), parameter).numpy()
        np.testing.assert_allclose(ours, total_of(grad), rtol=RTOL, err_msg=name)
