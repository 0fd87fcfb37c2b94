"""SPADE's generator in plain PyTorch, for comparison (Park et al., CVPR 2019)."""

import torch
import torch.nn.functional as F
from torch import nn

from experiments.benchmarks.torch_parts import ModulatedBlock, batch_norm, leaky_relu, upsample2x

HIDDEN_CHANNELS = 128  # of each SPADE layer
SAME_SIZE_BLOCKS = (0, 2)  # blocks without an upsampling before them; the other five have one


class SPADE(nn.Module):
    """Normalise `x`, then scale and shift each pixel by values computed from the label map.

    Shapes:
        x [N, channels, H, W], segmap [N, segmap_channels, H', W'] of any size -> [N, channels, H, W]
    """

    def __init__(self, channels: int, segmap_channels: int):
        super().__init__()
        self.norm = batch_norm(channels)
        self.conv_hidden = nn.Conv2d(segmap_channels, HIDDEN_CHANNELS, 3, padding=1)
        self.conv_gamma = nn.Conv2d(HIDDEN_CHANNELS, channels, 3, padding=1)
        self.conv_beta = nn.Conv2d(HIDDEN_CHANNELS, channels, 3, padding=1)

    def forward(self, x, segmap):
        segmap = F.interpolate(segmap, size=x.shape[2:], mode="nearest")
        hidden = F.relu(self.conv_hidden(segmap), inplace=True)
        return self.norm(x) * (1 + self.conv_gamma(hidden)) + self.conv_beta(hidden)


class SPADEGenerator(nn.Module):
    """SPADE's generator with five upsamplings, called `normal` in the official code.

    Args:
        start: Module that makes the first tensor, [N, 16 * width, H / 32, W / 32], from its input.

    Shapes:
        segmap [N, in_channels, H, W], start: the input of the module `start` -> image [N, 3, H, W] in [-1, 1]
    """

    def __init__(self, in_channels: int, width: int, start: nn.Module):
        super().__init__()
        channels = [width * factor for factor in (16, 16, 16, 16, 8, 4, 2, 1)]
        self.start = start
        self.blocks = nn.ModuleList(
            [ModulatedBlock(a, min(a, b), b, lambda c: SPADE(c, in_channels)) for a, b in zip(channels, channels[1:])]
        )
        self.conv_image = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, segmap, start):
        x = self.start(start)
        for k, block in enumerate(self.blocks):
            x = x if k in SAME_SIZE_BLOCKS else upsample2x(x)
            x = block(x, segmap)
        return torch.tanh(self.conv_image(leaky_relu(x)))
