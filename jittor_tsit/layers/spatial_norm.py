"""Normalisation followed by a scale and a shift of each pixel that are computed from a map.

Sources: SPADE (Park et al., CVPR 2019; NVlabs/SPADE) and FADE (TSIT, Jiang et al., ECCV 2020;
EndlessSora/TSIT), both in models/networks/normalization.py. Differs: the kernels are always 3 x 3. SPADE with noise is
from OASIS (Sushko et al., ICLR 2021).
"""

from typing import Optional, Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, Linear
from jittor_tsit.layers.conv import conv2d_of_two
from jittor_tsit.layers.conv_of_noise import NoisyConv
from jittor_tsit.layers.image_layouts import BlockedImage, Image, to_fast_layout, to_layout_of
from jittor_tsit.layers.norm import Style, normalize
from jittor_tsit.layers.resize import resize_nearest

HIDDEN_CHANNELS = 128  # of SPADE's hidden layer, for any number of modulated channels


class CodeStyle(nn.Module):
    """Gain and shift of each channel, computed from a latent code.

    Shapes:
        z [N, z_dim] -> gain and shift, [N, channels, 1, 1] each; with gain 0 and shift 0 the code changes nothing

    Source: AdaIN (Huang & Belongie, ICCV 2017), with a code as in StyleGAN (Karras et al., CVPR 2019).
    """

    def __init__(self, z_dim: int, channels: int):
        self.linear = Linear(z_dim, 2 * channels)

    def execute(self, z: jt.Var) -> Style:
        both = self.linear(z).reshape(z.shape[0], 2, -1, 1, 1)
        return both[:, 0], both[:, 1]


class SPADE(nn.Module):
    """Normalise x, then scale and shift each pixel by values computed from the label map.

    Args:
        norm: Builds the normalisation without learned scale and shift, `norm(channels)`.
        hidden_channels: Channels of the layer between the label map and the values.
        z_dim: Length of a latent code that scales and shifts the channels too, by `CodeStyle`; 0: there is none.

    Shapes:
        x [N, channels, H, W], segmap [N, segmap_channels, H', W'] of any size, code [N, z_dim]
        -> [N, channels, H, W], in the layout of x
    """

    def __init__(
        self, channels: int, segmap_channels: int, norm, hidden_channels: int = HIDDEN_CHANNELS, z_dim: int = 0
    ):
        self.norm = norm(channels)
        self.conv_hidden = Conv(segmap_channels, hidden_channels, 3, padding=1)
        self.conv_gamma = Conv(hidden_channels, channels, 3, padding=1)
        self.conv_beta = Conv(hidden_channels, channels, 3, padding=1)
        self.style = CodeStyle(z_dim, channels) if z_dim else None

    def execute(self, x: Image, segmap: Image, slope: float = 1.0, code: Optional[jt.Var] = None) -> Image:
        """Return the modulated x, then leaky ReLU with this slope."""
        hidden = self.conv_hidden(to_fast_layout(resize_nearest(segmap, *x.shape[2:])), slope=0.0)
        return _modulate(self, x, hidden, slope, None if self.style is None else self.style(code))


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
        z_dim: Length of a latent code that scales and shifts the channels too, by `CodeStyle`; 0: there is none.

    Shapes:
        x [N, C, H, W], feat [N, C, H, W], code [N, z_dim] -> [N, C, H, W], in the layout of x
    """

    def __init__(self, channels: int, norm, z_dim: int = 0):
        self.norm = norm(channels)
        self.conv_gamma = Conv(channels, channels, 3, padding=1)
        self.conv_beta = Conv(channels, channels, 3, padding=1)
        self.style = CodeStyle(z_dim, channels) if z_dim else None

    def execute(self, x: Image, feat: Image, slope: float = 1.0, code: Optional[jt.Var] = None) -> Image:
        """Return the modulated x, then leaky ReLU with this slope."""
        return _modulate(self, x, feat, slope, None if self.style is None else self.style(code))


def _modulate(layer: nn.Module, x: Image, guide: Image, slope: float, style: Optional[Style] = None) -> Image:
    """Normalise x, scale and shift it by the layer's two convolutions of `guide`, apply leaky ReLU with this slope."""
    x, mean, var = layer.norm.moments(x)
    gamma, beta = layer.conv_gamma, layer.conv_beta
    if isinstance(x, BlockedImage):
        guide, weights, biases = to_layout_of(guide, x), (gamma.weight, beta.weight), (gamma.bias, beta.bias)
        return normalize(x, mean, var, conv2d_of_two(guide, weights, biases, gamma.padding), slope=slope, style=style)
    return normalize(x, mean, var, gamma(guide), beta(guide), slope=slope, style=style)
