"""U-Net generator of pix2pix (Isola et al., CVPR 2017; Ronneberger et al., MICCAI 2015)."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, ConvTranspose, leaky_relu
from jittor_tsit.layers.dropout import dropout
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.init import normal
from jittor_tsit.layers.norm_kinds import Norm, needs_bias

MAX_FACTOR = 8  # channels double from level to level up to this multiple of the width
DROPOUT_LEVEL = 4  # first level, counted from 0, with dropout of half of the values; the last level has none


class UNetGenerator(nn.Module):
    """U-Net from image to image: levels that halve the size, levels that double it, and skip connections between them.

    Args:
        num_levels: 8 for `unet_256`, 7 for `unet_128`.
        norm: Builds the normalisation, `norm(channels)`.

    Shapes:
        image [N, in_channels, H, W], sides multiples of 2^num_levels -> [N, out_channels, H, W] in [-1, 1]

    Source: junyanz/pytorch-CycleGAN-and-pix2pix models/networks.py, UnetGenerator.
    """

    def __init__(self, in_channels: int, out_channels: int, num_levels: int, width: int, norm: Norm):
        widths = [min(2**k, MAX_FACTOR) * width for k in range(num_levels)]
        bias, last = needs_bias(norm), num_levels - 1
        self.downs = nn.ModuleList(
            [Conv(a, b, 4, 2, 1, bias, init=normal) for a, b in zip([in_channels, *widths], widths)]
        )
        self.down_norms = nn.ModuleList([norm(channels) for channels in widths[1:last]])  # none at either end
        ups = [ConvTranspose(2 * widths[0], out_channels, 4, init=normal)]
        ups += [ConvTranspose(2 * widths[k], widths[k - 1], 4, bias, init=normal) for k in range(1, last)]
        self.ups = nn.ModuleList([*ups, ConvTranspose(widths[last], widths[last - 1], 4, bias, init=normal)])
        self.up_norms = nn.ModuleList([norm(channels) for channels in widths[:last]])
        self.widths = widths

    def dropout_shapes(self, height: int, width: int) -> List[Tuple[int, int, int]]:
        """Return the shapes [C, H, W] of the draws of `execute`, deepest level first, for images of this size."""
        levels = range(len(self.ups) - 2, DROPOUT_LEVEL - 1, -1)
        return [(self.widths[k - 1], height >> k, width >> k) for k in levels]

    def execute(self, image, draws: Optional[Sequence[jt.Var]] = None):
        """Return the image for an image.

        Args:
            draws: One array [N, *shape] from N(0, 1) for each of `dropout_shapes`; they decide which values dropout
                sets to 0. None: no dropout.
        """
        feats, last = [self.downs[0](image)], len(self.downs) - 1
        for k in range(1, last):
            feats.append(self.down_norms[k - 1](self.downs[k](leaky_relu(feats[-1]))))
        x = self.downs[last](leaky_relu(feats[-1]))
        x = self.up_norms[last - 1](self.ups[last](nn.relu(x)))
        for k in range(last - 1, 0, -1):
            x = self.up_norms[k - 1](self.ups[k](nn.relu(jt.concat([feats[k], x], 1))))
            if draws is not None and k >= DROPOUT_LEVEL:
                x = dropout(x, draws[last - 1 - k])
        return tanh(self.ups[0](nn.relu(jt.concat([feats[0], x], 1))))
