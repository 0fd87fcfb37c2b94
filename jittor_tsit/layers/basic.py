"""Convolution and linear layer with the family's initialisation, its activation, and ImageNet's scale."""

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.layers import imagenet
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.image_layouts import Image, activated
from jittor_tsit.layers.init import conv_weight, linear_weight
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
