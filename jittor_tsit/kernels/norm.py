"""Moments, and normalisation with modulation and leaky ReLU, as single operators with gradients.

Their loops are C++ for images in oneDNN's layout (packed_norm.py) and CUDA for those in Jittor's (planar_norm.py). The
plain twins are in layers/norm.py. The gradients' own gradients are not here: `plain_layout` of layers/image.py.
"""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels import norm_cpu, norm_cuda
from jittor_tsit.kernels.autograd import on_tape, once_only


def moments(x: jt.Var, channels: int, over_batch: bool = False) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """Compute mean and biased variance of each channel of each sample, or of each channel of the batch.

    Both are float64, since a float32 mean of 1000 deviations would leave the deviation three digits.

    Shapes:
        x [N, channels / BLOCK, H, W, BLOCK] or [N, channels, H, W] float32 -> x, mean, variance; the last two
        [N, channels, 1, 1] float64, or [1, channels, 1, 1] over the batch. Use the returned x from here on: its
        gradient includes that of the moments.
    """
    return tuple(on_tape(_Moments(channels, over_batch), x))


def modulate(
    x: jt.Var, mean: jt.Var, scale: jt.Var, shift: Optional[jt.Var], maps: Sequence[jt.Var], slope: float
) -> jt.Var:
    """Compute leaky_relu(((x - mean) * scale + shift) * (1 + gamma) + beta) with this slope.

    Args:
        shift: None: without it.
        maps: Gamma and beta, both in one for images in oneDNN's layout; empty: without them.

    Shapes:
        x [N, B, H, W, BLOCK], maps [N, 2B, H, W, BLOCK]: gamma's blocks of channels, and behind them beta's;
        or x, gamma, beta [N, C, H, W]; mean, scale, shift float64,
        all [N, C, 1, 1] or all [1, C, 1, 1] -> as x
    """
    shifts = [] if shift is None else [shift]
    return on_tape(_Modulate(slope, len(shifts)), x, mean, scale, *shifts, *maps)


def _loops(x: jt.Var):
    """The module that knows the layout of this image."""
    return norm_cpu if len(x.shape) == 5 else norm_cuda


class _Moments(jt.Function):
    def __init__(self, channels: int, over_batch: bool):
        self.channels, self.over_batch = channels, over_batch

    def execute(self, x):
        mean, var = _loops(x).moments(x, self.channels, self.over_batch)
        self.kept = x, mean
        return x.clone(), mean, var

    def grad(self, by_x, by_mean, by_var):
        x, mean = self.kept
        if by_mean is None and by_var is None:
            return by_x
        by_mean, by_var = (jt.zeros(mean.shape) if grad is None else grad for grad in (by_mean, by_var))
        by_mean, by_var = by_mean.float64(), by_var.float64()  # Jittor may hand on float32 gradients of float64 Vars
        return once_only([_loops(x).moments_gradient(x, mean, by_mean, by_var, by_x)])[0]


class _Modulate(jt.Function):
    def __init__(self, slope: float, num_shifts: int):
        self.slope, self.num_shifts = slope, num_shifts

    def execute(self, x, mean, scale, *rest):
        shift, maps = rest[0] if self.num_shifts else None, rest[self.num_shifts :]
        y = _loops(x).modulate(x, mean, scale, shift, maps, self.slope)
        self.kept = (x, mean, scale, shift), maps, y
        return y

    def grad(self, by_result):
        statistics, maps, y = self.kept
        return once_only(_loops(y).modulate_gradients(*statistics, by_result, maps, y, self.slope))
