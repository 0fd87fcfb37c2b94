"""Encoder of the style photo, the VAE of SPADE and TSIT (Park et al., CVPR 2019; models/networks/encoder.py).

TSIT's style transfer has a style stream in its place: `Stream` of tsit.py.
"""

from typing import Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Linear, flatten
from jittor_tsit.layers.spectral_conv import SpectralConv, conv_norm_act

SIDE = 256  # pixels; images are resized to this height and width first


class ConvEncoder(nn.Module):
    """Encoder from an image to the mean and log-variance of its latent code.

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
            x = conv_norm_act(conv, x)
        x = flatten(x)
        return self.linear_mu(x), self.linear_logvar(x)
