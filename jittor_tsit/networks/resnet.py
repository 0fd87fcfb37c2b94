"""Residual generator of CycleGAN (Zhu et al., ICCV 2017; Johnson et al., ECCV 2016)."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, ConvTranspose
from jittor_tsit.layers.dropout import dropout
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.init import Init, normal
from jittor_tsit.layers.norm_kinds import Norm, needs_bias
from jittor_tsit.layers.resize import reflect_pad


class DownAndUp(nn.Module):
    """Base of generators that halve the size twice, apply residual blocks, and double the size twice.

    A subclass makes `downs`, `down_norms`, `blocks`, `ups` and `up_norms`.

    Shapes:
        x [N, width, H, W] -> [N, width, H, W], H and W multiples of 4
    """

    def down_and_up(self, x, draws: Optional[Sequence[jt.Var]] = None):
        """Return the features [N, width, H, W] after halving, residual blocks and doubling of features x.

        Args:
            draws: One array for each block, for its dropout; None: no dropout.
        """
        for conv, norm in zip(self.downs, self.down_norms):
            x = nn.relu(norm(conv(x)))
        for k, block in enumerate(self.blocks):
            x = block(x) if draws is None else block(x, draws[k])
        for conv, norm in zip(self.ups, self.up_norms):
            x = nn.relu(norm(conv(x)))
        return x


class ResNetGenerator(DownAndUp):
    """Generator from image to image, with residual blocks at a quarter of the size.

    Args:
        num_blocks: 9 for 256 x 256, 6 for 128 x 128.
        norm: Builds the normalisation, `norm(channels)`.

    Shapes:
        image [N, in_channels, H, W], sides multiples of 4 -> [N, out_channels, H, W] in [-1, 1]

    Source: junyanz/pytorch-CycleGAN-and-pix2pix models/networks.py, ResnetGenerator.
    """

    def __init__(self, in_channels: int, out_channels: int, num_blocks: int, width: int, norm: Norm):
        bias = needs_bias(norm)
        self.stem, self.norm_stem = Conv(in_channels, width, 7, bias=bias, init=normal), norm(width)
        self.downs = nn.ModuleList([Conv(k * width, 2 * k * width, 3, 2, 1, bias, init=normal) for k in (1, 2)])
        self.down_norms = nn.ModuleList([norm(2 * k * width) for k in (1, 2)])
        self.blocks = nn.ModuleList([ResNetBlock(4 * width, norm) for _ in range(num_blocks)])
        self.ups = nn.ModuleList([ConvTranspose(2 * k * width, k * width, 3, bias, init=normal) for k in (2, 1)])
        self.up_norms = nn.ModuleList([norm(k * width) for k in (2, 1)])
        self.conv_image = Conv(width, out_channels, 7, init=normal)
        self.block_width = 4 * width

    def dropout_shapes(self, height: int, width: int) -> List[Tuple[int, int, int]]:
        """Return the shapes [C, H, W] of the draws of `execute`, one for each block, for images of this size."""
        return [(self.block_width, height // 4, width // 4)] * len(self.blocks)

    def execute(self, image, draws: Optional[Sequence[jt.Var]] = None):
        """Return the image for an image.

        Args:
            draws: One array [N, *shape] from N(0, 1) for each of `dropout_shapes`; they decide which values dropout
                sets to 0. None: no dropout.
        """
        x = self.down_and_up(nn.relu(self.norm_stem(self.stem(reflect_pad(image, 3)))), draws)
        return tanh(self.conv_image(reflect_pad(x, 3)))


class ResNetBlock(nn.Module):
    """Residual block of two convolutions, without activation after the sum.

    Shapes:
        x [N, channels, H, W], draw [N, channels, H, W] for dropout between the two, or None -> [N, channels, H, W]
    """

    def __init__(self, channels: int, norm: Norm, init: Init = normal):
        bias = needs_bias(norm)
        self.conv0, self.norm0 = Conv(channels, channels, 3, bias=bias, init=init), norm(channels)
        self.conv1, self.norm1 = Conv(channels, channels, 3, bias=bias, init=init), norm(channels)

    def execute(self, x, draw: Optional[jt.Var] = None):
        y = nn.relu(self.norm0(self.conv0(reflect_pad(x, 1))))
        if draw is not None:
            y = dropout(y, draw)
        return x + self.norm1(self.conv1(reflect_pad(y, 1)))
