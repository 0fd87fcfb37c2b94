"""The CPU kernels for weights and their updates agree with the reference in Jittor's operators."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.kernels import backend
from jittor_tsit.kernels.adam import adam_step
from jittor_tsit.kernels.squares import sum_of_squares
from jittor_tsit.layers.spectral_conv import SpectralConv
from jittor_tsit.layers.train_mode import set_training
from jittor_tsit.optim import reference_adam_step

pytestmark = pytest.mark.processors


@pytest.mark.parametrize("trains", [True, False])
@pytest.mark.parametrize("rows, columns", [(5, 7), (64, 70), (1, 40)])
def test_spectral_norm_agrees_with_jittors_operators(rng, monkeypatch, rows, columns, trains):
    conv = SpectralConv(columns, rows, 3)
    conv.normalized_weight()  # random vectors may be nearly at right angles: 1 / sigma would be of few digits
    set_training(conv, trains)
    before = conv.u.numpy().copy(), conv.v.numpy().copy()
    judge = jt.array(rng.standard_normal((rows, columns, 3, 3)).astype(np.float32))
    results = []
    for runs_fused in (backend.runs_fused, lambda x: False):
        monkeypatch.setattr(backend, "runs_fused", runs_fused)
        conv.u.update(jt.array(before[0]))
        conv.v.update(jt.array(before[1]))
        weight = conv.normalized_weight()
        gradient = jt.grad((weight * judge).sum(), conv.weight)
        results.append([var.numpy().copy() for var in (weight, gradient, conv.u, conv.v)])
    for ours, theirs in zip(*results):
        # 7e-7 of the largest was measured: sums of up to 630 products in another order
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=5e-6 * np.abs(theirs).max())
    assert trains != np.array_equal(results[0][2], before[0]) or rows == 1  # of one row, u is 1 and stays it


@pytest.mark.parametrize("shape", [(7,), (30, 500)])  # one core, all cores
def test_adam_step_agrees_with_jittors_operators(rng, shape):
    param, grad, mean = (jt.array(rng.standard_normal(shape).astype(np.float32)) for _ in range(3))
    numbers = dict(decay=0.9, l2=0.1, beta1=0.5, beta2=0.99, rate=0.01, correction=1.3, eps=1e-8)
    ours, theirs = (form(param, grad, mean, mean.sqr(), **numbers) for form in (adam_step, reference_adam_step))
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1, 4096, 30001])
def test_sum_of_squares(rng, size):
    x = rng.standard_normal(size).astype(np.float32)
    np.testing.assert_allclose(sum_of_squares(jt.array(x)).numpy(), [(x.astype(np.float64) ** 2).sum()], rtol=1e-5)
    x[-1] = np.nan
    assert not np.isfinite(sum_of_squares(jt.array(x)).numpy())


NARROW, WIDE = "flags : sse4_1 avx avx2 fma", "flags : sse4_1 avx avx2 fma avx512f avx512bw"


@pytest.mark.parametrize(
    "cpuinfo, max_isa, channels",
    [
        (WIDE, "", 16),
        (WIDE, "ALL", 16),
        (WIDE, "AVX512_CORE", 16),
        (WIDE, "AVX2", 8),
        (WIDE, "avx2", 16),  # oneDNN knows its values in capitals only
        (WIDE, "AVX", 0),
        (WIDE, "SSE41", 0),
        (NARROW, "", 8),
        (NARROW, "AVX512_CORE", 8),  # a limit does not add instructions
        (NARROW, "SSE41", 0),
        ("flags : sse4_1 avx", "", 0),
        ("", "", 0),
    ],
)
def test_blocks_of_channels_are_those_of_the_instructions_that_onednn_may_use(cpuinfo, max_isa, channels):
    assert backend.block_size(cpuinfo, max_isa) == channels
