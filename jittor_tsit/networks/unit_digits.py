"""Networks of UNIT's adaptation of digits (Liu et al., NIPS 2017): a coupled auto-encoder, and what judges and reads.

Source: mingyuliutw/UNIT, branch version_02, cocogan_nets_da.py, CoVAE32x32 and CoDis32x32. Differs: kernels that cover
a whole map follow the image's size; theirs is 32 x 32.
"""

from __future__ import annotations

import math
from typing import List, Optional, Sequence, Tuple

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.layers.basic import PlainConv, PlainConvTranspose
from jittor_tsit.layers.elementary import softplus, tanh
from jittor_tsit.layers.init import default_bias, normal
from jittor_tsit.layers.matmul import matmul
from jittor_tsit.layers.norm import BatchNorm

SLOPE = 0.01  # of the leaky ReLU, PyTorch's default
SIDES = A, B = 0, 1
STRIDE = 16  # of D's last map
DROPOUT = 0.1, 0.3, 0.5, 0.5  # share that is left out behind each of D's layers
Size = Tuple[int, int]  # height and width


class CoupledVAE(nn.Module):
    """Images of both sides to codes of mean and deviation, and a code to an image of either side.

    Args:
        channels: Of each side's images.
        size: Of the images.

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
        self.unfold = Up(Unfold(8 * width, 8 * width, eighth), 8 * width)
        self.ups = nn.ModuleList([Up(_transposed(2 * k * width, k * width), k * width) for k in (4, 2)])
        self.lasts = nn.ModuleList([Up(_transposed(2 * width, width), width) for _ in SIDES])
        self.images = nn.ModuleList([PlainConv(width, own, 1) for own in channels])
        _draw_biases(self)

    def front(self, image, side: int):
        """What the layers that the sides share are given."""
        return self.fronts[side](jt.concat([image, coordinates(image)], 1))

    def code(self, x) -> Tuple[jt.Var, jt.Var]:
        """Mean and deviation, of one side's images or of both sides' in one batch."""
        for layer in self.downs:
            x = layer(x)
        return self.mu(x), softplus(self.sigma(x))

    def decode(self, code) -> List[jt.Var]:
        """An image of each side in [-1, 1]."""
        x = self.unfold(code)
        for layer in self.ups:
            x = layer(x)
        return [tanh(self.images[side](self.lasts[side](x))) for side in SIDES]


def coordinates(image: jt.Var) -> jt.Var:
    """Row and column of each pixel from -1 to below 1, [N, 2, H, W], of an image [N, C, H, W]."""
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
    """Convolution, batch norm, leaky ReLU; arguments and shapes as of PlainConv."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size, stride=1, padding=0):
        self.conv = PlainConv(in_channels, out_channels, kernel_size, stride, padding)
        self.norm = BiasedBatchNorm(out_channels)

    def execute(self, x):
        return nn.leaky_relu(self.norm(self.conv(x)), SLOPE)


class Up(nn.Module):
    """What enlarges a map, batch norm, leaky ReLU."""

    def __init__(self, conv: nn.Module, out_channels: int):
        self.conv, self.norm = conv, BiasedBatchNorm(out_channels)

    def execute(self, x):
        return nn.leaky_relu(self.norm(self.conv(x)), SLOPE)


def _transposed(in_channels: int, out_channels: int) -> PlainConvTranspose:
    return PlainConvTranspose(in_channels, out_channels, 4)


class Unfold(nn.Module):
    """Transposed convolution of a single pixel, [N, in_channels, 1, 1] -> [N, out_channels, *size]."""

    def __init__(self, in_channels: int, out_channels: int, size: Size):
        self.weight, self.bias = normal(in_channels, out_channels, *size), jt.zeros(out_channels)

    def execute(self, x):
        count, shape = x.shape[0], self.weight.shape[1:]
        values = matmul(x.reshape(count, -1), self.weight.reshape(self.weight.shape[0], -1))
        return values.reshape(count, *shape) + self.bias.reshape(1, -1, 1, 1)


class LatentConv(PlainConv):
    """Convolution of single pixels that keeps their channels; its bias begins at N(0, 0.002)."""

    def __init__(self, channels: int):
        super().__init__(channels, channels, 1)
        self.bias = normal(channels) * 0.1


def _draw_biases(net: nn.Module) -> None:
    """PyTorch's default biases, but of the code's convolutions."""
    for part in net.modules():
        if isinstance(part, (PlainConv, PlainConvTranspose, Unfold)) and not isinstance(part, LatentConv):
            part.bias = default_bias(part.bias.shape[0], part.weight.shape)


class CoupledDiscriminator(nn.Module):
    """Says whether images are real, and which class they show, by the same layers but the first.

    Args:
        channels: Of each side's images.
        size: Of the images.
    """

    def __init__(self, width: int, channels: Size, num_classes: int, size: Size):
        self.fronts = nn.ModuleList([_reading(own, width, 5, 2) for own in channels])
        self.convs = nn.ModuleList([_reading(k * width, 2 * k * width, 5, 2) for k in (1, 2, 4)])
        last = size[0] // STRIDE, size[1] // STRIDE
        self.conv_real, self.conv_class = _reading(8 * width, 2, last), _reading(8 * width, num_classes, last)
        self.drop_shapes = [(width << k, size[0] >> k + 1, size[1] >> k + 1) for k in range(len(DROPOUT))]

    def judge(self, images: Sequence[jt.Var], draws: Sequence[jt.Var]):
        """Logits [N, 2, 1, 1] of images of each side, side by side in the batch: made, real.

        Args:
            draws: For each layer, zero where dropout leaves out, [N, *drop_shapes[k]].
        """
        first = jt.concat([_halved(conv, image) for conv, image in zip(self.fronts, images)], 0)
        return self.conv_real(self._rest(first, draws))

    def features(self, image, side: int):
        """The last map, without dropout, [N, 8 width, H / 16, W / 16]."""
        return self._rest(_halved(self.fronts[side], image))

    def classify(self, image, side: int, draws: Optional[Sequence[jt.Var]] = None):
        """Logits [N, num_classes]; without draws nothing is left out."""
        return self.conv_class(self._rest(_halved(self.fronts[side], image), draws)).reshape(image.shape[0], -1)

    def _rest(self, x, draws: Optional[Sequence[jt.Var]] = None):
        x = x if draws is None else _dropped(x, draws, 0)
        for number, conv in enumerate(self.convs, 1):
            x = _halved(conv, x)
            x = x if draws is None else _dropped(x, draws, number)
        return x


def _reading(in_channels: int, out_channels: int, kernel_size, padding=0) -> PlainConv:
    conv = PlainConv(in_channels, out_channels, kernel_size, 1, padding, init=_xavier_uniform)
    conv.bias = jt.ones(out_channels) * 0.1
    return conv


def _xavier_uniform(*shape: int) -> jt.Var:
    """Xavier-uniform draws for ReLU, [a, b, h, w]."""
    bound = math.sqrt(2) * math.sqrt(6 / ((shape[0] + shape[1]) * shape[2] * shape[3]))
    return (jt.rand(*shape) * 2 - 1) * bound


def _halved(conv: PlainConv, x: jt.Var) -> jt.Var:
    return nn.max_pool2d(nn.relu(conv(x)), 2, 2)


def _dropped(x: jt.Var, draws: Sequence[jt.Var], number: int) -> jt.Var:
    return x * draws[number] / (1 - DROPOUT[number])
