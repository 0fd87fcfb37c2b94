"""Residual blocks of a discriminator in the shape of a U-Net: one halves the size, one doubles it.

Source: OASIS (Sushko et al., ICLR 2021), which names residual blocks with spectral norm, averages for the way down and
    nearest neighbours for the way up. The order inside a block is ours: leaky ReLU, convolution, leaky ReLU,
    convolution, as in BigGAN's discriminator (Brock et al., ICLR 2019).
"""

from functools import reduce
from typing import Sequence

from jittor import nn

from jittor_tsit.layers.basic import leaky_relu
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.conv_and_average import conv2d_and_average
from jittor_tsit.layers.image_layouts import Image, to_fast_layout, to_layout_of
from jittor_tsit.layers.resize import upsample2x
from jittor_tsit.layers.spectral_conv import SpectralConv


class DownBlock(nn.Module):
    """Residual block that halves height and width by averages of 2 x 2 pixels.

    Args:
        starts_with_activation: False for the block that takes the image.

    Shapes:
        x [N, in_channels, 2H, 2W] -> [N, out_channels, H, W], in the fastest layout
    """

    def __init__(self, in_channels: int, out_channels: int, starts_with_activation: bool = True):
        self.starts_with_activation = starts_with_activation
        self.conv0 = SpectralConv(in_channels, out_channels, 3, padding=1)
        self.conv1 = SpectralConv(out_channels, out_channels, 3, padding=1)
        self.conv_skip = SpectralConv(in_channels, out_channels, 1)

    def execute(self, x: Image) -> Image:
        y = self.conv0(leaky_relu(x) if self.starts_with_activation else x)
        y = _averaged(self.conv1, leaky_relu(to_fast_layout(y)))
        return to_fast_layout(y + to_layout_of(_averaged(self.conv_skip, x), y))


class UpBlock(nn.Module):
    """Residual block that doubles height and width by nearest neighbours.

    Args:
        in_channels: Channels of each of the images that it takes.

    Shapes:
        parts [N, in_channels[k], H, W], as if concatenated along the channels -> [N, out_channels, 2H, 2W], in the
        fastest layout
    """

    def __init__(self, in_channels: Sequence[int], out_channels: int):
        self.conv0 = SpectralConv(sum(in_channels), out_channels, 3, padding=1)
        self.conv1 = SpectralConv(out_channels, out_channels, 3, padding=1)
        self.conv_skip = SpectralConv(sum(in_channels), out_channels, 1)

    def execute(self, *parts: Image) -> Image:
        y = _conv_of_parts(self.conv0, [upsample2x(leaky_relu(part)) for part in parts])
        y = self.conv1(leaky_relu(to_fast_layout(y)))
        skip = upsample2x(_conv_of_parts(self.conv_skip, parts))  # a 1 x 1 convolution and upsampling commute
        return y + to_layout_of(skip, y)


def _averaged(conv: SpectralConv, x: Image) -> Image:
    """Return the convolution of x, averaged over blocks of 2 x 2 pixels."""
    return conv2d_and_average(x, conv.normalized_weight(), conv.bias)


def _conv_of_parts(conv: SpectralConv, parts: Sequence[Image]) -> Image:
    """Return the convolution of the concatenated parts: the sum of convolutions by slices of the weight.

    On a CPU this leaves the parts in their blocked layout.
    """
    weight, sums, first = conv.normalized_weight(), [], 0
    for part in parts:
        last = first + part.shape[1]
        sums.append(conv2d(part, weight[:, first:last], None if first else conv.bias, padding=conv.padding))
        first = last
    return reduce(lambda x, y: x + to_layout_of(y, x), sums)
