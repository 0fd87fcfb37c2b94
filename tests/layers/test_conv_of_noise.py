"""The convolution of a label map and noise is that of their concatenation, for noise of any size."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.layers.conv_of_noise import NoisyConv
from jittor_tsit.layers.image_layouts import label_image, one_hot, to_nchw

CLASSES, Z_DIM, COUNT, HEIGHT, WIDTH = 5, 3, 6, 4, 7


@pytest.mark.parametrize("noise_size", [(1, 1), (2, 1), (HEIGHT, WIDTH)])
@pytest.mark.parametrize("form", [label_image, one_hot])
def test_the_result_is_the_convolution_of_the_concatenation(rng, form, noise_size):
    ids = jt.array(rng.integers(0, CLASSES + 1, (2, HEIGHT, WIDTH)).astype(np.uint8))
    z = rng.standard_normal((2, Z_DIM, *noise_size)).astype(np.float32)
    judge = jt.array(rng.standard_normal((2, COUNT, HEIGHT, WIDTH)).astype(np.float32))
    conv = NoisyConv(CLASSES, Z_DIM, COUNT)
    conv.bias.update(jt.array(rng.standard_normal(COUNT).astype(np.float32)))
    rows = np.arange(HEIGHT) * noise_size[0] // HEIGHT
    columns = np.arange(WIDTH) * noise_size[1] // WIDTH
    whole = jt.concat([one_hot(ids, CLASSES), jt.array(z[:, :, rows][..., columns])], 1)
    expected = jt.nn.leaky_relu(jt.nn.conv2d(whole, conv.weight, conv.bias, padding=1), 0.5)
    found = to_nchw(conv(form(ids, CLASSES), jt.array(z), slope=0.5))
    ours, theirs = ([y, *jt.grad((y * judge).sum(), [conv.weight, conv.bias])] for y in (found, expected))
    for a, b in zip(ours, theirs):
        # sums of up to 72 products, some of them summed before they are multiplied
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=0, atol=1e-5 * np.abs(b.numpy()).max())
