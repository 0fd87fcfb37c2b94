"""Convolution, transposed convolution, linear layer, activation, and conversion to the scale of ImageNet networks."""

from typing import Tuple, Union

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.layers import imagenet
from jittor_tsit.layers.conv import conv2d, conv_transpose2d
from jittor_tsit.layers.image_layouts import Image, activate, to_nchw
from jittor_tsit.layers.init import Init, default_bias, linear_weight, xavier
from jittor_tsit.layers.matmul import matmul

SLOPE = 0.2  # of the leaky ReLU, the papers' value (Jittor's default is 0.01)


def leaky_relu(x: Image) -> Image:
    """Return leaky ReLU of x with slope 0.2, in the layout of x."""
    return activate(x, SLOPE)


def to_imagenet(image: jt.Var) -> jt.Var:
    """Normalise an image [N, 3, H, W] in [-1, 1] with ImageNet's mean and deviation of images in [0, 1]."""
    mean, std = (jt.array(np.array(values, np.float32).reshape(1, 3, 1, 1)) for values in (imagenet.MEAN, imagenet.STD))
    return (image * 0.5 + 0.5 - mean) / std


def flatten(x: Image) -> jt.Var:
    """Return the values of each sample as one row. [N, C, H, W] -> [N, C H W]"""
    return to_nchw(x).reshape(x.shape[0], -1)


def first_channels(x: Image, count: int) -> jt.Var:
    """Return the first `count` channels of an image as [N, count, H, W]."""
    return to_nchw(x)[:, :count]


class Conv(nn.Module):
    """Convolution with zero padding, without spectral norm. The bias begins at 0.

    Args:
        kernel_size: One number, or height and width.
        init: Draws the weight of a shape, `init(*shape)`; Xavier-normal by default.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H', W'], in the layout of x
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Union[int, Tuple[int, int]],
        stride=1,
        padding=0,
        bias=True,
        init: Init = xavier,
        groups=1,
    ):
        self.stride, self.padding, self.groups = stride, padding, groups
        height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        self.weight = init(out_channels, in_channels // groups, height, width)
        self.bias = jt.zeros(out_channels) if bias else None

    def execute(self, x: Image, slope: float = 1.0) -> Image:
        """Return the convolution of x, then leaky ReLU with this slope; slope 1 leaves the result as it is."""
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.groups, slope)


class OutputConv(Conv):
    """Convolution for the last layer of a network: the result is [N, C, H, W], whatever the layout of x."""

    def execute(self, x: Image, slope: float = 1.0) -> jt.Var:
        return to_nchw(super().execute(x, slope))


class ConvTranspose(nn.Module):
    """Transposed convolution of stride 2 and padding 1, which doubles height and width. The bias begins at 0.

    Args:
        kernel_size: 3 or 4.
        init: Draws the weight of a shape, `init(*shape)`; Xavier-normal by default.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, 2 H, 2 W]
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, bias=True, init: Init = xavier):
        self.output_padding = kernel_size % 2  # kernel size 3 needs one more row and column, 4 needs none
        self.weight = init(in_channels, out_channels, kernel_size, kernel_size)
        self.bias = jt.zeros(out_channels) if bias else None

    def execute(self, x):
        return conv_transpose2d(x, self.weight, self.bias, 2, 1, self.output_padding)


def draw_biases(net: nn.Module) -> None:
    """Draw the bias of every `Conv` and `ConvTranspose` in a network from PyTorch's default distribution."""
    for part in net.modules():
        if isinstance(part, (Conv, ConvTranspose)) and part.bias is not None:
            part.bias = default_bias(part.bias.shape[0], part.weight.shape)


class Linear(nn.Module):
    """Linear layer x W^T + b with Xavier-normal weight and bias 0. [N, in_features] -> [N, out_features]"""

    def __init__(self, in_features: int, out_features: int):
        self.weight = linear_weight(out_features, in_features)
        self.bias = jt.zeros(out_features)

    def execute(self, x):
        return matmul(x, self.weight, transpose_b=True) + self.bias
