"""Spectral norm of tiny, huge and zero weights against float64, at all scales where PyTorch's float32 is finite."""

import jittor as jt
import numpy as np
import pytest

from helpers.cuda_on_cpu import emulate
from jittor_tsit.layers.spectral_conv import SpectralConv
from jittor_tsit.layers.train_mode import set_training

FLOOR = 1e-12  # of a vector's length, PyTorch's
SHAPE = (5, 7, 3, 3)
# torch.nn.utils.spectral_norm, PyTorch 2.13 on a CPU, of N(0, 1) weights of this shape times a scale: in training mode
# the result is finite from 1e-21 to 1e18 and its gradient from 1e-16 to 1e18, in evaluation mode both at 1e-24 to 1e20.
SCALES = {True: (1e-20, 1e-16, 1e-12, 1.0, 1e18), False: (1e-24, 1e-12, 1.0, 1e20)}
HAS_GRADIENT = 1e-16  # in training mode, from here on
RTOL = 4 * 63 * 6e-8  # float32 sums of 63 products; below the floor sigma goes with the fourth power of such sums


def exact(weight, u, v, judge, iterates):
    """weight / sigma and the gradient of its product with `judge`, in float64."""
    matrix, judge = (array.reshape(len(array), -1).astype(np.float64) for array in (weight, judge))
    if iterates:
        v = matrix.T @ u
        v = v / max(np.linalg.norm(v), FLOOR)
        u = matrix @ v
        u = u / max(np.linalg.norm(u), FLOOR)
    sigma = u @ matrix @ v
    return matrix / sigma, judge / sigma - (judge * matrix).sum() / sigma / sigma * np.outer(u, v)


def computed(conv, judge):
    weight = conv.normalized_weight()
    gradient = jt.grad((weight * jt.array(judge)).sum(), conv.weight)
    return [var.numpy().reshape(len(judge), -1) for var in (weight, gradient)]


@pytest.fixture(params=["kernel", "operators", "CUDA's kernel"])
def form(request, monkeypatch):
    """Select which of three implementations computes the norm."""
    if request.param == "operators":
        monkeypatch.setattr("jittor_tsit.kernels.backend.runs_fused", lambda x: False)
    elif request.param == "CUDA's kernel":
        emulate(monkeypatch)


def make_conv(weight, trains, rng):
    conv = SpectralConv(SHAPE[1], SHAPE[0], SHAPE[2])
    conv.weight.update(jt.array(weight))
    u = rng.standard_normal(SHAPE[0])
    v = weight.reshape(SHAPE[0], -1).T.astype(np.float64) @ u  # as training leaves it: sigma is no small rest of a sum
    for vector, draw in ((conv.u, u), (conv.v, v if weight.any() else np.ones_like(v))):
        vector.update(jt.array((draw / np.linalg.norm(draw)).astype(np.float32)))
    set_training(conv, trains)
    return conv


@pytest.mark.parametrize("trains, scale", [(trains, scale) for trains in SCALES for scale in SCALES[trains]])
def test_spectral_norm_of_weights_of_any_size(form, trains, scale):
    rng = np.random.default_rng(0)
    weight = (rng.standard_normal(SHAPE) * scale).astype(np.float32)
    judge = rng.standard_normal(SHAPE).astype(np.float32)
    conv = make_conv(weight, trains, rng)
    u, v = conv.u.numpy().astype(np.float64), conv.v.numpy().astype(np.float64)
    right, slope = exact(weight, u, v, judge, trains)
    ours, gradient = computed(conv, judge)
    np.testing.assert_allclose(ours, right, rtol=RTOL)
    if not trains or scale >= HAS_GRADIENT:
        np.testing.assert_allclose(gradient, slope, rtol=0, atol=RTOL * np.abs(slope).max())


@pytest.mark.parametrize("trains", [True, False])
def test_spectral_norm_of_zeros_is_nan_as_in_pytorch(form, trains):
    """PyTorch computes 0 / 0. The NaN makes a layer of zeros visible in the next loss."""
    conv = make_conv(np.zeros(SHAPE, np.float32), trains, np.random.default_rng(0))
    assert not np.isfinite(conv.normalized_weight().numpy()).any()
