"""Generator and discriminator of StarGAN (Choi et al., CVPR 2018). Weights and biases are PyTorch's default draws.

Source: yunjey/stargan model.py.
"""

from __future__ import annotations

from typing import Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, ConvTranspose, draw_biases
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.init import default_weight
from jittor_tsit.layers.norm import AffineInstanceNorm
from jittor_tsit.networks.resnet import DownAndUp

SLOPE = 0.01  # of D's leaky ReLU, PyTorch's default


class StarGANGenerator(DownAndUp):
    """Generator that gives an image the attributes and class of a label.

    Args:
        label_size: Length of a label.

    Shapes:
        image [N, 3, H, W], sides multiples of 4, label [N, label_size] -> [N, 3, H, W] in [-1, 1]
    """

    def __init__(self, label_size: int, width: int, num_blocks: int):
        self.stem, self.norm_stem = _conv(3 + label_size, width, 7, padding=3), AffineInstanceNorm(width)
        self.downs = nn.ModuleList([_conv(k * width, 2 * k * width, 4, 2, 1) for k in (1, 2)])
        self.down_norms = nn.ModuleList([AffineInstanceNorm(2 * k * width) for k in (1, 2)])
        self.blocks = nn.ModuleList([StarGANBlock(4 * width) for _ in range(num_blocks)])
        self.ups = nn.ModuleList(
            [ConvTranspose(2 * k * width, k * width, 4, bias=False, init=default_weight) for k in (2, 1)]
        )
        self.up_norms = nn.ModuleList([AffineInstanceNorm(k * width) for k in (2, 1)])
        self.conv_image = _conv(width, 3, 7, padding=3)

    def execute(self, image, label):
        # Padding by zeros, not reflection: the norms would remove the constant planes of the label completely.
        planes = label.broadcast([*label.shape, *image.shape[2:]], [2, 3])
        x = nn.relu(self.norm_stem(self.stem(jt.concat([image, planes], 1))))
        return tanh(self.conv_image(self.down_and_up(x)))


class StarGANBlock(nn.Module):
    """Residual block of two convolutions, without activation after the sum.

    Shapes:
        x [N, channels, H, W] -> [N, channels, H, W]
    """

    def __init__(self, channels: int):
        self.conv0, self.norm0 = _conv(channels, channels, 3, padding=1), AffineInstanceNorm(channels)
        self.conv1, self.norm1 = _conv(channels, channels, 3, padding=1), AffineInstanceNorm(channels)

    def execute(self, x):
        return x + self.norm1(self.conv1(nn.relu(self.norm0(self.conv0(x)))))


class StarGANDiscriminator(nn.Module):
    """Discriminator that judges patches and predicts the attributes and class of an image.

    Args:
        num_labels: Number of attributes and classes.
        height, width: Size of the image in pixels, multiples of 2^num_layers.
        first_channels: Channels of the first layer; each further layer doubles them.

    Shapes:
        image [N, 3, H, W] -> logits [N, 1, H / 2^num_layers, W / 2^num_layers], label logits [N, num_labels]
    """

    def __init__(self, num_labels: int, height: int, width: int, first_channels: int, num_layers: int):
        channels = [3, *(first_channels * 2**k for k in range(num_layers))]
        self.convs = nn.ModuleList([Conv(a, b, 4, 2, 1, init=default_weight) for a, b in zip(channels, channels[1:])])
        self.conv_logits = _conv(channels[-1], 1, 3, padding=1)
        self.conv_label = _conv(channels[-1], num_labels, (height >> num_layers, width >> num_layers))
        draw_biases(self)

    def execute(self, image) -> Tuple[jt.Var, jt.Var]:
        x = image
        for conv in self.convs:
            x = nn.leaky_relu(conv(x), SLOPE)
        return self.conv_logits(x), self.conv_label(x).reshape(x.shape[0], -1)


def _conv(in_channels: int, out_channels: int, kernel_size, stride=1, padding=0) -> Conv:
    return Conv(in_channels, out_channels, kernel_size, stride, padding, bias=False, init=default_weight)
