"""Replacements for elementary functions whose values or gradients are wrong in Jittor 1.3.11.

tests/layers/test_elementary.py shows each fault and checks that the rest of the package does not call the faulty
functions.

Two limits remain, because Jittor compiles for the CPU with -Ofast. Subnormal numbers count as 0. A division in an array
of several values is a product with an approximate reciprocal: it gives NaN where the denominator is 0, subnormal or
infinite, and 0 where it is above 2^126. The gradient by a denominator divides by its square. Keep denominators between
1e-18 and 1e18, for example by adding an epsilon.
"""

import jittor as jt
from jittor import nn

from jittor_tsit.kernels.autograd import on_tape
from jittor_tsit.layers.image_layouts import Image, to_nchw

TINY = 1.1754943508222875e-38  # smallest normal float32


def tanh(x: Image) -> jt.Var:
    """Return tanh(x), for an image as [N, C, H, W].

    Its gradient is 1 - tanh(x)^2; Jittor's is 1 / cosh(x)^2, which is NaN from |x| = 45.
    """
    x = to_nchw(x)
    return on_tape(_Tanh(x), x)


class _Tanh(jt.Function):
    """Hyperbolic tangent whose gradient can be differentiated again.

    It keeps the caller's Var: Jittor hands `execute` a detached copy, and second-order gradients need the original.
    """

    def __init__(self, x: jt.Var):
        self.x = x

    def execute(self, x):
        return jt.tanh(x)

    def grad(self, grad):
        y = tanh(self.x)
        return grad * (1 - y * y)


def absolute(x: jt.Var) -> jt.Var:
    """Return |x|. The gradient at 0 is 0, as in PyTorch; Jittor's is 1."""
    return x * ((x > 0).cast(x.dtype) - (x < 0).cast(x.dtype))


def positive_part(x: jt.Var) -> jt.Var:
    """Return max(x, 0). The gradient at 0 is 1/2, as for PyTorch's `min` and `max` of equal values; Jittor's is 0."""
    return jt.ternary(x < 0, jt.zeros_like(x), x * (1 - 0.5 * (x == 0).cast(x.dtype)))


def softplus(x: jt.Var) -> jt.Var:
    """Return log(1 + e^x), accurate for every x. Jittor's is 0 below -17, and its gradient is 0 at 20."""
    share = jt.exp(jt.ternary(x > 0, -x, x))  # e^-|x|; branches keep second-order gradients right at 0
    return nn.relu(x) + 2 * jt.atanh(share / (2 + share))  # log(1 + s); for a small s, 1 + s would lose all digits of s


def sqrt(x: jt.Var) -> jt.Var:
    """Return the square root of x. The gradient at 0 is 0, as for PyTorch's norms and deviations; Jittor's is NaN."""
    is_zero = jt.abs(x) < TINY
    root = jt.sqrt(jt.ternary(is_zero, jt.ones_like(x), x))
    return jt.ternary(is_zero, jt.zeros_like(x), root)
