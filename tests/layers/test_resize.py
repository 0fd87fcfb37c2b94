"""Resizing and pooling against plain NumPy, odd sizes included."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.layers.resize import avg_pool_down, downsample2x, resize_nearest, upsample2x


def test_upsampling_repeats_each_pixel(rng):
    x = rng.standard_normal((2, 3, 4, 5)).astype(np.float32)
    np.testing.assert_array_equal(upsample2x(jt.array(x)).numpy(), x.repeat(2, axis=2).repeat(2, axis=3))


def test_downsampling_takes_the_top_left_pixel(rng):
    x = rng.standard_normal((2, 3, 4, 6)).astype(np.float32)
    np.testing.assert_array_equal(downsample2x(jt.array(x)).numpy(), x[:, :, ::2, ::2])


@pytest.mark.parametrize("size", [(2, 3), (7, 5), (1, 1)])
def test_nearest_resizing_takes_the_floor(rng, size):
    x = rng.standard_normal((1, 2, 6, 9)).astype(np.float32)
    rows, columns = (np.arange(n) * m // n for n, m in zip(size, x.shape[2:]))
    np.testing.assert_array_equal(resize_nearest(jt.array(x), *size).numpy(), x[:, :, rows][:, :, :, columns])


@pytest.mark.parametrize("size", [(6, 8), (7, 5), (1, 2)])
def test_pooling_does_not_count_the_padding(rng, size):
    x = rng.standard_normal((1, 2, *size)).astype(np.float32)
    height, width = ((side + 1) // 2 for side in size)
    expected = np.zeros((1, 2, height, width), np.float32)
    for i in range(height):
        for j in range(width):
            window = x[:, :, max(2 * i - 1, 0) : 2 * i + 2, max(2 * j - 1, 0) : 2 * j + 2]
            expected[:, :, i, j] = window.mean((2, 3))
    np.testing.assert_allclose(avg_pool_down(jt.array(x)).numpy(), expected, rtol=1e-5, atol=1e-6)
