"""Convolution and linear layer with the family's initialisation, its activation, and ImageNet's scale."""

from typing import Tuple, Union

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.layers import imagenet
from jittor_tsit.layers.conv import conv2d, conv_transpose2d
from jittor_tsit.layers.image_layouts import Image, activated
from jittor_tsit.layers.init import Init, conv_weight, default_bias, linear_weight, normal
from jittor_tsit.layers.matmul import matmul

SLOPE = 0.2  # of the leaky ReLU, the papers' value (Jittor's default is 0.01)


def leaky_relu(x: Image) -> Image:
    """Leaky ReLU of slope 0.2."""
    return activated(x, SLOPE)


def to_imagenet(image: jt.Var) -> jt.Var:
    """Images in [-1, 1] with ImageNet's mean and deviation."""
    mean, std = (jt.array(np.float32(values).reshape(1, 3, 1, 1)) for values in (imagenet.MEAN, imagenet.STD))
    return (image * 0.5 + 0.5 - mean) / std


class Conv(nn.Module):
    """Plain convolution, xavier-normal, bias 0, and leaky ReLU behind it if the call names a slope.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H', W']
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride=1, padding=0, groups=1):
        self.stride, self.padding, self.groups = stride, padding, groups
        self.weight = conv_weight(out_channels, in_channels // groups, kernel_size)
        self.bias = jt.zeros(out_channels)

    def execute(self, x: Image, slope: float = 1.0) -> Image:
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.groups, slope)


class Linear(nn.Module):
    """x W^T + b, xavier-normal, bias 0. [N, in_features] -> [N, out_features]"""

    def __init__(self, in_features: int, out_features: int):
        self.weight = linear_weight(out_features, in_features)
        self.bias = jt.zeros(out_features)

    def execute(self, x):
        return matmul(x, self.weight, transpose_b=True) + self.bias


class PlainConv(nn.Module):
    """Convolution with zero padding.

    Args:
        kernel_size: One number, or height and width.
        init: Draws the weight of a shape, `init(*shape)`.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H', W']
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Union[int, Tuple[int, int]],
        stride=1,
        padding=0,
        bias=True,
        init: Init = normal,
    ):
        self.stride, self.padding = stride, padding
        height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        self.weight = init(out_channels, in_channels, height, width)
        self.bias = jt.zeros(out_channels) if bias else None

    def execute(self, x):
        return conv2d(x, self.weight, self.bias, self.stride, self.padding)


class PlainConvTranspose(nn.Module):
    """Transposed convolution of stride 2 and padding 1, which doubles the size.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, 2 H, 2 W]
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, bias=True, init: Init = normal):
        self.output_padding = kernel_size % 2  # 3 needs one more row and column, 4 none
        self.weight = init(in_channels, out_channels, kernel_size, kernel_size)
        self.bias = jt.zeros(out_channels) if bias else None

    def execute(self, x):
        return conv_transpose2d(x, self.weight, self.bias, 2, 1, self.output_padding)


def draw_biases(net: nn.Module) -> None:
    """Give every convolution PyTorch's default bias, where official code leaves it so."""
    for part in net.modules():
        if isinstance(part, (PlainConv, PlainConvTranspose)) and part.bias is not None:
            part.bias = default_bias(part.bias.shape[0], part.weight.shape)
