"""Networks of UNIT (Liu et al., NIPS 2017): two auto-encoders that share their innermost layers, and discriminators.

Source: mingyuliutw/UNIT, branch version_02, cocogan_nets_da.py. Weights are drawn from N(0, 0.02), biases as PyTorch
does by default.
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Sequence

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, ConvTranspose, draw_biases
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.init import default_bias, normal
from jittor_tsit.layers.norm import instance_norm
from jittor_tsit.layers.resize import blur_down

SLOPE = 0.01  # of the leaky ReLU, PyTorch's default
SIDES = 0, 1  # domains a and b
COLOUR = 3, 3  # channels of the images of both domains
NUM_SCALES = 3  # image sizes that the pyramid discriminator judges
FRONT_LAYERS = 2  # first layers of the shared discriminator, which each domain has for itself
Draws = Optional[Iterator[jt.Var]]


class SharedLatentGenerator(nn.Module):
    """Two auto-encoders, one for each domain. They share the last block of the encoder and the first of the decoder.

    Args:
        num_blocks: Number of residual blocks of each encoder and decoder, without the shared one.
        has_norms: Whether the other layers are normalised (COCOResGen) or not (COCOResGen2).
        channels: Of the images of each domain.

    Shapes:
        encode: image [N, channels[side], H, W], sides multiples of 4 -> code [N, 4 width, H / 4, W / 4]; decode: code
        -> image in [-1, 1]
    """

    def __init__(self, width: int, num_blocks: int, has_norms: bool, channels: Sequence[int] = COLOUR):
        self.encoders = nn.ModuleList([Encoder(width, num_blocks, has_norms, own) for own in channels])
        self.shared = nn.ModuleList([UNITBlock(4 * width) for _ in ("in", "out")])
        self.decoders = nn.ModuleList([Decoder(width, num_blocks, has_norms, own) for own in channels])
        draw_biases(self)

    def encode(self, image, side: int, draws: Draws = None):
        """Return the code of images of a domain, 0 or 1.

        Args:
            draws: Arrays of zeros and ones, the next one for each block; 0 is a value that dropout sets to 0. None: no
                dropout.
        """
        return self.shared[0](self.encoders[side](image, draws), draws)

    def decode(self, code, side: int, draws: Draws = None):
        """Return images of a domain, 0 or 1, for codes; `draws` as in `encode`."""
        return self.decoders[side](self.shared[1](code, draws), draws)


class Encoder(nn.Module):
    """Layers of a domain before the shared block. image [N, channels, H, W] -> [N, 4 width, H / 4, W / 4]"""

    def __init__(self, width: int, num_blocks: int, has_norms: bool, channels: int):
        self.stem, self.has_norms = Conv(channels, width, 7, 1, 3, init=normal), has_norms
        self.downs = nn.ModuleList([Conv(k * width, 2 * k * width, 3, 2, 1, init=normal) for k in (1, 2)])
        self.blocks = nn.ModuleList([UNITBlock(4 * width) for _ in range(num_blocks)])

    def execute(self, image, draws: Draws):
        x = nn.leaky_relu(self.stem(image), SLOPE)
        for conv in self.downs:
            x = _activated(conv(x), self.has_norms)
        for block in self.blocks:
            x = block(x, draws)
        return x


class Decoder(nn.Module):
    """Layers of a domain after the shared block. x [N, 4 width, h, w] -> [N, channels, 4 h, 4 w] in [-1, 1]"""

    def __init__(self, width: int, num_blocks: int, has_norms: bool, channels: int):
        self.blocks, self.has_norms = nn.ModuleList([UNITBlock(4 * width) for _ in range(num_blocks)]), has_norms
        self.ups = nn.ModuleList([ConvTranspose(2 * k * width, k * width, 3, init=normal) for k in (2, 1)])
        self.conv_image = PointConvTranspose(width, channels)

    def execute(self, x, draws: Draws):
        for block in self.blocks:
            x = block(x, draws)
        for conv in self.ups:
            x = _activated(conv(x), self.has_norms)
        return tanh(self.conv_image(x))


def _activated(x: jt.Var, has_norm: bool) -> jt.Var:
    return nn.relu(instance_norm(x)) if has_norm else nn.leaky_relu(x, SLOPE)


class UNITBlock(nn.Module):
    """Residual block of two convolutions, without activation after the sum. With dropout if draws are given.

    Shapes:
        x [N, channels, H, W], the next of the draws [N, channels, H, W] -> [N, channels, H, W]
    """

    def __init__(self, channels: int):
        self.conv0, self.conv1 = (
            Conv(channels, channels, 3, 1, 1, init=normal),
            Conv(channels, channels, 3, 1, 1, init=normal),
        )

    def execute(self, x, draws: Draws):
        y = instance_norm(self.conv1(nn.relu(instance_norm(self.conv0(x)))))
        if draws is not None:
            y = y * next(draws) * 2  # dropout of half of the values
        return x + y


class PointConvTranspose(nn.Module):
    """Transposed convolution with a 1 x 1 kernel, weight [in_channels, out_channels, 1, 1].

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H, W]
    """

    def __init__(self, in_channels: int, out_channels: int):
        self.weight = normal(in_channels, out_channels, 1, 1)
        self.bias = default_bias(out_channels, self.weight.shape)

    def execute(self, x):
        return conv2d(x, self.weight.permute(1, 0, 2, 3), self.bias)


class Strided(nn.Module):
    """Convolutions of stride 2, each followed by leaky ReLU.

    Args:
        widths: Channels of the input and of each layer.
        first_size: Kernel size of the first layer; the others have 3.

    Shapes:
        x [N, widths[0], H, W] -> [N, widths[-1], H / 2^n, W / 2^n]
    """

    def __init__(self, widths: Sequence[int], first_size=3):
        sizes = [first_size, *(3,) * (len(widths) - 2)]
        self.convs = nn.ModuleList(
            [Conv(a, b, size, 2, size // 2, init=normal) for a, b, size in zip(widths, widths[1:], sizes)]
        )

    def execute(self, x):
        for conv in self.convs:
            x = nn.leaky_relu(conv(x), SLOPE)
        return x


def _widths(first: int, width: int, num_layers: int) -> List[int]:
    return [first, *(width * 2**k for k in range(num_layers))]


class SeparateDiscriminator(nn.Module):
    """Two discriminators, one for each domain: stacks of convolutions that judge patches (COCODis).

    Args:
        channels: Of the images of each domain.

    Shapes:
        image [N, channels[side], H, W], domain 0 or 1 -> a list with one entry, logits [N, 1, h, w]
    """

    def __init__(self, width: int, num_layers: int, channels: Sequence[int] = COLOUR):
        self.stacks = nn.ModuleList([Strided(_widths(own, width, num_layers)) for own in channels])
        self.logits = nn.ModuleList([Conv(width << num_layers - 1, 1, 1, init=normal) for _ in SIDES])
        draw_biases(self)

    def execute(self, image, side: int) -> List[jt.Var]:
        return [self.logits[side](self.stacks[side](image))]


class SharedDiscriminator(nn.Module):
    """Two layers for each domain, followed by layers that both domains share (COCOSharedDis).

    Args:
        num_layers: Number of shared layers.
        channels: Of the images of each domain.

    Shapes:
        image [N, channels[side], H, W], domain 0 or 1 -> a list with one entry, logits [N, 1, h, w]
    """

    def __init__(self, width: int, num_layers: int, channels: Sequence[int] = COLOUR):
        widths = [width * 2**k for k in range(FRONT_LAYERS + num_layers)]
        fronts = [Strided([own, *widths[:FRONT_LAYERS]], first_size=7) for own in channels]
        self.fronts = nn.ModuleList(fronts)
        self.stack, self.logits = Strided(widths[FRONT_LAYERS - 1 :]), Conv(widths[-1], 1, 1, init=normal)
        draw_biases(self)

    def execute(self, image, side: int) -> List[jt.Var]:
        return [self.logits(self.stack(self.fronts[side](image)))]


class PyramidDiscriminator(nn.Module):
    """Three stacks of convolutions for each domain, for the image at full, half and quarter size (COCOMsDis).

    Args:
        channels: Of the images of each domain.

    Shapes:
        image [N, channels[side], H, W], domain 0 or 1 -> NUM_SCALES logits [N, 1, h, w], full size first
    """

    def __init__(self, width: int, num_layers: int, channels: Sequence[int] = COLOUR):
        firsts = [own for own in channels for _ in range(NUM_SCALES)]  # the scales of domain a, then those of domain b
        self.stacks = nn.ModuleList([Strided(_widths(first, width, num_layers)) for first in firsts])
        self.logits = nn.ModuleList([Conv(width << num_layers - 1, 1, 1, init=normal) for _ in firsts])
        draw_biases(self)

    def execute(self, image, side: int) -> List[jt.Var]:
        logits = []
        for k in range(NUM_SCALES * side, NUM_SCALES * (side + 1)):
            logits.append(self.logits[k](self.stacks[k](image)))
            image = blur_down(image)
        return logits


DISCRIMINATORS = {"separate": SeparateDiscriminator, "shared": SharedDiscriminator, "pyramid": PyramidDiscriminator}
