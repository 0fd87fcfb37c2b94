"""Resizing and pooling against NumPy, odd sizes included."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.layers import resize
from jittor_tsit.layers.resize import (
    avg_pool_down,
    downsample2x,
    reflect_pad,
    resize_bilinear,
    resize_nearest,
    upsample2x,
)


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


def bilinear(x, size, axis):
    """Between pixel centres along one axis, in float64."""
    centre = np.clip((np.arange(size) + 0.5) * x.shape[axis] / size - 0.5, 0, x.shape[axis] - 1)
    first = np.floor(centre).astype(int)
    share = (centre - first).reshape([-1 if k == axis else 1 for k in range(x.ndim)])
    second = np.minimum(first + 1, x.shape[axis] - 1)
    return x.take(first, axis) * (1 - share) + x.take(second, axis) * share


@pytest.mark.parametrize("size", [(12, 18), (7, 20), (6, 5), (3, 9), (1, 1)])
def test_bilinear_resizing_and_its_gradient(rng, size):
    x, weight = (rng.standard_normal((2, 3, *sides)).astype(np.float32) for sides in ((6, 9), size))
    given = jt.array(x)
    resized = resize_bilinear(given, *size)
    np.testing.assert_allclose(resized.numpy(), bilinear(bilinear(x, size[0], 2), size[1], 3), rtol=1e-5, atol=1e-6)
    (gradient,) = jt.grad((resized * jt.array(weight)).sum(), [given])
    direction = rng.standard_normal(x.shape)
    along = (bilinear(bilinear(direction, size[0], 2), size[1], 3) * weight).sum()  # resizing is linear
    np.testing.assert_allclose((gradient.numpy() * direction).sum(), along, rtol=1e-4, atol=1e-4)


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


@pytest.mark.parametrize("size", [(6, 8), (7, 5), (1, 2), (2, 1)])
def test_average_pool_has_the_gradients_of_jittors_operators(rng, size):
    x = jt.array(rng.standard_normal((2, 3, *size)).astype(np.float32))
    results = []
    for pool in (avg_pool_down, resize.reference_avg_pool_down):
        y = pool(x)
        first = jt.grad(y.sqr().sum(), x)
        results.append([var.numpy() for var in (y, first, jt.grad(first.sqr().sum(), x))])
    for ours, reference in zip(*results):
        np.testing.assert_allclose(ours, reference, rtol=1e-5, atol=1e-6)  # sums in another order


@pytest.mark.parametrize("shape", [(2, 3, 6, 5), (1, 2, 4, 9)])
def test_reflection_is_numpys_and_its_gradient_adds_up(rng, shape):
    x = rng.standard_normal(shape).astype(np.float32)
    var = jt.array(x)
    padded = reflect_pad(var, 3)
    expected = np.pad(x, ((0, 0), (0, 0), (3, 3), (3, 3)), mode="reflect")
    np.testing.assert_array_equal(padded.numpy(), expected)
    weight = rng.standard_normal(expected.shape).astype(np.float32)
    (gradient,) = jt.grad((padded * jt.array(weight)).sum(), [var])
    place = np.pad(np.arange(x.size).reshape(shape), ((0, 0), (0, 0), (3, 3), (3, 3)), mode="reflect")
    sums = np.bincount(place.ravel(), weight.ravel(), x.size).reshape(shape)
    np.testing.assert_allclose(gradient.numpy(), sums, rtol=1e-5, atol=1e-5)


def test_halving_twice_averages_blocks_of_four(rng):
    x = rng.standard_normal((1, 2, 8, 4)).astype(np.float32)
    expected = x.reshape(1, 2, 2, 4, 1, 4).mean((3, 5))
    np.testing.assert_allclose(resize.halved(jt.array(x), 2).numpy(), expected, rtol=1e-5, atol=1e-6)  # 16 roundings
    np.testing.assert_array_equal(resize.halved(jt.array(x), 0).numpy(), x)
