"""Convolutions as calls of oneDNN or cuDNN.

Jittor writes a convolution as a loop, and finds it again while it compiles that loop and its neighbours. Its compiling
threads then add to lists of the graph that they share, which now and then ends the process, and every neighbourhood
costs a compile of its own. Asked for by name, all convolutions are three operators: forward, and the gradient by each
factor. Each is linear in both of its factors, so the gradients of one are the two others, to any order.
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple, Union

import jittor as jt
from jittor import nn

Pair = Union[int, Tuple[int, int]]


def conv2d(x: jt.Var, weight: jt.Var, bias: Optional[jt.Var] = None, stride: Pair = 1, padding: Pair = 0, groups=1):
    """Convolution with zero padding, as torch.nn.functional.conv2d.

    Shapes:
        x [N, C, H, W], weight [D, C / groups, h, w], bias [D] -> [N, D, H', W']
    """
    if not _has_library(x, weight):
        return nn.conv2d(x, weight, bias, stride, padding, groups=groups)
    y = _apply(_Forward(_Geometry(_pair(stride), _pair(padding), groups)), x, weight)
    return _add_bias(y, bias)


def conv_transpose2d(x: jt.Var, weight: jt.Var, bias: Optional[jt.Var], stride: int, padding: int, output_padding: int):
    """Transposed convolution, the gradient of one by its input, as torch.nn.functional.conv_transpose2d.

    Shapes:
        x [N, C, H, W], weight [C, D, h, w], bias [D] -> [N, D, H', W'],
        with H' = (H - 1) stride - 2 padding + h + output_padding
    """
    if not _has_library(x, weight):
        return nn.conv_transpose(x, weight, bias, stride, padding, output_padding)
    size = tuple(
        (side - 1) * stride - 2 * padding + kernel + output_padding
        for side, kernel in zip(x.shape[2:], weight.shape[2:])
    )
    y = _apply(_ByInput(_Geometry(_pair(stride), _pair(padding), 1), size), weight, x)
    return _add_bias(y, bias)


class _Geometry(NamedTuple):
    """Of a convolution; height first."""

    stride: Tuple[int, int]
    padding: Tuple[int, int]
    groups: int

    def words(self) -> Tuple[Union[int, str], ...]:
        """As the operators take them."""
        return (*self.stride, *self.padding, 1, 1, self.groups, "abcd", "oihw", "abcd")  # no dilation; NCHW


class _Bilinear(jt.Function):
    """One of the three operators.

    Args:
        size: Height and width of what it gives, where its factors do not tell.
    """

    def __init__(self, geometry: _Geometry, size: Tuple[int, ...] = ()):
        self.geometry, self.size = geometry, size


class _Forward(_Bilinear):
    """x [N, C, H, W], weight [D, C / groups, h, w] -> [N, D, H', W']"""

    def execute(self, x, weight):
        return _operators()[0](x, weight, *self.geometry.words())

    def grad(self, grad):
        x, weight = self.factors
        by_input, by_weight = _ByInput(self.geometry, x.shape[2:]), _ByWeight(self.geometry, weight.shape[2:])
        return _apply(by_input, weight, grad), _apply(by_weight, x, grad)


class _ByInput(_Bilinear):
    """weight [D, C / groups, h, w], y [N, D, H', W'] -> [N, C, H, W]"""

    def execute(self, weight, y):
        return _operators()[1](weight, y, *self.size, *self.geometry.words())

    def grad(self, grad):
        weight, y = self.factors
        by_weight = _ByWeight(self.geometry, weight.shape[2:])
        return _apply(by_weight, grad, y), _apply(_Forward(self.geometry), grad, weight)


class _ByWeight(_Bilinear):
    """x [N, C, H, W], y [N, D, H', W'] -> [D, C / groups, h, w]"""

    def execute(self, x, y):
        return _operators()[2](x, y, *self.size, *self.geometry.words())

    def grad(self, grad):
        x, y = self.factors
        by_input = _ByInput(self.geometry, x.shape[2:])
        return _apply(by_input, grad, y), _apply(_Forward(self.geometry), x, grad)


def _apply(product: _Bilinear, a: jt.Var, b: jt.Var) -> jt.Var:
    """The product on the tape of gradients, if one of its factors is."""
    product.factors = a, b  # what `execute` gets of them has left the tape, and gradients of gradients need it
    is_constant = a.is_stop_grad() and b.is_stop_grad()
    return product.execute(a, b) if is_constant else product(a, b)


def _has_library(x: jt.Var, weight: jt.Var) -> bool:
    """Whether a library takes these: cuDNN takes every floating type, oneDNN float32."""
    if jt.flags.use_cuda:
        return jt.compile_extern.cudnn is not None
    return jt.compile_extern.mkl_ops is not None and x.dtype == weight.dtype == "float32"


def _operators():
    """Forward, gradient by input, gradient by weight."""
    if jt.flags.use_cuda:
        ops = jt.compile_extern.cudnn.ops
        return ops.cudnn_conv, ops.cudnn_conv_backward_x, ops.cudnn_conv_backward_w
    ops = jt.compile_extern.mkl_ops
    return ops.mkl_conv, ops.mkl_conv_backward_x, ops.mkl_conv_backward_w


def _pair(value: Pair) -> Tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _add_bias(y: jt.Var, bias: Optional[jt.Var]) -> jt.Var:
    return y if bias is None else y + bias.reshape(1, -1, 1, 1)
