"""Mean and variance, and normalisation with modulation and leaky ReLU, as single operators with gradients.

norm_cpu.py runs them for images in oneDNN's blocked layout, norm_cuda.py for images [N, C, H, W] on a GPU. The
reference in Jittor's operators is in layers/norm.py. The gradients cannot be differentiated again; `nchw_layout` of
layers/image_layouts.py selects operators whose gradients can.
"""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels import norm_cpu, norm_cuda
from jittor_tsit.kernels.autograd import first_order_only, on_tape


def moments(x: jt.Var, channels: int, over_batch: bool = False) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """Compute mean and biased variance of each channel of each sample, or of each channel of the batch.

    Both are float64: where the mean is 1000 deviations, float32 would leave three digits of the deviation.

    Returns:
        x, mean, variance. Use the returned x from here on: its gradient includes the gradient of mean and variance.

    Shapes:
        x [N, channels / block, H, W, block] or [N, channels, H, W] float32
        -> x, mean and variance [N, channels, 1, 1] float64, or [1, channels, 1, 1] over the batch
    """
    return tuple(on_tape(_Moments(channels, over_batch), x))


def modulate(
    x: jt.Var, mean: jt.Var, scale: jt.Var, shift: Optional[jt.Var], maps: Sequence[jt.Var], slope: float
) -> jt.Var:
    """Compute leaky_relu(((x - mean) * scale + shift) * (1 + gamma) + beta) with this slope.

    Args:
        shift: None for a shift of 0.
        maps: Gamma and beta, in one array for blocked images; empty for gamma and beta of 0.

    Shapes:
        x [N, B, H, W, block], maps [N, 2B, H, W, block] with the channels of gamma, then those of beta;
        or x, gamma, beta [N, C, H, W];
        mean, scale, shift float64, all [N, C, 1, 1] or all [1, C, 1, 1] -> as x
    """
    shifts = [] if shift is None else [shift]
    return on_tape(_Modulate(slope, len(shifts)), x, mean, scale, *shifts, *maps)


def _kernels_for(x: jt.Var):
    """Return the module with the kernels for x: `norm_cpu` if x is blocked (5 axes), `norm_cuda` if [N, C, H, W]."""
    return norm_cpu if len(x.shape) == 5 else norm_cuda


class _Moments(jt.Function):
    def __init__(self, channels: int, over_batch: bool):
        self.channels, self.over_batch = channels, over_batch

    def execute(self, x):
        mean, var = _kernels_for(x).moments(x, self.channels, self.over_batch)
        self.saved = x, mean
        return x.clone(), mean, var

    def grad(self, by_x, by_mean, by_var):
        x, mean = self.saved
        if by_mean is None and by_var is None:
            return by_x
        by_mean, by_var = (jt.zeros(mean.shape) if grad is None else grad for grad in (by_mean, by_var))
        by_mean, by_var = by_mean.float64(), by_var.float64()  # Jittor may hand on float32 gradients of float64 Vars
        return first_order_only([_kernels_for(x).moments_gradient(x, mean, by_mean, by_var, by_x)])[0]


class _Modulate(jt.Function):
    def __init__(self, slope: float, num_shifts: int):
        self.slope, self.num_shifts = slope, num_shifts

    def execute(self, x, mean, scale, *rest):
        shift, maps = rest[0] if self.num_shifts else None, rest[self.num_shifts :]
        y = _kernels_for(x).modulate(x, mean, scale, shift, maps, self.slope)
        self.saved = (x, mean, scale, shift), maps, y
        return y

    def grad(self, by_result):
        statistics, maps, y = self.saved
        return first_order_only(_kernels_for(y).modulate_gradients(*statistics, by_result, maps, y, self.slope))
