"""Convolutions by Jittor's operators of oneDNN and cuDNN, images in the usual layout."""

from __future__ import annotations

from typing import Sequence, Tuple, Union

import jittor as jt

from jittor_tsit.kernels.conv_geometry import Geometry


def forward(x: jt.Var, weight: jt.Var, geometry: Geometry) -> jt.Var:
    """Convolution. x [N, C, H, W], weight [D, C / groups, h, w] -> [N, D, H', W']"""
    return _operators()[0](x, weight, *_words(geometry))


def by_input(weight: jt.Var, y: jt.Var, size: Sequence[int], geometry: Geometry) -> jt.Var:
    """Its gradient by an x of this height and width, y being that of the result."""
    return _operators()[1](weight, y, *size, *_words(geometry))


def by_weight(x: jt.Var, y: jt.Var, shape: Sequence[int], geometry: Geometry) -> jt.Var:
    """Its gradient by a weight of this shape, y being that of the result."""
    return _operators()[2](x, y, *shape[2:], *_words(geometry))


def _words(geometry: Geometry) -> Tuple[Union[int, str], ...]:
    return (*geometry.stride, *geometry.padding, 1, 1, geometry.groups, "abcd", "oihw", "abcd")  # no dilation; NCHW


def _operators():
    """Forward, gradient by input, gradient by weight."""
    if jt.flags.use_cuda:
        ops = jt.compile_extern.cudnn.ops
        return ops.cudnn_conv, ops.cudnn_conv_backward_x, ops.cudnn_conv_backward_w
    ops = jt.compile_extern.mkl_ops
    return ops.mkl_conv, ops.mkl_conv_backward_x, ops.mkl_conv_backward_w
