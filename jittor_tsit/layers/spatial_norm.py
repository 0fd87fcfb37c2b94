"""Normalisation followed by a scale and a shift of each pixel that are computed from a map.

Sources: SPADE (Park et al., CVPR 2019; NVlabs/SPADE) and FADE (TSIT, Jiang et al., ECCV 2020;
EndlessSora/TSIT), both in models/networks/normalization.py. Differs: the kernels are always 3 x 3. SPADE with noise is
from OASIS (Sushko et al., ICLR 2021).
"""

from typing import Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv
from jittor_tsit.layers.conv import conv2d_of_two
from jittor_tsit.layers.conv_of_noise import NoisyConv
from jittor_tsit.layers.image_layouts import BlockedImage, Image, to_fast_layout, to_layout_of
from jittor_tsit.layers.norm import normalize
from jittor_tsit.layers.resize import resize_nearest

HIDDEN_CHANNELS = 128  # of SPADE's hidden layer, for any number of modulated channels


class SPADE(nn.Module):
    """Normalise x, then scale and shift each pixel by values computed from the label map.

    Args:
        norm: Builds the normalisation without learned scale and shift, `norm(channels)`.

    Shapes:
        x [N, channels, H, W], segmap [N, segmap_channels, H', W'] of any size -> [N, channels, H, W], in the layout
        of x
    """

    def __init__(self, channels: int, segmap_channels: int, norm):
        self.norm = norm(channels)
        self.conv_hidden = Conv(segmap_channels, HIDDEN_CHANNELS, 3, padding=1)
        self.conv_gamma = Conv(HIDDEN_CHANNELS, channels, 3, padding=1)
        self.conv_beta = Conv(HIDDEN_CHANNELS, channels, 3, padding=1)

    def execute(self, x: Image, segmap: Image, slope: float = 1.0) -> Image:
        """Return the modulated x, then leaky ReLU with this slope."""
        hidden = self.conv_hidden(to_fast_layout(resize_nearest(segmap, *x.shape[2:])), slope=0.0)
        return _modulate(self, x, hidden, slope)


class NoisySPADE(nn.Module):
    """SPADE whose map is the label map and noise, concatenated.

    Args:
        norm: Builds the normalisation without learned scale and shift, `norm(channels)`.

    Shapes:
        x [N, channels, H, W], segmap [N, segmap_channels, H, W], z [N, z_dim, h, w] as in `NoisyConv`
        -> [N, channels, H, W], in the layout of x
    """

    def __init__(self, channels: int, segmap_channels: int, z_dim: int, norm):
        self.norm = norm(channels)
        self.conv_hidden = NoisyConv(segmap_channels, z_dim, HIDDEN_CHANNELS)
        self.conv_gamma = Conv(HIDDEN_CHANNELS, channels, 3, padding=1)
        self.conv_beta = Conv(HIDDEN_CHANNELS, channels, 3, padding=1)

    def execute(self, x: Image, segmap_and_z: Tuple[Image, jt.Var], slope: float = 1.0) -> Image:
        """Return the modulated x, then leaky ReLU with this slope."""
        return _modulate(self, x, self.conv_hidden(*segmap_and_z, slope=0.0), slope)


class FADE(nn.Module):
    """Normalise x, then scale and shift each pixel by values computed from the content features.

    Args:
        norm: Builds the normalisation without learned scale and shift, `norm(channels)`.

    Shapes:
        x [N, C, H, W], feat [N, C, H, W] -> [N, C, H, W], in the layout of x
    """

    def __init__(self, channels: int, norm):
        self.norm = norm(channels)
        self.conv_gamma = Conv(channels, channels, 3, padding=1)
        self.conv_beta = Conv(channels, channels, 3, padding=1)

    def execute(self, x: Image, feat: Image, slope: float = 1.0) -> Image:
        """Return the modulated x, then leaky ReLU with this slope."""
        return _modulate(self, x, feat, slope)


def _modulate(layer: nn.Module, x: Image, guide: Image, slope: float) -> Image:
    """Normalise x, scale and shift it by the layer's two convolutions of `guide`, apply leaky ReLU with this slope."""
    x, mean, var = layer.norm.moments(x)
    gamma, beta = layer.conv_gamma, layer.conv_beta
    if isinstance(x, BlockedImage):
        guide, weights, biases = to_layout_of(guide, x), (gamma.weight, beta.weight), (gamma.bias, beta.bias)
        return normalize(x, mean, var, conv2d_of_two(guide, weights, biases, gamma.padding), slope=slope)
    return normalize(x, mean, var, gamma(guide), beta(guide), slope=slope)
