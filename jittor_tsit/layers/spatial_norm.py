"""Normalisation followed by a scale and a shift of each pixel that a map decides.

Sources: SPADE (Park et al., CVPR 2019; NVlabs/SPADE) and FADE (TSIT, Jiang et al., ECCV 2020;
EndlessSora/TSIT), both in models/networks/normalization.py. Differs: the kernels are always 3 x 3.
"""

from jittor import nn

from jittor_tsit.layers.basic import Conv
from jittor_tsit.layers.conv import conv2d_of_two
from jittor_tsit.layers.image_layouts import Image, Packed, for_convolutions, in_layout_of
from jittor_tsit.layers.norm import normalized
from jittor_tsit.layers.resize import resize_nearest

HIDDEN_CHANNELS = 128  # of SPADE, whatever it modulates


class SPADE(nn.Module):
    """Normalise `x`, then scale and shift each pixel by what the label map says there.

    Args:
        norm: Builds the normalisation without learned affine, `norm(channels)`.

    Shapes:
        x [N, channels, H, W], segmap [N, segmap_channels, H', W'] of any size
        -> [N, channels, H, W]
    """

    def __init__(self, channels: int, segmap_channels: int, norm):
        self.norm = norm(channels)
        self.conv_hidden = Conv(segmap_channels, HIDDEN_CHANNELS, 3, padding=1)
        self.conv_gamma = Conv(HIDDEN_CHANNELS, channels, 3, padding=1)
        self.conv_beta = Conv(HIDDEN_CHANNELS, channels, 3, padding=1)

    def execute(self, x: Image, segmap, slope: float = 1.0) -> Image:
        hidden = self.conv_hidden(for_convolutions(resize_nearest(segmap, *x.shape[2:])), slope=0.0)
        return _modulated(self, x, hidden, slope)


class FADE(nn.Module):
    """Normalise `x`, then scale and shift each pixel by what the content features say.

    Args:
        norm: Builds the normalisation without learned affine, `norm(channels)`.

    Shapes:
        x [N, C, H, W], feat [N, C, H, W], or what `for_convolutions` makes of it -> [N, C, H, W]
    """

    def __init__(self, channels: int, norm):
        self.norm = norm(channels)
        self.conv_gamma = Conv(channels, channels, 3, padding=1)
        self.conv_beta = Conv(channels, channels, 3, padding=1)

    def execute(self, x: Image, feat: Image, slope: float = 1.0) -> Image:
        return _modulated(self, x, feat, slope)


def _modulated(layer: nn.Module, x: Image, guide: Image, slope: float) -> Image:
    x, mean, var = layer.norm.moments(x)
    gamma, beta = layer.conv_gamma, layer.conv_beta
    if isinstance(x, Packed):
        guide, weights, biases = in_layout_of(guide, x), (gamma.weight, beta.weight), (gamma.bias, beta.bias)
        return normalized(x, mean, var, conv2d_of_two(guide, weights, biases, gamma.padding), slope=slope)
    return normalized(x, mean, var, gamma(guide), beta(guide), slope=slope)
