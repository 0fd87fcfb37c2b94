"""Convolutions and norms as pix2pix, CycleGAN and BicycleGAN have them: plain, weights from N(0, 0.02) by default.

Source: junyanz/pytorch-CycleGAN-and-pix2pix models/networks.py, init_weights.
"""

from __future__ import annotations

from typing import Callable

import jittor as jt
from jittor import nn

from jittor_tsit.layers.init import normal
from jittor_tsit.layers.norm import AffineBatchNorm, InstanceNorm

Norm = Callable[[int], nn.Module]  # from the number of channels
Init = Callable[..., jt.Var]  # from a shape


class PlainConv(nn.Module):
    """Convolution with zero padding.

    Args:
        init: Draws the weight of a shape, `init(*shape)`.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H', W']
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride=1, padding=0, bias=True, init: Init = normal
    ):
        self.stride, self.padding = stride, padding
        self.weight = init(out_channels, in_channels, kernel_size, kernel_size)
        self.bias = jt.zeros(out_channels) if bias else None

    def execute(self, x):
        return nn.conv2d(x, self.weight, self.bias, self.stride, self.padding)


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
        return nn.conv_transpose(x, self.weight, self.bias, 2, 1, self.output_padding)


def affine_batch_norm(channels: int) -> AffineBatchNorm:
    """Batch norm whose scales begin near 1."""
    return AffineBatchNorm(channels, normal(channels, mean=1.0))


def plain_instance_norm(channels: int) -> InstanceNorm:
    """Instance norm without scales."""
    return InstanceNorm(channels)


NORMS = {"batch": affine_batch_norm, "instance": plain_instance_norm}


def needs_bias(norm: Norm) -> bool:
    """Whether a convolution in front of this norm has a bias: batch norm has its own."""
    return norm is not affine_batch_norm
