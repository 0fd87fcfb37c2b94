"""SPADE and FADE against NumPy."""

import jittor as jt
import numpy as np

from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.layers.spatial_norm import FADE, SPADE


def randomize(layer, rng):
    """Weights and biases of order 1, in training mode."""
    for var in layer.parameters():
        if not var.is_stop_grad():
            var.update(jt.array(rng.standard_normal(tuple(var.shape)).astype(np.float32)))
    jt.sync_all()


def conv3x3(x, conv):
    """Convolution with zero padding, summed tap by tap."""
    weight, (height, width) = conv.weight.numpy(), x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    taps = (
        np.einsum("nchw,oc->nohw", padded[:, :, i : i + height, j : j + width], weight[:, :, i, j])
        for i in range(3)
        for j in range(3)
    )
    return sum(taps) + conv.bias.numpy()[:, None, None]


def modulated(x, layer, guide):
    normalized = (x - x.mean((0, 2, 3), keepdims=True)) / np.sqrt(x.var((0, 2, 3), keepdims=True) + 1e-5)
    return normalized * (1 + conv3x3(guide, layer.conv_gamma)) + conv3x3(guide, layer.conv_beta)


def test_spade_takes_scale_and_shift_from_the_resized_label_map(rng):
    layer = SPADE(2, 3, BatchNorm)
    randomize(layer, rng)
    x = rng.standard_normal((2, 2, 3, 5)).astype(np.float32)
    label = rng.integers(0, 3, (2, 6, 15))
    segmap = (label[:, None] == np.arange(3)[:, None, None]).astype(np.float32)
    hidden = np.maximum(conv3x3(segmap[:, :, ::2, ::3], layer.conv_hidden), 0)
    out = layer(jt.array(x), jt.array(segmap)).numpy()
    np.testing.assert_allclose(out, modulated(x, layer, hidden), rtol=1e-4, atol=1e-3)  # sums of 1152 products


def test_fade_takes_scale_and_shift_from_the_features(rng):
    layer = FADE(2, BatchNorm)
    randomize(layer, rng)
    x, feat = rng.standard_normal((2, 2, 2, 3, 5)).astype(np.float32)
    out = layer(jt.array(x), jt.array(feat)).numpy()
    np.testing.assert_allclose(out, modulated(x, layer, feat), rtol=1e-4, atol=1e-5)
