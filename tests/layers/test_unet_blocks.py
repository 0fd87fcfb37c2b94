"""Averages merged into convolutions, and the blocks of a U-Net against the same written with Jittor's operators."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.layers.conv_and_average import conv2d_and_average
from jittor_tsit.layers.image_layouts import to_fast_layout, to_nchw
from jittor_tsit.layers.resize import average2x, upsample2x
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.layers.unet_blocks import DownBlock, UpBlock

NEAR = 1e-5  # of the largest value: sums of up to 300 products, some of them summed before they are multiplied


def drawn(rng, *shape):
    return jt.array(rng.standard_normal(shape).astype(np.float32))


def assert_near(ours, theirs):
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=0, atol=NEAR * np.abs(theirs.numpy()).max())


@pytest.mark.parametrize("channels, k", [(3, 3), (19, 3), (19, 1)])
def test_the_convolution_is_averaged(rng, channels, k):
    x, weight, bias = drawn(rng, 2, channels, 6, 10), drawn(rng, 4, channels, k, k), drawn(rng, 4)
    judge = drawn(rng, 2, 4, 3, 5)
    expected = average2x(jt.nn.conv2d(x, weight, bias, padding=k // 2))
    found = to_nchw(conv2d_and_average(to_fast_layout(x), weight, bias))
    ours, theirs = ([y, *jt.grad((y * judge).sum(), [x, weight, bias])] for y in (found, expected))
    for a, b in zip(ours, theirs):
        assert_near(a, b)


def conv(layer, x):
    return jt.nn.conv2d(x, layer.normalized_weight(), layer.bias, padding=layer.padding)


def active(x):
    return jt.nn.leaky_relu(x, 0.2)


def move_biases(rng, block):
    for layer in (block.conv0, block.conv1, block.conv_skip):
        layer.bias.update(drawn(rng, *layer.bias.shape))


@pytest.mark.parametrize("is_first", [True, False])
def test_a_block_on_the_way_down(rng, is_first):
    x, block = drawn(rng, 2, 3 if is_first else 6, 8, 4), DownBlock(3 if is_first else 6, 9, not is_first)
    move_biases(rng, block)
    with evaluating(block):
        y = conv(block.conv1, active(conv(block.conv0, x if is_first else active(x))))
        assert_near(to_nchw(block(to_fast_layout(x))), average2x(y + conv(block.conv_skip, x)))


@pytest.mark.parametrize("channels", [(6,), (6, 3), (3, 17)])
def test_a_block_on_the_way_up(rng, channels):
    parts, block = [drawn(rng, 2, count, 4, 2) for count in channels], UpBlock(channels, 5)
    move_biases(rng, block)
    with evaluating(block):
        x = upsample2x(jt.concat(parts, 1))
        expected = conv(block.conv1, active(conv(block.conv0, active(x)))) + conv(block.conv_skip, x)
        assert_near(to_nchw(block(*map(to_fast_layout, parts))), expected)
