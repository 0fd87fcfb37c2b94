"""The convolution computed before upsampling gives the result of upsampling followed by convolution."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.layers.conv_of_upsampled import conv2d_of_upsampled
from jittor_tsit.layers.image_layouts import nchw_layout, to_fast_layout
from jittor_tsit.layers.resize import upsample2x


@pytest.mark.parametrize("channels, size", [(3, (5, 7)), (19, (4, 6)), (19, (1, 1))])
def test_the_result_is_the_convolution_of_the_upsampled_image(rng, channels, size):
    x = jt.array(rng.standard_normal((2, channels, *size)).astype(np.float32))
    weight = jt.array(rng.standard_normal((3, channels, 3, 3)).astype(np.float32))
    bias = jt.array(rng.standard_normal(3).astype(np.float32))
    judge = jt.array(rng.standard_normal((2, 3, 2 * size[0], 2 * size[1])).astype(np.float32))
    results = [conv2d_of_upsampled(to_fast_layout(x), weight, bias)]
    with nchw_layout():
        results.append(jt.nn.conv2d(upsample2x(x), weight, bias, padding=1))
    ours, theirs = ([y, *jt.grad((y * judge).sum(), [x, weight, bias])] for y in results)
    for a, b in zip(ours, theirs):
        # 1e-6 was measured: sums of up to 280 products, some of them summed before they are multiplied
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=0, atol=1e-5 * np.abs(b.numpy()).max())
