"""Convolutions of images [N, C, H, W] by oneDNN or cuDNN, through Jittor's operators."""

from __future__ import annotations

from typing import Sequence, Tuple, Union

import jittor as jt

from jittor_tsit.kernels.conv_geometry import Geometry


def forward(x: jt.Var, weight: jt.Var, geometry: Geometry) -> jt.Var:
    """Convolve with cuDNN or oneDNN. x [N, C, H, W], weight [D, C / groups, h, w] -> [N, D, H', W']"""
    return _operators()[0](x, weight, *_arguments(geometry))


def input_gradient(weight: jt.Var, by_y: jt.Var, size: Sequence[int], geometry: Geometry) -> jt.Var:
    """Return the gradient by x, an image of height and width `size`, from the gradient `by_y` by the result.

    Shapes:
        weight [D, C / groups, h, w], by_y [N, D, H', W'] -> [N, C, H, W]
    """
    return _operators()[1](weight, by_y, *size, *_arguments(geometry))


def weight_gradient(x: jt.Var, by_y: jt.Var, shape: Sequence[int], geometry: Geometry) -> jt.Var:
    """Return the gradient by a weight of this shape, from the gradient `by_y` by the result.

    Shapes:
        x [N, C, H, W], by_y [N, D, H', W'] -> [D, C / groups, h, w]
    """
    return _operators()[2](x, by_y, *shape[2:], *_arguments(geometry))


def _arguments(geometry: Geometry) -> Tuple[Union[int, str], ...]:
    return (*geometry.stride, *geometry.padding, 1, 1, geometry.groups, "abcd", "oihw", "abcd")  # no dilation; NCHW


def _operators():
    """Return three operators of cuDNN or oneDNN: convolution, its gradient by x, its gradient by the weight."""
    if jt.flags.use_cuda:
        ops = jt.compile_extern.cudnn.ops
        return ops.cudnn_conv, ops.cudnn_conv_backward_x, ops.cudnn_conv_backward_w
    ops = jt.compile_extern.mkl_ops
    return ops.mkl_conv, ops.mkl_conv_backward_x, ops.mkl_conv_backward_w
