"""TSIT's generator for label maps in plain PyTorch, for comparison (Jiang et al., ECCV 2020)."""

from typing import List

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.benchmarks.torch_parts import ModulatedBlock, batch_norm, leaky_relu, spectral_conv, upsample2x


class StreamBlock(nn.Module):
    """Residual block of the content stream. x [N, in_channels, H, W] -> [N, out_channels, H, W]"""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.conv0 = spectral_conv(in_channels, in_channels, 3, padding=1)
        self.conv1 = spectral_conv(in_channels, out_channels, 3, padding=1)
        self.conv_skip = None
        if in_channels != out_channels:
            self.conv_skip = spectral_conv(in_channels, out_channels, 1, bias=False)

    def forward(self, x):
        skip = x if self.conv_skip is None else leaky_relu(F.instance_norm(self.conv_skip(x)))
        x = leaky_relu(F.instance_norm(self.conv0(x)))
        x = leaky_relu(F.instance_norm(self.conv1(x)))
        return skip + x


class Stream(nn.Module):
    """Features of a label map at eight scales.

    Shapes:
        x [N, in_channels, H, W] -> eight feats, the k-th [N, width * 2^min(k, 4), H / 2^k, W / 2^k]
    """

    def __init__(self, in_channels: int, width: int):
        super().__init__()
        channels = [in_channels] + [width * 2 ** min(k, 4) for k in range(8)]
        self.blocks = nn.ModuleList([StreamBlock(a, b) for a, b in zip(channels, channels[1:])])

    def forward(self, x) -> List[Tensor]:
        feats = [self.blocks[0](x)]
        for block in self.blocks[1:]:
            feats.append(block(F.interpolate(feats[-1], scale_factor=0.5, mode="nearest")))
        return feats


class FADE(nn.Module):
    """Normalise `x`, then scale and shift each pixel by values computed from the content features.

    Shapes:
        x [N, C, H, W], feat [N, C, H, W] -> [N, C, H, W]
    """

    def __init__(self, channels: int):
        super().__init__()
        self.norm = batch_norm(channels)
        self.conv_gamma = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv_beta = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x, feat):
        return self.norm(x) * (1 + self.conv_gamma(feat)) + self.conv_beta(feat)


class TSITGenerator(nn.Module):
    """TSIT's generator: the content features modulate every block through FADE.

    Args:
        start: Module that makes the first tensor, [N, 16 * width, H / 128, W / 128], from its input.

    Shapes:
        segmap [N, in_channels, H, W], start: the input of the module `start` -> image [N, 3, H, W] in [-1, 1]
    """

    def __init__(self, in_channels: int, width: int, start: nn.Module):
        super().__init__()
        self.content_stream = Stream(in_channels, width)
        self.start = start
        channels = [width * factor for factor in (16, 16, 16, 16, 8, 4, 2, 1)]
        self.blocks = nn.ModuleList([ModulatedBlock(a, a, b, FADE) for a, b in zip(channels, channels[1:])])
        self.conv_image = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, segmap, start):
        feats = self.content_stream(segmap)
        x = self.start(start)
        for block, feat in zip(self.blocks, reversed(feats[1:])):  # deepest first; feats[0] is not used
            x = upsample2x(block(x, feat))
        return torch.tanh(self.conv_image(leaky_relu(x)))
