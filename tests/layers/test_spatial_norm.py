"""SPADE and FADE against NumPy."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.layers.image_layouts import to_fast_layout, to_nchw
from jittor_tsit.layers.norm import BatchNorm, InstanceNorm
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


def normalized(x, axes=(0, 2, 3)):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)


def modulated(x, layer, guide):
    return normalized(x) * (1 + conv3x3(guide, layer.conv_gamma)) + conv3x3(guide, layer.conv_beta)


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


@pytest.mark.parametrize("channels", [2, 20])  # as [N, C, H, W], and in blocks of channels where oneDNN computes
@pytest.mark.parametrize("norm, axes", [(BatchNorm, (0, 2, 3)), (InstanceNorm, (2, 3))])
def test_a_code_scales_and_shifts_before_the_map_does(rng, norm, axes, channels):
    layer = FADE(channels, norm, z_dim=3)
    randomize(layer, rng)
    x, feat = rng.standard_normal((2, 2, channels, 3, 5)).astype(np.float32)
    code = rng.standard_normal((2, 3)).astype(np.float32)
    gain, shift = np.split(code @ layer.style.linear.weight.numpy().T + layer.style.linear.bias.numpy(), 2, axis=1)
    styled = normalized(x, axes) * (1 + gain[..., None, None]) + shift[..., None, None]
    expected = styled * (1 + conv3x3(feat, layer.conv_gamma)) + conv3x3(feat, layer.conv_beta)
    out = to_nchw(layer(to_fast_layout(jt.array(x)), to_fast_layout(jt.array(feat)), code=jt.array(code))).numpy()
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-3)  # products of sums of 180 products


def test_spades_hidden_layer_has_the_channels_asked_for(rng):
    layer = SPADE(2, 3, BatchNorm, hidden_channels=5)
    assert layer.conv_hidden.weight.shape == [5, 3, 3, 3] and layer.conv_beta.weight.shape == [2, 5, 3, 3]
