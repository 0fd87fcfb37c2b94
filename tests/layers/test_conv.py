"""Convolutions by the library's operators against Jittor's own loops, with gradients of first and second order."""

import jittor as jt
import numpy as np
import pytest
from jittor import nn

from jittor_tsit.kernels import backend
from jittor_tsit.layers import conv
from jittor_tsit.layers.conv import conv2d, conv_transpose2d
from jittor_tsit.layers.image_layouts import BlockedImage, to_fast_layout, to_nchw

pytestmark = [
    pytest.mark.processors,
    pytest.mark.skipif(jt.compile_extern.mkl_ops is None, reason="needs oneDNN: Jittor's own loops are used"),
]

# Height and width differ and are odd, so that swapped axes and pixels that a stride leaves out change the result.
CASES = {
    "plain": (dict(stride=1, padding=1, groups=1), (2, 4, 7, 9), (6, 4, 3, 3)),
    "strided": (dict(stride=(2, 3), padding=(2, 1), groups=1), (2, 4, 8, 11), (5, 4, 4, 3)),
    "blocks of channels": (dict(stride=1, padding=1, groups=1), (2, 19, 7, 9), (35, 19, 3, 3)),  # full and not
    "blocks, strided": (dict(stride=(2, 3), padding=(2, 1), groups=1), (2, 16, 8, 11), (5, 16, 4, 3)),
    "depthwise": (dict(stride=1, padding=1, groups=4), (2, 4, 7, 9), (4, 1, 3, 3)),
}


def draws(rng, *shapes):
    return [jt.array(rng.standard_normal(shape).astype(np.float32)) for shape in shapes]


def derivatives(y, x, weight, bias, judges):
    """Return output, gradients, and the gradients of a gradient penalty by x."""
    first = jt.grad((y * judges[0]).sum(), [x, weight, bias])
    second = jt.grad((first[0] * judges[1]).sqr().sum(), [weight, judges[0]])
    return [var.numpy() for var in (y, *first, *second)]


def assert_alike(ours, theirs):
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max())  # sums in another order


@pytest.mark.parametrize("name", CASES)
def test_convolution(rng, name):
    options, *shapes = CASES[name]
    x, weight, bias = draws(rng, *shapes, (shapes[1][0],))
    theirs = nn.conv2d(x, weight, bias, **options)
    judges = draws(rng, theirs.shape, x.shape)
    ours = conv2d(x, weight, bias, **options)
    assert_alike(derivatives(ours, x, weight, bias, judges), derivatives(theirs, x, weight, bias, judges))


def test_an_image_is_converted_once_for_all_convolutions_of_it(rng):
    x, *weights = draws(rng, (2, 19, 5, 7), (4, 19, 3, 3), (6, 19, 1, 1))
    shared = to_fast_layout(x)
    assert isinstance(shared, BlockedImage) == bool(backend.context.block)
    ours, theirs = (sum(to_nchw(conv2d(image, weight)).sqr().sum() for weight in weights) for image in (shared, x))
    np.testing.assert_array_equal(jt.grad(ours, x).numpy(), jt.grad(theirs, x).numpy())


@pytest.mark.parametrize("kernel, output_padding, channels", [(4, 0, 4), (3, 1, 4), (4, 0, 18)])
def test_transposed_convolution(rng, kernel, output_padding, channels):
    x, weight, bias = draws(rng, (2, channels, 5, 7), (channels, 6, kernel, kernel), (6,))
    theirs = nn.conv_transpose(x, weight, bias, 2, 1, output_padding)
    judges = draws(rng, theirs.shape, x.shape)
    ours = conv_transpose2d(x, weight, bias, 2, 1, output_padding)
    assert ours.shape == [2, 6, 10, 14]
    assert_alike(derivatives(ours, x, weight, bias, judges), derivatives(theirs, x, weight, bias, judges))


def test_a_constant_factor_gets_no_gradient(rng):
    x, weight = draws(rng, (1, 3, 5, 5), (4, 3, 3, 3))
    weight.stop_grad()
    ours, theirs = (jt.grad(form(x, weight, None, 1, 1).sqr().sum(), x) for form in (conv2d, nn.conv2d))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-4)
    assert conv2d(x.detach().stop_grad(), weight, None, 1, 1).shape == [1, 4, 5, 5]


def test_float64_takes_jittors_loops(monkeypatch, rng):
    monkeypatch.setattr(conv, "library_of", lambda _: pytest.fail("oneDNN has no float64"))
    x, weight = (var.float64() for var in draws(rng, (1, 3, 5, 5), (4, 3, 3, 3)))
    assert conv2d(x, weight).dtype == "float64"
