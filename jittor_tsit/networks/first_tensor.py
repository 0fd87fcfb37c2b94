"""First tensor of a generator, at its smallest size (`fc` in SPADE's and TSIT's models/networks/generator.py)."""

from typing import Any

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, Image, Linear
from jittor_tsit.layers.resize import resize_bilinear


class LatentStart(nn.Module):
    """First tensor of a generator, computed from a latent code. z [N, z_dim] -> [N, channels, height, width]

    Height and width are those of the training images' first tensor. `fit` gives it the size for other images.
    """

    def __init__(self, z_dim: int, channels: int, height: int, width: int):
        self.shape = (channels, height, width)
        self.linear = Linear(z_dim, channels * height * width)

    def execute(self, z: jt.Var) -> jt.Var:
        return self.linear(z).reshape(z.shape[0], *self.shape)


class MapStart(nn.Module):
    """First tensor of a generator, computed from a small map. x [N, in_channels, H, W] -> [N, channels, H, W]"""

    def __init__(self, in_channels: int, channels: int):
        self.conv = Conv(in_channels, channels, 3, padding=1)

    def execute(self, x: Image) -> Image:
        return self.conv(x)


def fit(x: Any, height: int, width: int) -> Any:
    """Return a generator's first tensor at this size: x itself, or x resized bilinearly.

    The first tensor of a latent code has another size where the image has another size than the training images.
    """
    return x if tuple(x.shape[2:]) == (height, width) else resize_bilinear(x, height, width)
