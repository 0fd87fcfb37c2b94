"""Patch discriminator of pix2pix and CycleGAN (Isola et al., CVPR 2017): 70 x 70 with three layers.

Source: junyanz/pytorch-CycleGAN-and-pix2pix models/networks.py, NLayerDiscriminator and PixelDiscriminator.
"""

from __future__ import annotations

from typing import List, Optional

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, leaky_relu
from jittor_tsit.layers.init import Init, normal
from jittor_tsit.layers.norm_kinds import Norm, needs_bias
from jittor_tsit.layers.resize import avg_pool_down

MAX_FACTOR = 8  # channels double from layer to layer up to this multiple of the width


class PatchGAN(nn.Module):
    """Discriminator that judges overlapping patches, or single pixels.

    Args:
        num_layers: Number of strided layers. 1 to 5 judge patches with sides of 16, 34, 70, 142 or 286 pixels; 0
            judges single pixels.
        norm: Builds the normalisation, `norm(channels)`.
        init: Draws the weight of a shape, `init(*shape)`.
        bias: Whether convolutions in front of a norm have a bias; by default as `needs_bias(norm)` says.

    Shapes:
        image [N, in_channels, H, W] -> logits [N, 1, h, w]
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        num_layers: int,
        norm: Norm,
        init: Init = normal,
        bias: Optional[bool] = None,
    ):
        bias = needs_bias(norm) if bias is None else bias
        if num_layers:
            widths = [min(2**k, MAX_FACTOR) * width for k in range(num_layers + 1)]
            kinds = [(4, 1 if k == num_layers else 2, 1) for k in range(1, num_layers + 1)]  # size, stride, padding
            self.conv_first, last = (
                Conv(in_channels, width, 4, 2, 1, init=init),
                Conv(widths[-1], 1, 4, 1, 1, init=init),
            )
        else:
            widths, kinds = [width, 2 * width], [(1, 1, 0)]
            self.conv_first, last = (
                Conv(in_channels, width, 1, init=init),
                Conv(2 * width, 1, 1, bias=bias, init=init),
            )
        self.convs = nn.ModuleList([Conv(a, b, *kind, bias, init) for a, b, kind in zip(widths, widths[1:], kinds)])
        self.norms = nn.ModuleList([norm(channels) for channels in widths[1:]])
        self.conv_logits = last

    def execute(self, image):
        x = leaky_relu(self.conv_first(image))
        for conv, norm in zip(self.convs, self.norms):
            x = leaky_relu(norm(conv(x)))
        return self.conv_logits(x)


class TwoScalePatchGAN(nn.Module):
    """Two patch discriminators. The second has half the width and judges the image at half its size.

    Shapes:
        image [N, in_channels, H, W] -> two logits [N, 1, h, w], full size first

    Source: BicycleGAN (Zhu et al., NIPS 2017); junyanz/BicycleGAN models/networks.py, D_NLayersMulti.
    """

    def __init__(self, in_channels: int, width: int, num_layers: int, norm: Norm, init: Init):
        widths = width, round(width / 2)
        self.scales = nn.ModuleList([PatchGAN(in_channels, each, num_layers, norm, init, bias=True) for each in widths])

    def execute(self, image) -> List[jt.Var]:
        return [self.scales[0](image), self.scales[1](avg_pool_down(image))]
