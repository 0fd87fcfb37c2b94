"""Residual blocks of TSIT (Jiang et al., ECCV 2020; EndlessSora/TSIT models/networks/architecture.py)."""

from jittor import nn

from jittor_tsit.layers.basic import Conv, leaky_relu
from jittor_tsit.layers.norm import SpectralConv, instance_norm


class StreamBlock(nn.Module):
    """Residual block of the content and style streams; the sum is not activated again.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H, W]

    Source: StreamResnetBlock.
    """

    def __init__(self, in_channels: int, out_channels: int):
        self.conv0 = SpectralConv(in_channels, in_channels, 3, padding=1)
        self.conv1 = SpectralConv(in_channels, out_channels, 3, padding=1)
        self.conv_skip = None
        if in_channels != out_channels:
            self.conv_skip = SpectralConv(in_channels, out_channels, 1, bias=False)

    def execute(self, x):
        skip = x if self.conv_skip is None else leaky_relu(instance_norm(self.conv_skip(x)))
        x = leaky_relu(instance_norm(self.conv0(x)))
        x = leaky_relu(instance_norm(self.conv1(x)))
        return skip + x


class FADE(nn.Module):
    """Normalise `x`, then scale and shift each pixel by what the content features say.

    Args:
        norm: Builds the normalisation without learned affine, `norm(channels)`.

    Shapes:
        x [N, C, H, W], feat [N, C, H, W] -> [N, C, H, W]

    Source: models/networks/normalization.py. Differs: the kernel is always 3 x 3.
    """

    def __init__(self, channels: int, norm):
        self.norm = norm(channels)
        self.conv_gamma = Conv(channels, channels, 3, padding=1)
        self.conv_beta = Conv(channels, channels, 3, padding=1)

    def execute(self, x, feat):
        return self.norm(x) * (1 + self.conv_gamma(feat)) + self.conv_beta(feat)


class FADEBlock(nn.Module):
    """Residual block that takes its content from a stream's features.

    Args:
        norm: Builds the normalisation inside FADE, `norm(channels)`.

    Shapes:
        x [N, in_channels, H, W], feat [N, in_channels, H, W] -> [N, out_channels, H, W]

    Source: FADEResnetBlock; the middle is as wide as the input.
    """

    def __init__(self, in_channels: int, out_channels: int, norm):
        self.fade0 = FADE(in_channels, norm)
        self.conv0 = SpectralConv(in_channels, in_channels, 3, padding=1)
        self.fade1 = FADE(in_channels, norm)
        self.conv1 = SpectralConv(in_channels, out_channels, 3, padding=1)
        self.fade_skip = self.conv_skip = None
        if in_channels != out_channels:
            self.fade_skip = FADE(in_channels, norm)
            self.conv_skip = SpectralConv(in_channels, out_channels, 1, bias=False)

    def execute(self, x, feat):
        skip = x if self.conv_skip is None else self.conv_skip(self.fade_skip(x, feat))
        x = self.conv0(leaky_relu(self.fade0(x, feat)))
        x = self.conv1(leaky_relu(self.fade1(x, feat)))
        return skip + x
