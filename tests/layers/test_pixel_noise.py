"""Noise that is added to features, against NumPy."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.layers.image_layouts import to_fast_layout, to_nchw
from jittor_tsit.layers.pixel_noise import PixelNoise


@pytest.mark.parametrize("channels", [2, 20])  # as [N, C, H, W], and in blocks of channels where oneDNN computes
def test_each_channel_gets_the_noise_times_its_strength(rng, channels):
    layer = PixelNoise(channels)
    x = rng.standard_normal((2, channels, 2, 4)).astype(np.float32)
    noise = rng.standard_normal((2, 1, 4, 8)).astype(np.float32)
    assert (to_nchw(layer(to_fast_layout(jt.array(x)), jt.array(noise))).numpy() == x).all(), "strengths begin at 0"

    strength = rng.standard_normal((1, channels, 1, 1)).astype(np.float32)
    layer.strength.update(jt.array(strength))
    out = to_nchw(layer(to_fast_layout(jt.array(x)), jt.array(noise)))
    np.testing.assert_allclose(out.numpy(), x + strength * noise[:, :, ::2, ::2], rtol=1e-6, atol=1e-6)  # 2 roundings
    gradient = jt.grad(out.sum(), layer.strength).numpy().reshape(-1)
    np.testing.assert_allclose(gradient, noise[:, :, ::2, ::2].sum(), rtol=1e-5)  # a sum of 16 numbers
