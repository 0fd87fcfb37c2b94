"""Networks of OASIS (Sushko et al., ICLR 2021), written from the paper.

G is SPADE's generator without its first block. Its label map is concatenated with noise. The paper calls the noise 3D,
because it has a value for each channel and each pixel. D is a U-Net that segments the image.
"""

from typing import List

import jittor as jt
from jittor import nn

from jittor_tsit.config.systems.oasis import STRIDE_G
from jittor_tsit.layers.basic import Image, OutputConv, leaky_relu
from jittor_tsit.layers.conv_of_noise import NoisyConv
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.init import default_weight
from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.layers.residual_blocks import ModulatedBlock
from jittor_tsit.layers.resize import resize_nearest, upsample2x
from jittor_tsit.layers.spatial_norm import NoisySPADE
from jittor_tsit.layers.unet_blocks import DownBlock, UpBlock

FACTORS_G = (16, 16, 16, 8, 4, 2, 1)  # channels of G's features, as multiples of its width
FACTORS_DOWN = (2, 2, 4, 4, 8, 8)  # channels of D's features on the way down, as multiples of its width
FACTORS_UP = (8, 4, 4, 2, 2, 1)  # and on the way up


class OASISGenerator(nn.Module):
    """Generator whose first features and normalisations are computed from the label map and noise.

    Args:
        in_channels: Channels of `segmap`.
        width: Channels of the last features.
        z_dim: Channels of the noise.

    Shapes:
        segmap [N, in_channels, H, W], z [N, z_dim, h, w] -> image [N, 3, H, W] in [-1, 1]. H and W are multiples of
        STRIDE_G. h and w are 1 for noise that is the same in all pixels, else the noise is resized to each size of
        the features by nearest neighbour.
    """

    def __init__(self, in_channels: int, width: int, z_dim: int):
        channels = [width * factor for factor in FACTORS_G]

        def modulation(count: int) -> NoisySPADE:
            return NoisySPADE(count, in_channels, z_dim, BatchNorm)

        self.conv_first = NoisyConv(in_channels, z_dim, channels[0])
        self.blocks = nn.ModuleList(
            [ModulatedBlock(a, min(a, b), b, modulation) for a, b in zip(channels, channels[1:])]
        )
        self.conv_image = OutputConv(channels[-1], 3, 3, padding=1)

    def execute(self, segmap: Image, z: jt.Var) -> jt.Var:
        x = self.conv_first(resize_nearest(segmap, *(side // STRIDE_G for side in segmap.shape[2:])), z)
        for number, block in enumerate(self.blocks):
            x = upsample2x(x) if number else x
            x = block(x, (resize_nearest(segmap, *x.shape[2:]), z))
        return tanh(self.conv_image(leaky_relu(x)))


class OASISDiscriminator(nn.Module):
    """U-Net that gives the logits of N + 1 classes for each pixel: those of the label maps, then "generated".

    Args:
        num_classes: N.
        width: Channels of the last features.

    Shapes:
        image [N, 3, H, W], sides multiples of 64 -> logits [N, num_classes + 1, H, W]
    """

    def __init__(self, num_classes: int, width: int):
        down, up = ([width * factor for factor in factors] for factors in (FACTORS_DOWN, FACTORS_UP))
        self.downs = nn.ModuleList([DownBlock(a, b, bool(k)) for k, (a, b) in enumerate(zip([3, *down], down))])
        inputs = [[down[-1]], *([a, b] for a, b in zip(up, reversed(down[:-1])))]
        self.ups = nn.ModuleList([UpBlock(channels, count) for channels, count in zip(inputs, up)])
        # Drawn as D's other weights. SPADE's much smaller draws left the logits nearly equal for 120 steps at width 8.
        self.conv_logits = OutputConv(up[-1], num_classes + 1, 1, init=default_weight)

    def execute(self, image: jt.Var) -> jt.Var:
        feats: List[Image] = [image]
        for down in self.downs:
            feats.append(down(feats[-1]))
        x = self.ups[0](feats[-1])
        for up, skip in zip(self.ups[1:], reversed(feats[1:-1])):
            x = up(x, skip)
        return self.conv_logits(leaky_relu(x))
