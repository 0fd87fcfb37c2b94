"""Normalisations and spectral norm against NumPy."""

import jittor as jt
import numpy as np

from jittor_tsit.layers.norm import BatchNorm, LayerNorm, instance_norm
from jittor_tsit.layers.spectral_conv import SpectralConv
from jittor_tsit.layers.train_mode import set_training


def test_instance_norm_keeps_its_digits_when_the_mean_is_large(rng):
    x = (rng.standard_normal((1, 2, 3, 4)) * 0.01 + 100).astype(np.float32)
    exact = x.astype(np.float64)
    mean, var = exact.mean((2, 3), keepdims=True), exact.var((2, 3), keepdims=True)
    expected = (exact - mean) / np.sqrt(var + 1e-5)
    # float32 resolves 100 to 4e-6, 1/2000 of the deviation. E[x^2] - E[x]^2 in float32 would be wrong by whole units.
    np.testing.assert_allclose(instance_norm(jt.array(x)).numpy(), expected, atol=2e-3)


def test_instance_norm_is_exact_on_large_maps(rng):
    x = (rng.standard_normal((1, 1, 256, 512)) + 3).astype(np.float32)
    exact = x.astype(np.float64)
    expected = (exact - exact.mean()) / np.sqrt(exact.var() + 1e-5)
    np.testing.assert_allclose(instance_norm(jt.array(x)).numpy(), expected, atol=1e-5)


def test_batch_norm_tracks_the_unbiased_variance(rng):
    x = rng.standard_normal((2, 3, 2, 2)).astype(np.float32)
    norm = BatchNorm(3)
    norm(jt.array(x)).sync()
    np.testing.assert_allclose(norm.running_mean.numpy(), 0.1 * x.mean((0, 2, 3)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(norm.running_var.numpy(), 0.9 + 0.1 * x.var((0, 2, 3), ddof=1), rtol=1e-4)


def test_batch_norm_in_evaluation_mode_uses_running_statistics(rng):
    norm = BatchNorm(3)
    set_training(norm, False)
    x = rng.standard_normal((2, 3, 2, 2)).astype(np.float32)
    np.testing.assert_allclose(norm(jt.array(x)).numpy(), x / np.sqrt(1 + 1e-5), rtol=1e-5)
    np.testing.assert_array_equal(norm.running_mean.numpy(), 0)


def test_spectral_norm_converges_to_the_largest_singular_value(rng):
    conv = SpectralConv(3, 4, 3)
    x = jt.array(rng.standard_normal((1, 3, 5, 5)).astype(np.float32))
    for _ in range(50):
        conv(x).sync()
    set_training(conv, False)
    matrix = conv.weight.numpy().reshape(4, -1)
    ratio = conv.weight.numpy() / conv.normalized_weight().numpy()
    np.testing.assert_allclose(ratio, np.linalg.svd(matrix, compute_uv=False)[0], rtol=1e-3)


def test_spectral_norm_iterates_in_training_mode_only(rng):
    conv = SpectralConv(3, 4, 3)
    x = jt.array(rng.standard_normal((1, 3, 5, 5)).astype(np.float32))
    set_training(conv, False)
    before = conv.u.numpy().copy()
    conv(x).sync()
    np.testing.assert_array_equal(conv.u.numpy(), before)
    set_training(conv, True)
    with jt.no_grad():
        conv(x).sync()
    assert np.abs(conv.u.numpy() - before).max() > 1e-3
    np.testing.assert_allclose(np.linalg.norm(conv.u.numpy()), 1, rtol=1e-5)


def test_layer_norm_of_equal_values_has_a_finite_gradient(rng):
    """The deviation is 0 and has gradient 0, as in PyTorch. The gradient of the result is the centred one / epsilon."""
    norm, judge = LayerNorm(3), rng.standard_normal((2, 3, 4, 5)).astype(np.float32)
    norm.gamma.update(jt.array(np.float32([0.5, 1, 2])))
    x = jt.array(np.float32([0.25, -3]).reshape(2, 1, 1, 1).repeat(3, 1).repeat(4, 2).repeat(5, 3))
    gradient = jt.grad((norm(x) * jt.array(judge)).sum(), x).numpy()
    scaled = judge * np.float64([0.5, 1, 2]).reshape(1, 3, 1, 1)
    expected = (scaled - scaled.mean((1, 2, 3), keepdims=True)) / 1e-5
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-5 * np.abs(expected).max())  # sums of 60 in float32
