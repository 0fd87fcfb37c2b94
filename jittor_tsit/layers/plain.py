"""Convolutions and norms of the systems without spectral norm: plain, weights from N(0, 0.02) by default.

Source: junyanz/pytorch-CycleGAN-and-pix2pix models/networks.py, init_weights.
"""

from __future__ import annotations

from typing import Callable, Tuple, Union

import jittor as jt
from jittor import nn

from jittor_tsit.layers.conv import conv2d, conv_transpose2d
from jittor_tsit.layers.init import default_bias, normal
from jittor_tsit.layers.norm import AffineBatchNorm, InstanceNorm

Norm = Callable[[int], nn.Module]  # from the number of channels
Init = Callable[..., jt.Var]  # from a shape
KEPT = 0.5  # share of the values that dropout leaves in the official code


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


def dropped(x: jt.Var, draw: jt.Var) -> jt.Var:
    """Dropout of half of the values: zero where a draw from N(0, 1) is not positive, elsewhere doubled."""
    return x * (draw > 0).float32() / KEPT


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
