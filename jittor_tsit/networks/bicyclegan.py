"""U-Net generator with a latent code, and encoder from an image to a latent code: BicycleGAN (Zhu et al., NIPS 2017).

Source: junyanz/BicycleGAN models/networks.py, G_Unet_add_all, G_Unet_add_input, E_ResNet and E_NLayers. Three things
differ from pix2pix's U-Net: all convolutions have a bias, weights are Xavier-normal, and features of the level below
are concatenated in front of those of the skip connection.
"""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, ConvTranspose, Linear, leaky_relu
from jittor_tsit.layers.dropout import dropout
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.init import xavier
from jittor_tsit.layers.norm_kinds import Norm
from jittor_tsit.layers.reductions import mean
from jittor_tsit.layers.resize import average2x, reflect_pad, resize_bilinear
from jittor_tsit.networks.unet import DROPOUT_LEVEL, MAX_FACTOR

MAX_FACTOR_E = 4  # channels of the encoder grow from layer to layer up to this multiple of its width


class LatentUNet(nn.Module):
    """U-Net from an image and a latent code to an image.

    Args:
        num_levels: 8 for `unet_256`, 7 for `unet_128`.
        norm: Builds the normalisation, `norm(channels)`.
        adds_to_all: Whether the code is an input of every level that halves the size, or of the first one only.
        upsampling: "basic" for transposed convolutions, "bilinear" for bilinear resizing followed by a convolution.

    Shapes:
        image [N, in_channels, H, W], sides multiples of 2^num_levels, z [N, z_dim]
        -> [N, out_channels, H, W] in [-1, 1]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        num_levels: int,
        width: int,
        z_dim: int,
        norm: Norm,
        adds_to_all: bool = True,
        upsampling: str = "basic",
    ):
        widths = [min(2**k, MAX_FACTOR) * width for k in range(num_levels)]
        self.widths, self.adds_to_all, last = widths, adds_to_all, num_levels - 1
        up = UPSAMPLINGS[upsampling]
        sides = [a + (z_dim if adds_to_all or k == 0 else 0) for k, a in enumerate([in_channels, *widths[:-1]])]
        self.downs = nn.ModuleList([Conv(a, b, 4, 2, 1) for a, b in zip(sides, widths)])
        self.down_norms = nn.ModuleList([norm(channels) for channels in widths[1:last]])  # none at either end
        ups = [up(2 * widths[k], widths[k - 1] if k else out_channels) for k in range(last)]
        self.ups = nn.ModuleList([*ups, up(widths[last], widths[last - 1])])
        self.up_norms = nn.ModuleList([norm(channels) for channels in widths[:last]])

    def dropout_shapes(self, height: int, width: int) -> List[Tuple[int, int, int]]:
        """Return the shapes [C, H, W] of the draws that `execute` takes, as `UNetGenerator.dropout_shapes` does."""
        levels = range(len(self.ups) - 2, DROPOUT_LEVEL - 1, -1)
        return [(self.widths[k - 1], height >> k, width >> k) for k in levels]

    def execute(self, image, z, draws: Optional[Sequence[jt.Var]] = None):
        """Return the image for an image and a code; `draws` as in `UNetGenerator.execute`."""
        last = len(self.downs) - 1
        feats = [self.downs[0](with_code(image, z))]
        for k in range(1, last):
            feats.append(self.down_norms[k - 1](self._down(k, feats[-1], z)))
        x = self.up_norms[last - 1](self.ups[last](nn.relu(self._down(last, feats[-1], z))))
        for k in range(last - 1, 0, -1):
            x = self.up_norms[k - 1](self.ups[k](nn.relu(jt.concat([x, feats[k]], 1))))
            if draws is not None and k >= DROPOUT_LEVEL:
                x = dropout(x, draws[last - 1 - k])
        return tanh(self.ups[0](nn.relu(jt.concat([x, feats[0]], 1))))

    def _down(self, k: int, x: jt.Var, z: jt.Var) -> jt.Var:
        return self.downs[k](leaky_relu(with_code(x, z) if self.adds_to_all else x))


def with_code(x: jt.Var, z: jt.Var) -> jt.Var:
    """Concatenate x and the code, repeated at every pixel. x [N, C, H, W], z [N, Z] -> [N, C + Z, H, W]"""
    shape = [z.shape[0], z.shape[1], x.shape[2], x.shape[3]]
    return jt.concat([x, z.broadcast(shape, [2, 3])], 1)


class BilinearUp(nn.Module):
    """Bilinear resizing to twice the size, then a 3 x 3 convolution with reflection padding.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, 2 H, 2 W]
    """

    def __init__(self, in_channels: int, out_channels: int):
        self.conv = Conv(in_channels, out_channels, 3)

    def execute(self, x):
        return self.conv(reflect_pad(resize_bilinear(x, 2 * x.shape[2], 2 * x.shape[3]), 1))


def conv_transpose_2x(in_channels: int, out_channels: int) -> ConvTranspose:
    """Return a transposed convolution with kernel size 4 that doubles height and width, as a layer."""
    return ConvTranspose(in_channels, out_channels, 4, init=xavier)


UPSAMPLINGS = {"basic": conv_transpose_2x, "bilinear": BilinearUp}


class LatentEncoder(nn.Module):
    """Encoder from an image to the mean and log-variance of a latent code.

    Args:
        kind: "resnet" or "conv".
        num_layers: Number of layers after the first. The official networks are made for images with sides of
            16 * 2^num_layers pixels: `resnet_256` has 4 layers, `resnet_128` has 3.
        norm: Builds the normalisation, `norm(channels)`.

    Shapes:
        image [N, in_channels, H, W] -> mu [N, z_dim], logvar [N, z_dim]
    """

    def __init__(self, kind: str, in_channels: int, width: int, num_layers: int, z_dim: int, norm: Norm):
        self.conv_first = Conv(in_channels, width, 4, 2, 1)
        channels, layers = width, []
        for k in range(1, num_layers + 1):
            # channels double from layer to layer ("conv"), or grow by the width ("resnet")
            wanted = width * min(MAX_FACTOR_E, 2**k if kind == "conv" else k + 1)
            layers.append(LAYERS[kind](channels, wanted, norm))
            channels = wanted
        self.layers = nn.ModuleList(layers)
        self.is_activated = kind == "conv"  # whether the layers end with an activation
        self.linear_mu, self.linear_logvar = Linear(channels, z_dim), Linear(channels, z_dim)

    def execute(self, image) -> Tuple[jt.Var, jt.Var]:
        x = self.conv_first(image)
        if self.is_activated:
            x = leaky_relu(x)
        for layer in self.layers:
            x = layer(x)
        if not self.is_activated:
            x = leaky_relu(x)
        x = mean(x, [2, 3])  # the source pools 8 x 8 pixels, the whole map at its sizes
        return self.linear_mu(x), self.linear_logvar(x)


class PooledBlock(nn.Module):
    """Residual block that halves the size by average pooling.

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
    """Convolution of stride 2, norm, leaky ReLU.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H / 2, W / 2]
    """

    def __init__(self, in_channels: int, out_channels: int, norm: Norm):
        self.conv, self.norm = Conv(in_channels, out_channels, 4, 2, 1), norm(out_channels)

    def execute(self, x):
        return leaky_relu(self.norm(self.conv(x)))


LAYERS = {"resnet": PooledBlock, "conv": StridedConv}
