"""Patch discriminator of pix2pix and CycleGAN (Isola et al., CVPR 2017): 70 x 70 with three layers.

Source: junyanz/pytorch-CycleGAN-and-pix2pix models/networks.py, NLayerDiscriminator and PixelDiscriminator.
"""

from __future__ import annotations

from typing import List, Optional

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import PlainConv, leaky_relu
from jittor_tsit.layers.init import Init, normal
from jittor_tsit.layers.norm_kinds import Norm, needs_bias
from jittor_tsit.layers.resize import avg_pool_down

MAX_FACTOR = 8  # of the width, where the doubling of channels ends


class PlainPatchGAN(nn.Module):
    """Convolutions that judge overlapping patches, or single pixels.

    Args:
        num_layers: Strided layers; patches have 16, 34, 70, 142 or 286 pixels a side for 1 to 5. 0: pixels.
        init: Draws the weights, as PlainConv has it.
        bias: Whether convolutions in front of a norm have one; by default where the norm has none of its own.

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
                PlainConv(in_channels, width, 4, 2, 1, init=init),
                PlainConv(widths[-1], 1, 4, 1, 1, init=init),
            )
        else:
            widths, kinds = [width, 2 * width], [(1, 1, 0)]
            self.conv_first, last = (
                PlainConv(in_channels, width, 1, init=init),
                PlainConv(2 * width, 1, 1, bias=bias, init=init),
            )
        self.convs = nn.ModuleList(
            [PlainConv(a, b, *kind, bias, init) for a, b, kind in zip(widths, widths[1:], kinds)]
        )
        self.norms = nn.ModuleList([norm(channels) for channels in widths[1:]])
        self.conv_logits = last

    def execute(self, image):
        x = leaky_relu(self.conv_first(image))
        for conv, norm in zip(self.convs, self.norms):
            x = leaky_relu(norm(conv(x)))
        return self.conv_logits(x)


class TwoScalePatchGAN(nn.Module):
    """Two patch discriminators, the second of half the width on an image of half the size.

    Shapes:
        image [N, in_channels, H, W] -> logits [N, 1, h, w] of each scale

    Source: BicycleGAN (Zhu et al., NIPS 2017); junyanz/BicycleGAN models/networks.py, D_NLayersMulti.
    """

    def __init__(self, in_channels: int, width: int, num_layers: int, norm: Norm, init: Init):
        widths = width, round(width / 2)
        self.scales = nn.ModuleList(
            [PlainPatchGAN(in_channels, each, num_layers, norm, init, bias=True) for each in widths]
        )

    def execute(self, image) -> List[jt.Var]:
        return [self.scales[0](image), self.scales[1](avg_pool_down(image))]
