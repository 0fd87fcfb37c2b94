"""Networks of UNIT's later rewrite, which shares no weights (mingyuliutw/UNIT, branch master, networks.py)."""

from __future__ import annotations

from typing import List

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import PlainConv, leaky_relu
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.init import kaiming
from jittor_tsit.layers.norm import LayerNorm, instance_norm
from jittor_tsit.layers.norm_kinds import plain_instance_norm
from jittor_tsit.layers.resize import avg_pool_down, reflect_pad, upsample2x
from jittor_tsit.networks.resnet import ResNetBlock

SIDES = 0, 1  # a and b
NUM_SCALES = 3  # of the discriminator


class SeparateGenerator(nn.Module):
    """Image of either side to a code and back, by an auto-encoder for each side.

    Shapes:
        As of unit.SharedLatentGenerator.
    """

    def __init__(self, width: int, num_blocks: int):
        self.sides = nn.ModuleList([AutoEncoder(width, num_blocks) for _ in SIDES])

    def encode(self, image, side: int, draws=None):
        """There is no dropout; `draws` are not looked at."""
        return self.sides[side].encoder(image)

    def decode(self, code, side: int, draws=None):
        """As `encode`."""
        return self.sides[side].decoder(code)


class AutoEncoder(nn.Module):
    """Encoder and decoder of a side (VAEGen)."""

    def __init__(self, width: int, num_blocks: int):
        self.encoder, self.decoder = Encoder(width, num_blocks), Decoder(width, num_blocks)


def _blocks(width: int, num_blocks: int) -> nn.ModuleList:
    return nn.ModuleList([ResNetBlock(4 * width, plain_instance_norm, kaiming) for _ in range(num_blocks)])


class Encoder(nn.Module):
    """[N, 3, H, W] -> [N, 4 width, H / 4, W / 4]"""

    def __init__(self, width: int, num_blocks: int):
        self.stem = PlainConv(3, width, 7, init=kaiming)
        self.downs = nn.ModuleList([PlainConv(k * width, 2 * k * width, 4, 2, init=kaiming) for k in (1, 2)])
        self.blocks = _blocks(width, num_blocks)

    def execute(self, image):
        x = nn.relu(instance_norm(self.stem(reflect_pad(image, 3))))
        for conv in self.downs:
            x = nn.relu(instance_norm(conv(reflect_pad(x, 1))))
        for block in self.blocks:
            x = block(x)
        return x


class Decoder(nn.Module):
    """[N, 4 width, h, w] -> [N, 3, 4 h, 4 w] in [-1, 1]"""

    def __init__(self, width: int, num_blocks: int):
        self.blocks = _blocks(width, num_blocks)
        self.ups = nn.ModuleList([PlainConv(2 * k * width, k * width, 5, init=kaiming) for k in (2, 1)])
        self.up_norms = nn.ModuleList([LayerNorm(k * width) for k in (2, 1)])
        self.conv_image = PlainConv(width, 3, 7, init=kaiming)

    def execute(self, x):
        for block in self.blocks:
            x = block(x)
        for conv, norm in zip(self.ups, self.up_norms):
            x = nn.relu(norm(conv(reflect_pad(upsample2x(x), 2))))
        return tanh(self.conv_image(reflect_pad(x, 3)))


class SidesDiscriminator(nn.Module):
    """A discriminator for each side.

    Shapes:
        image [N, 3, H, W] -> a list of logits [N, 1, h, w], one a scale
    """

    def __init__(self, width: int, num_layers: int):
        self.sides = nn.ModuleList([ScaleDiscriminator(width, num_layers) for _ in SIDES])

    def execute(self, image, side: int) -> List[jt.Var]:
        return self.sides[side](image)


class ScaleDiscriminator(nn.Module):
    """Three stacks of convolutions, on the image, its half and its quarter (MsImageDis).

    Shapes:
        As of SidesDiscriminator.
    """

    def __init__(self, width: int, num_layers: int):
        self.stacks = nn.ModuleList([PatchStack(width, num_layers) for _ in range(NUM_SCALES)])

    def execute(self, image) -> List[jt.Var]:
        found = []
        for stack in self.stacks:
            found.append(stack(image))
            image = avg_pool_down(image)
        return found


class PatchStack(nn.Module):
    """[N, 3, H, W] -> logits [N, 1, h, w]"""

    def __init__(self, width: int, num_layers: int):
        widths = [3, *(width * 2**k for k in range(num_layers))]
        self.convs = nn.ModuleList([PlainConv(a, b, 4, 2) for a, b in zip(widths, widths[1:])])
        self.conv_logits = PlainConv(widths[-1], 1, 1)

    def execute(self, x):
        for conv in self.convs:
            x = leaky_relu(conv(reflect_pad(x, 1)))
        return self.conv_logits(x)
