"""Sums, activation and change of size of images in oneDNN's layout, on all cores.

Plain twins: Jittor's operators, and those of layers/resize.py.
"""

from __future__ import annotations

from functools import partial
from typing import List, Sequence

import jittor as jt

from jittor_tsit.kernels.autograd import linear, on_tape, once_only
from jittor_tsit.kernels.cpu import for_rows, kernel

_PAIR = """
        const V* upper = (const V*)in0_p + ((n * B + b) * 2 * H + 2 * h) * 2 * W;
        const V* lower = upper + 2 * W;
        V* y = (V*)out0_p + row * W;
"""
_REPEATED = for_rows(
    """
        const V* x = (const V*)in0_p + row * W;
        V* upper = (V*)out0_p + ((n * B + b) * 2 * H + 2 * h) * 2 * W;
        V* lower = upper + 2 * W;
        for (int64_t w = 0; w < W; w++) upper[2 * w] = upper[2 * w + 1] = lower[2 * w] = lower[2 * w + 1] = x[w];
"""
)
_SUMMED = for_rows(
    _PAIR + "for (int64_t w = 0; w < W; w++) y[w] = upper[2 * w] + upper[2 * w + 1] + lower[2 * w] + lower[2 * w + 1];",
    image="out0",
)
_TAKEN = for_rows(_PAIR + "for (int64_t w = 0; w < W; w++) y[w] = upper[2 * w];", image="out0")
_PLACED = for_rows(
    """
        const V* x = (const V*)in0_p + row * W;
        V* y = (V*)out0_p + ((n * B + b) * 2 * H + 2 * h) * 2 * W;
        std::memset(y, 0, 4 * W * sizeof(V));
        for (int64_t w = 0; w < W; w++) y[2 * w] = x[w];
"""
)
_ADDED = for_rows(
    """
        const V *x = (const V*)in0_p + row * W, *y = (const V*)in1_p + row * W;
        V* z = (V*)out0_p + row * W;
        for (int64_t w = 0; w < W; w++) z[w] = x[w] + y[w];
"""
)
# By the sign of the first image the second is left as it is, or multiplied: by that of x the x itself, by that of the
# result its gradient.
_CHOSEN = """
    const float slope = data["slope"];
""" + for_rows(
    """
        const V *sign = (const V*)in0_p + row * W, *x = (const V*)in1_p + row * W;
        V* y = (V*)out0_p + row * W;
        for (int64_t w = 0; w < W; w++) y[w] = sign[w] > 0 ? x[w] : x[w] * slope;
"""
)
_CHANNEL_SUMS = (
    "    std::vector<double> kept(in0_shape0 * in0_shape1 * in0_shape2 * K); Wide* sums = (Wide*)kept.data();"
    + for_rows(
        """
        const V* x = (const V*)in0_p + row * W;
        Wide sum = {};
        for (int64_t w = 0; w < W; w++) sum += widened(x[w]);
        sums[row] = sum;
"""
    )
    + """
    for (int64_t c = 0; c < out0_shape0; c++) {
        double sum = 0;
        for (int64_t n = 0; n < N; n++)
        for (int64_t h = 0; h < H; h++) sum += sums[(n * B + c / K) * H + h][c % K];
        out0_p[c] = sum;
    }
"""
)
_SPREAD = for_rows(
    """
        const V value = of_block(in0_p, b, in0_shape0);
        V* y = (V*)out0_p + row * W;
        for (int64_t w = 0; w < W; w++) y[w] = value;
""",
    image="out0",
)


def repeat2x(x: jt.Var) -> jt.Var:
    """Each pixel becomes a block of 2 x 2. [N, B, H, W, BLOCK] -> [N, B, 2H, 2W, BLOCK]"""
    return linear(_repeat, _sum, x)


def take2x(x: jt.Var) -> jt.Var:
    """The top-left pixel of each block of 2 x 2. [N, B, 2H, 2W, BLOCK] -> [N, B, H, W, BLOCK]"""
    return linear(_take, _place, x)


def _repeat(x: jt.Var) -> jt.Var:
    return kernel([_sized(x, 2)], [x], _REPEATED)[0]


def _sum(x: jt.Var) -> jt.Var:
    return kernel([_sized(x, 0.5)], [x], _SUMMED)[0]


def _take(x: jt.Var) -> jt.Var:
    return kernel([_sized(x, 0.5)], [x], _TAKEN)[0]


def _place(x: jt.Var) -> jt.Var:
    return kernel([_sized(x, 2)], [x], _PLACED)[0]


def _sized(x: jt.Var, factor: float) -> List[int]:
    n, b, h, w, block = x.shape
    return [n, b, int(h * factor), int(w * factor), block]


def add(x: jt.Var, y: jt.Var) -> jt.Var:
    """x + y, of one shape."""
    return on_tape(_Sum(), x, y)


class _Sum(jt.Function):
    def execute(self, x, y):
        return kernel([x.shape], [x, y], _ADDED)[0]

    def grad(self, grad):
        return grad, grad


def activate(x: jt.Var, slope: float) -> jt.Var:
    """Leaky ReLU of this slope."""
    return on_tape(_Activation(slope), x)


class _Activation(jt.Function):
    def __init__(self, slope: float):
        self.slope = slope

    def execute(self, x):
        self.y = kernel([x.shape], [x, x], _CHOSEN, slope=self.slope)[0]
        return self.y

    def grad(self, grad):
        return once_only(kernel([grad.shape], [self.y, grad], _CHOSEN, slope=self.slope))[0]  # y has the sign of x


def channel_sums(x: jt.Var, channels: int) -> jt.Var:
    """Sum of each channel over all images. [N, B, H, W, BLOCK] -> [channels]"""
    return linear(partial(_sums, channels=channels), partial(_spread, shape=x.shape), x)


def _sums(x: jt.Var, channels: int) -> jt.Var:
    return kernel([[channels]], [x], _CHANNEL_SUMS)[0]


def _spread(values: jt.Var, shape: Sequence[int]) -> jt.Var:
    return kernel([shape], [values], _SPREAD)[0]
