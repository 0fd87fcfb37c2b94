"""Residual blocks of SPADE and TSIT.

Sources: SPADE (Park et al., CVPR 2019; NVlabs/SPADE) and TSIT (Jiang et al., ECCV 2020; EndlessSora/TSIT), both in
models/networks/architecture.py.
"""

from typing import Optional

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import SLOPE
from jittor_tsit.layers.image_layouts import Image, to_fast_layout, to_layout_of
from jittor_tsit.layers.pixel_noise import PixelNoise
from jittor_tsit.layers.resize import resize_nearest
from jittor_tsit.layers.spatial_norm import FADE, HIDDEN_CHANNELS, SPADE
from jittor_tsit.layers.spectral_conv import SpectralConv, conv_norm_act


class StreamBlock(nn.Module):
    """Residual block of the content and style streams, without activation after the sum.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H, W], in the fastest layout

    Source: StreamResnetBlock.
    """

    def __init__(self, in_channels: int, out_channels: int):
        self.conv0 = SpectralConv(in_channels, in_channels, 3, padding=1)
        self.conv1 = SpectralConv(in_channels, out_channels, 3, padding=1)
        self.conv_skip = None
        if in_channels != out_channels:
            self.conv_skip = SpectralConv(in_channels, out_channels, 1, bias=False)

    def execute(self, x: Image) -> Image:
        x = to_fast_layout(x)
        skip = x if self.conv_skip is None else conv_norm_act(self.conv_skip, x)
        x = conv_norm_act(self.conv1, conv_norm_act(self.conv0, x))
        return skip + to_layout_of(x, skip)


class ModulatedBlock(nn.Module):
    """Residual block whose normalisations are modulated by a map.

    Args:
        modulation: Builds a normalisation that a map modulates, `modulation(channels)`. The result is called with x,
            the map, the slope of the leaky ReLU that follows, and the latent code if there is one.
        has_noise: Whether noise is added in front of the two normalisations of the main path.

    Shapes:
        x [N, in_channels, H, W], guide: the map that `modulation` takes, code [N, z_dim] or None,
        noise [N, 1, H', W'] of any size, or None without `has_noise`
        -> [N, out_channels, H, W], in the fastest layout
    """

    def __init__(self, in_channels: int, middle_channels: int, out_channels: int, modulation, has_noise=False):
        self.norm0 = modulation(in_channels)
        self.conv0 = SpectralConv(in_channels, middle_channels, 3, padding=1)
        self.norm1 = modulation(middle_channels)
        self.conv1 = SpectralConv(middle_channels, out_channels, 3, padding=1)
        self.norm_skip = self.conv_skip = None
        if in_channels != out_channels:
            self.norm_skip = modulation(in_channels)
            self.conv_skip = SpectralConv(in_channels, out_channels, 1, bias=False)
        self.noise0 = PixelNoise(in_channels) if has_noise else None
        self.noise1 = PixelNoise(middle_channels) if has_noise else None

    def execute(self, x: Image, guide: Image, code: Optional[jt.Var] = None, noise: Optional[jt.Var] = None) -> Image:
        x, codes = to_fast_layout(x), () if code is None else (code,)
        if self.noise0 is not None and noise is not None:
            x = self.noise0(x, noise)
        skip = x
        if self.norm_skip is not None and self.conv_skip is not None:
            skip = self.conv_skip(self.norm_skip(x, guide, 1.0, *codes))
        x = self.conv0(self.norm0(x, guide, SLOPE, *codes))
        if self.noise1 is not None and noise is not None:
            x = self.noise1(x, noise)
        x = self.conv1(self.norm1(x, guide, SLOPE, *codes))
        return skip + x


class SPADEBlock(ModulatedBlock):
    """Residual block whose normalisations are modulated by a label map.

    Args:
        norm: Builds the normalisation inside SPADE, `norm(channels)`.
        hidden_channels, z_dim: See `SPADE`.
        has_noise: See `ModulatedBlock`.

    Shapes:
        x [N, in_channels, H, W], segmap [N, segmap_channels, H', W'] of any size -> [N, out_channels, H, W], in the
        fastest layout

    Source: SPADEResnetBlock; the middle has the smaller of the two numbers of channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        segmap_channels: int,
        norm,
        hidden_channels: int = HIDDEN_CHANNELS,
        z_dim: int = 0,
        has_noise: bool = False,
    ):
        middle_channels = min(in_channels, out_channels)
        super().__init__(
            in_channels,
            middle_channels,
            out_channels,
            lambda c: SPADE(c, segmap_channels, norm, hidden_channels, z_dim),
            has_noise,
        )

    def execute(self, x: Image, segmap: Image, code: Optional[jt.Var] = None, noise: Optional[jt.Var] = None) -> Image:
        return super().execute(x, to_fast_layout(resize_nearest(segmap, *x.shape[2:])), code, noise)


class FADEBlock(ModulatedBlock):
    """Residual block whose normalisations are modulated by the features of a stream.

    Args:
        norm: Builds the normalisation inside FADE, `norm(channels)`.
        z_dim: See `FADE`.
        has_noise: See `ModulatedBlock`.

    Shapes:
        x [N, in_channels, H, W], feat [N, in_channels, H, W] -> [N, out_channels, H, W], in the fastest layout

    Source: FADEResnetBlock; the middle has the channels of the input.
    """

    def __init__(self, in_channels: int, out_channels: int, norm, z_dim: int = 0, has_noise: bool = False):
        super().__init__(in_channels, in_channels, out_channels, lambda c: FADE(c, norm, z_dim), has_noise)

    def execute(self, x: Image, feat: Image, code: Optional[jt.Var] = None, noise: Optional[jt.Var] = None) -> Image:
        return super().execute(x, to_fast_layout(feat), code, noise)
