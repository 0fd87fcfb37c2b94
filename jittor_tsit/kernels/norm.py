"""Moments, and normalisation with modulation and leaky ReLU, as single operators with gradients.

Their loops are C++ for images in oneDNN's layout (packed_norm.py) and CUDA for those in Jittor's (planar_norm.py). The
plain twins are in layers/norm.py. The gradients' own gradients are not here: `plain_layout` of layers/image.py.
"""

from __future__ import annotations

from typing import Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels import packed_norm, planar_norm
from jittor_tsit.kernels.linear import on_tape, once_only


def moments(x: jt.Var, channels: int) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """Mean and biased variance of each channel of each sample.

    Shapes:
        x [N, channels / BLOCK, H, W, BLOCK] or [N, channels, H, W] -> x itself, to be used instead: its gradient takes
        that of the moments along; mean and variance [N, channels, 1, 1]
    """
    return tuple(on_tape(_Moments(channels), x))


def modulate(x: jt.Var, mean: jt.Var, scale: jt.Var, maps: Sequence[jt.Var], slope: float) -> jt.Var:
    """Leaky ReLU of this slope of (x - mean) * scale * (1 + gamma) + beta; without maps, of (x - mean) * scale.

    Args:
        maps: None, or gamma and beta; of images in oneDNN's layout both in one.

    Shapes:
        x [N, B, H, W, BLOCK], maps [N, 2B, H, W, BLOCK]: gamma's blocks of channels, and behind them beta's;
        or x, gamma, beta [N, C, H, W]; mean, scale both [N, C, 1, 1] or both [1, C, 1, 1] -> as x
    """
    return on_tape(_Modulate(slope), x, mean, scale, *maps)


def _loops(x: jt.Var):
    """The module that knows the layout of this image."""
    return packed_norm if len(x.shape) == 5 else planar_norm


class _Moments(jt.Function):
    def __init__(self, channels: int):
        self.channels = channels

    def execute(self, x):
        mean, var = _loops(x).moments(x, self.channels)
        self.kept = x, mean
        return x.clone(), mean, var

    def grad(self, by_x, by_mean, by_var):
        x, mean = self.kept
        if by_mean is None and by_var is None:
            return by_x
        by_mean, by_var = (jt.zeros(mean.shape) if grad is None else grad for grad in (by_mean, by_var))
        return once_only([_loops(x).moments_gradient(x, mean, by_mean, by_var, by_x)])[0]


class _Modulate(jt.Function):
    def __init__(self, slope: float):
        self.slope = slope

    def execute(self, x, mean, scale, *maps):
        y = _loops(x).modulate(x, mean, scale, maps, self.slope)
        self.kept = x, mean, scale, maps, y
        return y

    def grad(self, by_result):
        x, mean, scale, maps, y = self.kept
        return once_only(_loops(x).modulate_gradients(x, mean, scale, by_result, maps, y, self.slope))
