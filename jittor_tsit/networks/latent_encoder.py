"""Encoders from an image to a latent code: BicycleGAN (Zhu et al., NIPS 2017).

Source: junyanz/BicycleGAN models/networks.py, E_ResNet and E_NLayers.
"""

from __future__ import annotations

from typing import Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, Linear, leaky_relu
from jittor_tsit.layers.plain import Norm
from jittor_tsit.layers.reductions import mean
from jittor_tsit.layers.resize import average2x

MAX_FACTOR = 4  # of the width, where its growth ends


class LatentEncoder(nn.Module):
    """Image to the mean and the logarithm of the variance of a code.

    Args:
        kind: "resnet" or "conv".
        num_layers: After the first; the image's sides are 16 times 2^num_layers in `resnet_256` (4), `resnet_128` (3).
        norm: Builds the normalisation, `norm(channels)`.

    Shapes:
        image [N, in_channels, H, W] -> mu [N, z_dim], logvar [N, z_dim]
    """

    def __init__(self, kind: str, in_channels: int, width: int, num_layers: int, z_dim: int, norm: Norm):
        self.conv_first = Conv(in_channels, width, 4, 2, 1)
        channels, layers = width, []
        for k in range(1, num_layers + 1):
            # by the number of layers before; the convolutional one doubles, the residual one adds
            wanted = width * min(MAX_FACTOR, 2**k if kind == "conv" else k + 1)
            layers.append(LAYERS[kind](channels, wanted, norm))
            channels = wanted
        self.layers = nn.ModuleList(layers)
        self.is_activated = kind == "conv"  # whether a layer's output needs no activation
        self.linear_mu, self.linear_logvar = Linear(channels, z_dim), Linear(channels, z_dim)

    def execute(self, image) -> Tuple[jt.Var, jt.Var]:
        x = self.conv_first(image)
        if self.is_activated:
            x = leaky_relu(x)
        for layer in self.layers:
            x = layer(x)
        if not self.is_activated:
            x = leaky_relu(x)
        x = mean(x, [2, 3])  # the source pools 8 x 8 pixels, which is all at its sizes
        return self.linear_mu(x), self.linear_logvar(x)


class PooledBlock(nn.Module):
    """Residual block that halves the size.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H / 2, W / 2]

    Source: BasicBlock.
    """

    def __init__(self, in_channels: int, out_channels: int, norm: Norm):
        self.norm0, self.conv0 = norm(in_channels), Conv(in_channels, in_channels, 3, padding=1)
        self.norm1, self.conv1 = norm(in_channels), Conv(in_channels, out_channels, 3, padding=1)
        self.conv_skip = Conv(in_channels, out_channels, 1)

    def execute(self, x):
        y = self.conv0(leaky_relu(self.norm0(x)))
        y = average2x(self.conv1(leaky_relu(self.norm1(y))))
        return y + self.conv_skip(average2x(x))


class StridedConv(nn.Module):
    """Convolution of stride 2, norm, activation.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H / 2, W / 2]
    """

    def __init__(self, in_channels: int, out_channels: int, norm: Norm):
        self.conv, self.norm = Conv(in_channels, out_channels, 4, 2, 1), norm(out_channels)

    def execute(self, x):
        return leaky_relu(self.norm(self.conv(x)))


LAYERS = {"resnet": PooledBlock, "conv": StridedConv}
