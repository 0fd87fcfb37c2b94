"""Layers on images in blocks of channels give the results and gradients that they give on [N, C, H, W]."""

from functools import partial

import jittor as jt
import numpy as np
import pytest

from helpers.cuda_on_cpu import emulate
from jittor_tsit.kernels import backend
from jittor_tsit.layers.attention import SelfAttention
from jittor_tsit.layers.basic import Conv, OutputConv, flatten
from jittor_tsit.layers.conv_of_pair import PairConv
from jittor_tsit.layers.conv_of_upsampled import UpsampleConv
from jittor_tsit.layers.image_layouts import (
    BlockedImage,
    activate,
    all_values,
    nchw_layout,
    to_fast_layout,
    to_layout_of,
    to_nchw,
)
from jittor_tsit.layers.norm import BatchNorm, InstanceNorm, fadain, instance_norm, normalize
from jittor_tsit.layers.residual_blocks import FADEBlock, SPADEBlock, StreamBlock
from jittor_tsit.layers.resize import downsample2x, resize_nearest, upsample2x
from jittor_tsit.layers.spectral_conv import SpectralConv, conv_norm_act

pytestmark = [
    pytest.mark.processors,
    pytest.mark.skipif(not backend.context.block, reason="this processor has no layout of blocks"),
]

SHAPE = (2, 19, 6, 10)  # two samples, a full block of channels and a part of one, rows unlike columns
DEEP = (2, 32, 4, 6)


def modulated(norm, x, gamma, beta, slope=1.0):
    maps = gamma, beta
    if isinstance(x, BlockedImage):
        maps = (BlockedImage(jt.concat([gamma.blocks, beta.blocks], 1), 0),)
    return normalize(*norm.moments(x), *maps, slope=slope)


# name -> function of images, shapes of the images
CASES = {
    "instance norm": (instance_norm, SHAPE),
    "instance norm, active": (partial(instance_norm, slope=0.2), SHAPE),
    "batch norm": (BatchNorm(19), SHAPE),
    "modulated by instance": (partial(modulated, InstanceNorm(19)), SHAPE, SHAPE, SHAPE),
    "modulated by batch, active": (partial(modulated, BatchNorm(19), slope=0.2), SHAPE, SHAPE, SHAPE),
    "fadain": (fadain, SHAPE, (2, 19, 3, 5)),
    "fadain, half": (partial(fadain, alpha=0.5), SHAPE, SHAPE),
    "leaky relu": (partial(activate, slope=0.2), SHAPE),
    "relu": (partial(activate, slope=0.0), SHAPE),
    "upsampling": (upsample2x, SHAPE),
    "downsampling": (downsample2x, SHAPE),
    "nearest": (partial(resize_nearest, height=3, width=4), SHAPE),
    "sum": (lambda x, y: x + y, SHAPE, SHAPE),
    "sum of two layouts": (lambda x, y: x + to_nchw(y), SHAPE, SHAPE),
    "rows": (flatten, SHAPE),
    "values": (all_values, SHAPE),
    "few values": (lambda x: all_values(x).sqr().sum(), DEEP),
    "convolution": (Conv(19, 7, 3, padding=1), SHAPE),
    "last convolution": (OutputConv(19, 7, 3, padding=1), SHAPE),
    "last convolution, upsampled": (UpsampleConv(19, 3), SHAPE),
    "attention": (SelfAttention(32), DEEP),
    "stream block": (StreamBlock(32, 19), DEEP),
    "FADE block": (FADEBlock(32, 19, BatchNorm), DEEP, DEEP),
    "FADE block of part of a layout's block": (FADEBlock(19, 32, BatchNorm), SHAPE, SHAPE),
    "SPADE block": (SPADEBlock(32, 19, 5, BatchNorm), DEEP, (2, 5, 8, 12)),
}


# These cases have CUDA kernels of their own, for images in [N, C, H, W].
ON_A_GPU = [name for name in CASES if "norm" in name or "modulated" in name or "fadain" in name or "block" in name]


def derivatives(function, arrays, parameters, convert):
    """Return the output, and the gradients of a weighted sum of its values by images and parameters."""
    images = [jt.array(array) for array in arrays]
    y = to_nchw(function(*(convert(image) for image in images)))
    weights = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
    return [y, *jt.grad((y * jt.array(weights)).sum(), [*images, *parameters])]


@pytest.mark.parametrize("name", CASES)
def test_blocked_images_give_the_results_of_nchw_images(rng, name):
    compare(rng, *CASES[name])


@pytest.mark.parametrize("name", ON_A_GPU)
def test_cuda_kernels_give_the_results_of_jittors_operators(rng, monkeypatch, name):
    emulate(monkeypatch)
    compare(rng, *CASES[name])


def compare(rng, function, *shapes):
    """Fail unless kernels and Jittor's operators give the same results and gradients."""
    arrays = [(rng.standard_normal(shape) * 1.5 + 0.5).astype(np.float32) for shape in shapes]
    parameters, before = [], []
    if isinstance(function, jt.Module):
        parameters = [var for var in function.parameters() if not var.is_stop_grad()]
        before = [(var, var.numpy().copy()) for var in function.state_dict().values()]
    ours = [var.numpy() for var in derivatives(function, arrays, parameters, to_fast_layout)]
    for var, value in before:  # running statistics and singular vectors
        var.update(jt.array(value))
    jt.sync_all()  # Jittor 1.3.11 cannot fuse a pending jt.array into a broadcast
    with nchw_layout():
        theirs = [var.numpy() for var in derivatives(function, arrays, parameters, lambda x: x)]
    for a, b in zip(ours, theirs):
        # Measured: 5e-7 for single layers, 4e-6 for blocks, whose sums have 1152 products. The constant is for biases
        # in front of a normalisation, whose gradient is 0 and is computed as up to 1.5e-5.
        np.testing.assert_allclose(a, b, rtol=0, atol=3e-5 * np.abs(b).max() + 5e-5)


def test_the_moments_of_an_image_are_computed_once(rng):
    image = to_fast_layout(jt.array(rng.standard_normal(SHAPE).astype(np.float32)))
    assert all(first is second for first, second in zip(image.moments(), image.moments()))


def test_moments_alone_have_a_gradient(rng):
    x = jt.array(rng.standard_normal(SHAPE).astype(np.float32))
    mean, var = to_fast_layout(x).moments()
    gradient = jt.grad((3 * mean).sum(), x).numpy()
    np.testing.assert_allclose(gradient, np.full(SHAPE, 3 / 60), rtol=1e-5)
    centred = x.numpy() - x.numpy().mean((2, 3), keepdims=True)
    np.testing.assert_allclose(jt.grad(var.sum(), x).numpy(), 2 / 60 * centred, rtol=1e-3, atol=1e-6)


def test_the_variance_is_exact_for_a_channel_whose_mean_is_large(rng):
    x = (rng.standard_normal((1, 17, 3, 4)) * 0.01 + 100).astype(np.float32)
    _, var = to_fast_layout(jt.array(x)).moments()
    np.testing.assert_allclose(var.numpy()[..., 0, 0], x.astype(np.float64).var((2, 3)), rtol=1e-3)


def test_a_second_order_gradient_needs_the_nchw_layout(rng):
    x = jt.array(rng.standard_normal(SHAPE).astype(np.float32))

    def penalty():
        return jt.grad(to_nchw(instance_norm(to_fast_layout(x), 0.2)).sqr().sum(), x).sqr().sum()

    with pytest.raises(RuntimeError, match="layout"):
        jt.grad(penalty(), x)
    with nchw_layout():
        assert np.isfinite(jt.grad(penalty(), x).numpy()).all()


def test_the_nchw_layout_ends_after_an_exception():
    with pytest.raises(ZeroDivisionError), nchw_layout():
        raise ZeroDivisionError
    assert isinstance(to_fast_layout(jt.ones(SHAPE)), BlockedImage)


def test_layers_convert_images_where_that_is_faster():
    x = jt.ones(DEEP)
    attention, blocked = SelfAttention(DEEP[1]), to_fast_layout(x)
    faster = [
        conv_norm_act(SpectralConv(DEEP[1], 8, 3, padding=1), x),
        fadain(x, x),
        StreamBlock(DEEP[1], 19)(x),
        FADEBlock(DEEP[1], 19, BatchNorm)(x, x),
        SPADEBlock(DEEP[1], 19, 5, BatchNorm)(x, jt.ones(2, 5, 8, 12)),
        PairConv(35, 8, 4, stride=2, padding=2)(x[:, :3], 0.2, x),
        attention(blocked),
    ]
    assert all(isinstance(image, BlockedImage) for image in faster)
    last = attention(x), OutputConv(DEEP[1], 3, 3)(blocked), UpsampleConv(DEEP[1], 3)(blocked), flatten(blocked)
    assert all(isinstance(image, jt.Var) for image in last)


def test_an_image_with_few_channels_is_blocked_only_beside_a_blocked_one():
    few, many = jt.ones(1, 3, 4, 4), to_fast_layout(jt.ones(1, 8, 4, 4))
    assert to_fast_layout(few) is few
    assert isinstance(to_layout_of(few, many), BlockedImage) and to_layout_of(many, few).shape == [1, 8, 4, 4]
