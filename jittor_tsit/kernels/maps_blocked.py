"""Sums, leaky ReLU and changes of size of images in oneDNN's blocked layout, on all cores of the CPU.

`pack` and `unpack`, to and from the blocked layout, are in conv_blocked.py. The code of both files is in csrc/maps.h.

Jittor's operators, and those of layers/resize.py, are the reference.
"""

from __future__ import annotations

from functools import partial
from typing import Sequence

import jittor as jt

from jittor_tsit.kernels.autograd import first_order_only, linear, on_tape
from jittor_tsit.kernels.call import Output, call_on_cpu


def repeat2x(x: jt.Var) -> jt.Var:
    """Repeat each pixel as a square of 2 x 2. [N, B, H, W, block] -> [N, B, 2H, 2W, block]"""
    return linear(_repeat, _sum, x)


def take2x(x: jt.Var) -> jt.Var:
    """Take the top-left pixel of each square of 2 x 2. [N, B, 2H, 2W, block] -> [N, B, H, W, block]"""
    return linear(_take, _place, x)


def _repeat(x: jt.Var) -> jt.Var:
    return call_on_cpu("maps", "repeat2x", [x], [_scaled(x, 2)])[0]


def _sum(x: jt.Var) -> jt.Var:
    return call_on_cpu("maps", "sum2x", [x], [_scaled(x, 0.5)])[0]


def _take(x: jt.Var) -> jt.Var:
    return call_on_cpu("maps", "take2x", [x], [_scaled(x, 0.5)])[0]


def _place(x: jt.Var) -> jt.Var:
    return call_on_cpu("maps", "place2x", [x], [_scaled(x, 2)])[0]


def _scaled(x: jt.Var, factor: float) -> Output:
    n, b, h, w, block = x.shape
    return Output([n, b, int(h * factor), int(w * factor), block])


def add(x: jt.Var, y: jt.Var) -> jt.Var:
    """Return x + y, both of one shape [N, B, H, W, block]."""
    return on_tape(_Add(), x, y)


class _Add(jt.Function):
    def execute(self, x, y):
        return call_on_cpu("maps", "add", [x, y], [Output(x.shape)])[0]

    def grad(self, grad):
        return grad, grad


def activate(x: jt.Var, slope: float) -> jt.Var:
    """Return leaky ReLU of x [N, B, H, W, block] with this slope. First-order gradients only."""
    return on_tape(_LeakyReLU(slope), x)


class _LeakyReLU(jt.Function):
    def __init__(self, slope: float):
        self.slope = slope

    def execute(self, x):
        self.y = _scale_by_sign(x, x, self.slope)
        return self.y

    def grad(self, grad):
        return first_order_only([_scale_by_sign(self.y, grad, self.slope)])[0]  # y has the sign of x


def _scale_by_sign(sign: jt.Var, x: jt.Var, slope: float) -> jt.Var:
    """Return x where the array `sign` of the same shape is positive, and x times `slope` elsewhere."""
    return call_on_cpu("maps", "scale_by_sign", [sign, x], [Output(x.shape)], {"slope": slope})[0]


def channel_sums(x: jt.Var, channels: int) -> jt.Var:
    """Sum each channel over samples and pixels. [N, B, H, W, block] -> [channels]"""
    return linear(partial(_channel_sums, channels=channels), partial(_spread, shape=x.shape), x)


def _channel_sums(x: jt.Var, channels: int) -> jt.Var:
    return call_on_cpu("maps", "channel_sums", [x], [Output([channels])])[0]


def _spread(values: jt.Var, shape: Sequence[int]) -> jt.Var:
    return call_on_cpu("maps", "spread", [values], [Output(shape)])[0]
