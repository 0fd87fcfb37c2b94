"""Networks of UNIT's adaptation of digits (Liu et al., NIPS 2017): a coupled auto-encoder, and a discriminator that
also classifies.

Source: mingyuliutw/UNIT, branch version_02, cocogan_nets_da.py, CoVAE32x32 and CoDis32x32. Differs: kernels that cover
a whole map follow the image's size; theirs is 32 x 32.
"""

from __future__ import annotations

import math
from typing import List, Optional, Sequence, Tuple

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.config.systems.unit_digits import STRIDE
from jittor_tsit.layers.basic import Conv, ConvTranspose
from jittor_tsit.layers.elementary import softplus, tanh
from jittor_tsit.layers.init import default_bias, normal
from jittor_tsit.layers.matmul import matmul
from jittor_tsit.layers.norm import BatchNorm

SLOPE = 0.01  # of the leaky ReLU, PyTorch's default
SIDES = A, B = 0, 1
DROPOUT = 0.1, 0.3, 0.5, 0.5  # share of the values that dropout sets to 0 after each of D's layers
Size = Tuple[int, int]  # height and width


class CoupledVAE(nn.Module):
    """Variational auto-encoder of two domains, which share all layers but the first and the last.

    Args:
        channels: Channels of the images of each domain.
        size: Height and width of the images.

    Shapes:
        image [N, channels[side], H, W], code [N, 8 width, 1, 1]
    """

    def __init__(self, width: int, channels: Size, size: Size):
        quarter, eighth = (size[0] // 4, size[1] // 4), (size[0] // 8, size[1] // 8)
        self.fronts = nn.ModuleList([Down(own + 2, width, 5, 2, 2) for own in channels])
        self.downs = nn.ModuleList(
            [Down(width, 2 * width, 5, 2, 2), Down(2 * width, 4 * width, quarter), Down(4 * width, 8 * width, 1)]
        )
        self.mu, self.sigma = LatentConv(8 * width), LatentConv(8 * width)
        self.unfold = Up(PixelToMap(8 * width, 8 * width, eighth), 8 * width)
        self.ups = nn.ModuleList([Up(_conv_transpose(2 * k * width, k * width), k * width) for k in (4, 2)])
        self.lasts = nn.ModuleList([Up(_conv_transpose(2 * width, width), width) for _ in SIDES])
        self.images = nn.ModuleList([Conv(width, own, 1, init=normal) for own in channels])
        _draw_biases(self)

    def front(self, image, side: int):
        """Return the output of the first layer, which each domain has for itself, [N, width, H / 2, W / 2].

        It is the input of `code`.

        Args:
            side: The domain, 0 or 1.
        """
        return self.fronts[side](jt.concat([image, coordinates(image)], 1))

    def code(self, x) -> Tuple[jt.Var, jt.Var]:
        """Return mean and deviation of the code, [N, 8 width, 1, 1] each, for outputs of `front`.

        The outputs of both domains can be concatenated in one batch.
        """
        for layer in self.downs:
            x = layer(x)
        return self.mu(x), softplus(self.sigma(x))

    def decode(self, code) -> List[jt.Var]:
        """Decode each code to an image of domain 0 and one of domain 1, [N, channels[side], H, W] in [-1, 1] each."""
        x = self.unfold(code)
        for layer in self.ups:
            x = layer(x)
        return [tanh(self.images[side](self.lasts[side](x))) for side in SIDES]


def coordinates(image: jt.Var) -> jt.Var:
    """Return row and column of each pixel of an image [N, C, H, W], scaled to [-1, 1): [N, 2, H, W]."""
    n, _, h, w = image.shape
    grid = np.stack(np.meshgrid(np.arange(h) / h, np.arange(w) / w, indexing="ij")) * 2 - 1
    return jt.array(np.broadcast_to(grid.astype(np.float32), (n, 2, h, w)).copy())


class BiasedBatchNorm(BatchNorm):
    """Batch norm with a learned shift and no scale."""

    def __init__(self, channels: int):
        super().__init__(channels)
        self.bias = normal(channels) * 0.1  # N(0, 0.002)

    def execute(self, x):
        return super().execute(x) + self.bias.reshape(1, -1, 1, 1)


class Down(nn.Module):
    """Convolution, batch norm, leaky ReLU; arguments and shapes as in `Conv`."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size, stride=1, padding=0):
        self.conv = Conv(in_channels, out_channels, kernel_size, stride, padding, init=normal)
        self.norm = BiasedBatchNorm(out_channels)

    def execute(self, x):
        return nn.leaky_relu(self.norm(self.conv(x)), SLOPE)


class Up(nn.Module):
    """An enlarging layer, then batch norm, then leaky ReLU.

    Args:
        conv: The layer that enlarges the map.
    """

    def __init__(self, conv: nn.Module, out_channels: int):
        self.conv, self.norm = conv, BiasedBatchNorm(out_channels)

    def execute(self, x):
        return nn.leaky_relu(self.norm(self.conv(x)), SLOPE)


def _conv_transpose(in_channels: int, out_channels: int) -> ConvTranspose:
    return ConvTranspose(in_channels, out_channels, 4, init=normal)


class PixelToMap(nn.Module):
    """Transposed convolution of a single pixel. [N, in_channels, 1, 1] -> [N, out_channels, *size]"""

    def __init__(self, in_channels: int, out_channels: int, size: Size):
        self.weight, self.bias = normal(in_channels, out_channels, *size), jt.zeros(out_channels)

    def execute(self, x):
        count, shape = x.shape[0], self.weight.shape[1:]
        values = matmul(x.reshape(count, -1), self.weight.reshape(self.weight.shape[0], -1))
        return values.reshape(count, *shape) + self.bias.reshape(1, -1, 1, 1)


class LatentConv(Conv):
    """1 x 1 convolution with as many outputs as inputs; its bias is drawn from N(0, 0.002)."""

    def __init__(self, channels: int):
        super().__init__(channels, channels, 1, init=normal)
        self.bias = normal(channels) * 0.1


def _draw_biases(net: nn.Module) -> None:
    """Draw all biases of a network in place as PyTorch does by default, except those of `LatentConv`."""
    for part in net.modules():
        is_drawn = isinstance(part, (Conv, ConvTranspose, PixelToMap)) and not isinstance(part, LatentConv)
        if is_drawn and part.bias is not None:
            part.bias = default_bias(part.bias.shape[0], part.weight.shape)


class CoupledDiscriminator(nn.Module):
    """Discriminator and classifier of two domains, which share all layers but the first.

    Args:
        channels: Channels of the images of each domain.
        size: Height and width of the images, multiples of STRIDE.
    """

    def __init__(self, width: int, channels: Size, num_classes: int, size: Size):
        self.fronts = nn.ModuleList([_judging_conv(own, width, 5, 2) for own in channels])
        self.convs = nn.ModuleList([_judging_conv(k * width, 2 * k * width, 5, 2) for k in (1, 2, 4)])
        last = size[0] // STRIDE, size[1] // STRIDE
        self.conv_real, self.conv_class = _judging_conv(8 * width, 2, last), _judging_conv(8 * width, num_classes, last)
        self.drop_shapes = [(width << k, size[0] >> k + 1, size[1] >> k + 1) for k in range(len(DROPOUT))]

    def judge(self, images: Sequence[jt.Var], draws: Sequence[jt.Var]):
        """Return the logits of "generated" and "real" for images of both domains, concatenated in the batch.

        Args:
            draws: One array of zeros and ones [N, *drop_shapes[k]] for each layer k; 0 is a value that dropout sets
                to 0. N is the number of images of both domains.

        Returns:
            [N, 2, 1, 1]
        """
        first = jt.concat([_relu_and_pool(conv, image) for conv, image in zip(self.fronts, images)], 0)
        return self.conv_real(self._rest(first, draws))

    def features(self, image, side: int):
        """Return the last features without dropout, [N, 8 width, H / 16, W / 16], for images of a domain, 0 or 1."""
        return self._rest(_relu_and_pool(self.fronts[side], image))

    def classify(self, image, side: int, draws: Optional[Sequence[jt.Var]] = None):
        """Return the logits of the classes, [N, num_classes]; `draws` as in `judge`, None: no dropout."""
        return self.conv_class(self._rest(_relu_and_pool(self.fronts[side], image), draws)).reshape(image.shape[0], -1)

    def _rest(self, x, draws: Optional[Sequence[jt.Var]] = None):
        x = x if draws is None else _dropout(x, draws, 0)
        for number, conv in enumerate(self.convs, 1):
            x = _relu_and_pool(conv, x)
            x = x if draws is None else _dropout(x, draws, number)
        return x


def _judging_conv(in_channels: int, out_channels: int, kernel_size, padding=0) -> Conv:
    conv = Conv(in_channels, out_channels, kernel_size, 1, padding, init=_xavier_uniform)
    conv.bias = jt.ones(out_channels) * 0.1
    return conv


def _xavier_uniform(*shape: int) -> jt.Var:
    """Draw a weight in front of ReLU, Xavier-uniform, [a, b, h, w]."""
    bound = math.sqrt(2) * math.sqrt(6 / ((shape[0] + shape[1]) * shape[2] * shape[3]))
    return (jt.rand(*shape) * 2 - 1) * bound


def _relu_and_pool(conv: Conv, x: jt.Var) -> jt.Var:
    return nn.max_pool2d(nn.relu(conv(x)), 2, 2)


def _dropout(x: jt.Var, draws: Sequence[jt.Var], number: int) -> jt.Var:
    return x * draws[number] / (1 - DROPOUT[number])
