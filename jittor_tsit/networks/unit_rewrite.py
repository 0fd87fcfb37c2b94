"""Networks of UNIT's rewrite: the domains share no weights (mingyuliutw/UNIT, branch master, networks.py)."""

from __future__ import annotations

from typing import List, Sequence

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, leaky_relu
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.init import kaiming, normal
from jittor_tsit.layers.norm import InstanceNorm, LayerNorm, instance_norm
from jittor_tsit.layers.resize import avg_pool_down, reflect_pad, upsample2x
from jittor_tsit.networks.resnet import ResNetBlock

COLOUR = 3, 3  # channels of the images of both domains
NUM_SCALES = 3  # image sizes that the discriminator judges


class SeparateGenerator(nn.Module):
    """One auto-encoder for each domain.

    Args:
        channels: Of the images of each domain.

    Shapes:
        encode: image [N, channels[side], H, W], sides multiples of 4 -> code [N, 4 width, H / 4, W / 4]; decode: code
        -> image in [-1, 1]
    """

    def __init__(self, width: int, num_blocks: int, channels: Sequence[int] = COLOUR):
        self.sides = nn.ModuleList([AutoEncoder(width, num_blocks, own) for own in channels])

    def encode(self, image, side: int, draws=None):
        """Return the code of images of a domain, 0 or 1.

        `draws` is accepted, so that all generators of UNIT are called alike, and ignored: there is no dropout.
        """
        return self.sides[side].encoder(image)

    def decode(self, code, side: int, draws=None):
        """Return images of a domain, 0 or 1, for codes. `draws` is accepted and ignored, as in `encode`."""
        return self.sides[side].decoder(code)


class AutoEncoder(nn.Module):
    """Encoder and decoder of one domain (VAEGen)."""

    def __init__(self, width: int, num_blocks: int, channels: int):
        self.encoder, self.decoder = Encoder(width, num_blocks, channels), Decoder(width, num_blocks, channels)


def _blocks(width: int, num_blocks: int) -> nn.ModuleList:
    return nn.ModuleList([ResNetBlock(4 * width, InstanceNorm, kaiming) for _ in range(num_blocks)])


class Encoder(nn.Module):
    """Encoder of one domain. image [N, channels, H, W] -> code [N, 4 width, H / 4, W / 4]"""

    def __init__(self, width: int, num_blocks: int, channels: int):
        self.stem = Conv(channels, width, 7, init=kaiming)
        self.downs = nn.ModuleList([Conv(k * width, 2 * k * width, 4, 2, init=kaiming) for k in (1, 2)])
        self.blocks = _blocks(width, num_blocks)

    def execute(self, image):
        x = nn.relu(instance_norm(self.stem(reflect_pad(image, 3))))
        for conv in self.downs:
            x = nn.relu(instance_norm(conv(reflect_pad(x, 1))))
        for block in self.blocks:
            x = block(x)
        return x


class Decoder(nn.Module):
    """Decoder of one domain. code [N, 4 width, h, w] -> image [N, channels, 4 h, 4 w] in [-1, 1]"""

    def __init__(self, width: int, num_blocks: int, channels: int):
        self.blocks = _blocks(width, num_blocks)
        self.ups = nn.ModuleList([Conv(2 * k * width, k * width, 5, init=kaiming) for k in (2, 1)])
        self.up_norms = nn.ModuleList([LayerNorm(k * width) for k in (2, 1)])
        self.conv_image = Conv(width, channels, 7, init=kaiming)

    def execute(self, x):
        for block in self.blocks:
            x = block(x)
        for conv, norm in zip(self.ups, self.up_norms):
            x = nn.relu(norm(conv(reflect_pad(upsample2x(x), 2))))
        return tanh(self.conv_image(reflect_pad(x, 3)))


class SidesDiscriminator(nn.Module):
    """One discriminator for each domain.

    Args:
        channels: Of the images of each domain.

    Shapes:
        image [N, channels[side], H, W], domain 0 or 1 -> NUM_SCALES logits [N, 1, h, w]
    """

    def __init__(self, width: int, num_layers: int, channels: Sequence[int] = COLOUR):
        self.sides = nn.ModuleList([ScaleDiscriminator(width, num_layers, own) for own in channels])

    def execute(self, image, side: int) -> List[jt.Var]:
        return self.sides[side](image)


class ScaleDiscriminator(nn.Module):
    """Three stacks of convolutions, for the image at full, half and quarter size (MsImageDis).

    Shapes:
        image [N, channels, H, W] -> NUM_SCALES logits [N, 1, h, w], full size first
    """

    def __init__(self, width: int, num_layers: int, channels: int):
        self.stacks = nn.ModuleList([PatchStack(width, num_layers, channels) for _ in range(NUM_SCALES)])

    def execute(self, image) -> List[jt.Var]:
        logits = []
        for stack in self.stacks:
            logits.append(stack(image))
            image = avg_pool_down(image)
        return logits


class PatchStack(nn.Module):
    """Stack of convolutions that judges patches. [N, channels, H, W] -> logits [N, 1, h, w]"""

    def __init__(self, width: int, num_layers: int, channels: int):
        widths = [channels, *(width * 2**k for k in range(num_layers))]
        self.convs = nn.ModuleList([Conv(a, b, 4, 2, init=normal) for a, b in zip(widths, widths[1:])])
        self.conv_logits = Conv(widths[-1], 1, 1, init=normal)

    def execute(self, x):
        for conv in self.convs:
            x = leaky_relu(conv(reflect_pad(x, 1)))
        return self.conv_logits(x)
