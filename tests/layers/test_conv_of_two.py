"""Two convolutions of one image computed as one give the results of the separate convolutions."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.kernels import backend
from jittor_tsit.layers.conv import conv2d, conv2d_of_two
from jittor_tsit.layers.image_layouts import BlockedImage, to_blocked, to_nchw
from jittor_tsit.layers.precision import computing_in

pytestmark = pytest.mark.skipif(not backend.context.block, reason="this processor has no layout of blocks")


def random_arrays(rng, channels, results):
    shapes = [(2, channels, 5, 6)] + 2 * [(results, channels, 3, 3)] + 2 * [(results,)]
    return [jt.array(rng.standard_normal(shape).astype(np.float32)) for shape in shapes]


def of_two(x, first, second, bias, other_bias):
    both = conv2d_of_two(to_blocked(x), (first, second), (bias, other_bias), padding=1)
    blocks = both.blocks.shape[1] // 2
    return [to_nchw(BlockedImage(part, first.shape[0])) for part in (both.blocks[:, :blocks], both.blocks[:, blocks:])]


def each_alone(x, first, second, bias, other_bias):
    x = to_blocked(x)
    return [to_nchw(conv2d(x, *each, padding=1)) for each in ((first, bias), (second, other_bias))]


# Less than one block, one block, an odd number of blocks.
@pytest.mark.parametrize("precision, tolerance", [("float32", 1e-5), ("bf16", 2**-6)])  # a few roundings of 2^-8
@pytest.mark.parametrize("channels, results", [(5, 7), (16, 16), (32, 48), (48, 80)])
def test_both_results_are_those_of_separate_convolutions(rng, channels, results, precision, tolerance):
    arrays = random_arrays(rng, channels, results)
    judges = [jt.array(rng.standard_normal((2, results, 5, 6)).astype(np.float32)) for _ in range(2)]
    found = []
    with computing_in(precision):
        for function in (of_two, each_alone):
            made = function(*arrays)
            loss = sum((y * judge).sum() for y, judge in zip(made, judges))
            found.append([var.numpy() for var in (*made, *jt.grad(loss, arrays))])
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * np.abs(b).max())


def test_a_second_order_gradient_is_refused(rng):
    arrays = random_arrays(rng, 16, 16)
    loss = sum(y.sqr().sum() for y in of_two(*arrays))
    with pytest.raises(RuntimeError, match="layout"):
        jt.grad(jt.grad(loss, arrays[0]).sqr().sum(), arrays[1])
