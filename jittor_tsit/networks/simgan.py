"""Refiner and discriminator of SimGAN (Shrivastava et al., CVPR 2017), for eyes and for hands.

Source: the paper. There is no official code. daniel-merrick's PyTorch version (commit 0bb4d08) has the same networks
for eyes, except for its leaky ReLU. Its weights can be converted.
"""

from __future__ import annotations

from typing import NamedTuple, Tuple

from jittor import nn

from jittor_tsit.layers.basic import Conv, draw_biases
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.init import default_weight
from jittor_tsit.layers.resize import max_pool

WIDTHS = 96, 64, 32, 32  # channels of D's layers before the last
NUM_ANSWERS = 2  # D's logits for a patch: refined, real


class Architecture(NamedTuple):
    """Sizes of the refiner and the discriminator, which the paper chose for each of its two data sets."""

    stem_size: int  # pixels; side of the refiner's first kernel
    num_blocks: int
    first_layers: Tuple[Tuple[int, int], ...]  # kernel size and stride of each of D's layers before the pooling
    pool_stride: int
    stride: int  # of the layer after the pooling


ARCHITECTURES = {
    "gaze": Architecture(3, 4, ((3, 2), (3, 2)), 1, 1),  # 55 x 35
    "hand": Architecture(7, 10, ((7, 4), (5, 2)), 2, 2),  # 224 x 224
}


class Refiner(nn.Module):
    """Refiner: makes a rendered image look real and keeps the place of every pixel.

    Args:
        kind: A key of ARCHITECTURES.
        slope: Slope of the leaky ReLU; the paper has 0, which is ReLU.

    Shapes:
        image [N, channels, H, W] -> [N, channels, H, W] in [-1, 1]
    """

    def __init__(self, kind: str, channels: int, width: int, slope: float):
        own = ARCHITECTURES[kind]
        self.stem, self.slope = _conv(channels, width, own.stem_size), slope
        self.blocks = nn.ModuleList([RefinerBlock(width, slope) for _ in range(own.num_blocks)])
        self.conv_image = _conv(width, channels, 1)
        draw_biases(self)

    def execute(self, image):
        x = nn.leaky_relu(self.stem(image), self.slope)
        for block in self.blocks:
            x = block(x)
        return tanh(self.conv_image(x))


class RefinerBlock(nn.Module):
    """Residual block of two convolutions, with leaky ReLU after the sum.

    Shapes:
        x [N, width, H, W] -> [N, width, H, W]
    """

    def __init__(self, width: int, slope: float):
        self.conv0, self.conv1, self.slope = _conv(width, width, 3), _conv(width, width, 3), slope

    def execute(self, x):
        y = self.conv1(nn.leaky_relu(self.conv0(x), self.slope))
        return nn.leaky_relu(x + y, self.slope)


class LocalDiscriminator(nn.Module):
    """Discriminator that judges each patch of an image.

    Args:
        kind: A key of ARCHITECTURES.
        slope: Slope of the leaky ReLU.

    Shapes:
        image [N, channels, H, W] -> logits [N, 2, h, w] of refined and real; 14 x 9 patches for eyes of 55 x 35 pixels
    """

    def __init__(self, kind: str, channels: int, slope: float):
        own = ARCHITECTURES[kind]
        sizes = [*own.first_layers, (3, own.stride), (1, 1)]  # kernel and stride
        self.convs = nn.ModuleList([_conv(a, b, *size) for a, b, size in zip((channels, *WIDTHS), WIDTHS, sizes)])
        self.conv_logits = _conv(WIDTHS[-1], NUM_ANSWERS, 1)
        self.num_before_pool, self.pool_stride, self.slope = len(own.first_layers), own.pool_stride, slope
        draw_biases(self)

    def execute(self, image):
        x = image
        for k, conv in enumerate(self.convs):
            if k == self.num_before_pool:
                x = max_pool(x, self.pool_stride)
            x = nn.leaky_relu(conv(x), self.slope)
        return self.conv_logits(x)


def _conv(in_channels: int, out_channels: int, kernel_size: int, stride=1) -> Conv:
    return Conv(in_channels, out_channels, kernel_size, stride, kernel_size // 2, init=default_weight)
