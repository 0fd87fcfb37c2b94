"""Residual blocks of SPADE and TSIT.

Sources: SPADE (Park et al., CVPR 2019; NVlabs/SPADE) and TSIT (Jiang et al., ECCV 2020; EndlessSora/TSIT), both in
models/networks/architecture.py.
"""

from jittor import nn

from jittor_tsit.layers.basic import SLOPE
from jittor_tsit.layers.image_layouts import Image, for_convolutions, in_layout_of
from jittor_tsit.layers.norm import instance_norm
from jittor_tsit.layers.resize import resize_nearest
from jittor_tsit.layers.spatial_norm import FADE, SPADE
from jittor_tsit.layers.spectral_conv import SpectralConv


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

    def execute(self, x: Image) -> Image:
        x = for_convolutions(x)
        skip = x if self.conv_skip is None else self._activated(self.conv_skip, x)
        x = self._activated(self.conv1, self._activated(self.conv0, x))
        return skip + in_layout_of(x, skip)

    @staticmethod
    def _activated(conv: SpectralConv, x: Image) -> Image:
        return instance_norm(for_convolutions(conv(x)), SLOPE)


class ModulatedBlock(nn.Module):
    """Residual block that a map steers through its normalisations.

    Args:
        modulation: Builds such a normalisation, `modulation(channels)`; it is called with x, the map, and the slope of
            the leaky ReLU that follows.

    Shapes:
        x [N, in_channels, H, W], guide: the map that `modulation` takes -> [N, out_channels, H, W]
    """

    def __init__(self, in_channels: int, middle_channels: int, out_channels: int, modulation):
        self.norm0 = modulation(in_channels)
        self.conv0 = SpectralConv(in_channels, middle_channels, 3, padding=1)
        self.norm1 = modulation(middle_channels)
        self.conv1 = SpectralConv(middle_channels, out_channels, 3, padding=1)
        self.norm_skip = self.conv_skip = None
        if in_channels != out_channels:
            self.norm_skip = modulation(in_channels)
            self.conv_skip = SpectralConv(in_channels, out_channels, 1, bias=False)

    def execute(self, x: Image, guide: Image) -> Image:
        x = for_convolutions(x)
        skip = x if self.conv_skip is None else self.conv_skip(self.norm_skip(x, guide))
        x = self.conv0(self.norm0(x, guide, SLOPE))
        x = self.conv1(self.norm1(x, guide, SLOPE))
        return skip + x


class SPADEBlock(ModulatedBlock):
    """Residual block that takes its content from a label map.

    Args:
        norm: Builds the normalisation inside SPADE, `norm(channels)`.

    Shapes:
        x [N, in_channels, H, W], segmap [N, segmap_channels, H', W'] of any size -> [N, out_channels, H, W]

    Source: SPADEResnetBlock; the middle is as wide as the narrower end.
    """

    def __init__(self, in_channels: int, out_channels: int, segmap_channels: int, norm):
        middle_channels = min(in_channels, out_channels)
        super().__init__(in_channels, middle_channels, out_channels, lambda c: SPADE(c, segmap_channels, norm))

    def execute(self, x: Image, segmap) -> Image:
        return super().execute(x, for_convolutions(resize_nearest(segmap, *x.shape[2:])))


class FADEBlock(ModulatedBlock):
    """Residual block that takes its content from a stream's features.

    Args:
        norm: Builds the normalisation inside FADE, `norm(channels)`.

    Shapes:
        x [N, in_channels, H, W], feat [N, in_channels, H, W] -> [N, out_channels, H, W]

    Source: FADEResnetBlock; the middle is as wide as the input.
    """

    def __init__(self, in_channels: int, out_channels: int, norm):
        super().__init__(in_channels, in_channels, out_channels, lambda c: FADE(c, norm))

    def execute(self, x: Image, feat: Image) -> Image:
        return super().execute(x, for_convolutions(feat))
