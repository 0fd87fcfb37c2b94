"""Image encoder of SPADE and TSIT (SPADE: Park et al., CVPR 2019; models/networks/encoder.py)."""

from typing import Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import SLOPE, Linear
from jittor_tsit.layers.image_layouts import for_convolutions, plain
from jittor_tsit.layers.norm import instance_norm
from jittor_tsit.layers.spectral_conv import SpectralConv

SIDE = 256  # images are brought to this size first


class ConvEncoder(nn.Module):
    """Mean and log-variance of the latent code of an image.

    Shapes:
        image [N, 3, H, W] in [-1, 1] -> mu [N, z_dim], logvar [N, z_dim]
    """

    def __init__(self, width: int, z_dim: int = 256):
        channels = [3] + [width * factor for factor in (1, 2, 4, 8, 8, 8)]
        self.convs = nn.ModuleList(
            [SpectralConv(a, b, 3, stride=2, padding=1, bias=False) for a, b in zip(channels, channels[1:])]
        )
        features = channels[-1] * (SIDE // 2 ** len(self.convs)) ** 2
        self.linear_mu = Linear(features, z_dim)
        self.linear_logvar = Linear(features, z_dim)

    def execute(self, image) -> Tuple[jt.Var, jt.Var]:
        x = image
        if tuple(x.shape[2:]) != (SIDE, SIDE):
            x = nn.interpolate(x, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        for conv in self.convs:
            x = instance_norm(for_convolutions(conv(x)), SLOPE)
        x = plain(x).reshape(x.shape[0], -1)
        return self.linear_mu(x), self.linear_logvar(x)
