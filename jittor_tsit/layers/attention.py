"""Self-attention over the pixels of a feature map (Zhang et al., SAGAN, ICML 2019)."""

from __future__ import annotations

import jittor as jt
from jittor import nn

from jittor_tsit.layers.image_layouts import Image, to_layout_of, to_nchw
from jittor_tsit.layers.spectral_conv import SpectralConv

REDUCTION = 8  # the channels divided by this number are those of queries and keys, as in the paper
VALUE_REDUCTION = 2  # the channels divided by this number are those of values, as in the authors' code


class SelfAttention(nn.Module):
    """Add to each pixel a mean over all pixels, weighted by similarity. The learned factor of the mean begins at 0.

    Time and memory grow with the square of the number of pixels.

    Shapes:
        x [N, channels, H, W] -> [N, channels, H, W], in the layout of x

    Source: the paper, section 3; the convolutions have spectral norm. Differs from the authors' code: keys and values
        are not pooled.
    """

    def __init__(self, channels: int):
        inner, values = max(channels // REDUCTION, 1), max(channels // VALUE_REDUCTION, 1)
        self.conv_query = SpectralConv(channels, inner, 1, bias=False)
        self.conv_key = SpectralConv(channels, inner, 1, bias=False)
        self.conv_value = SpectralConv(channels, values, 1, bias=False)
        self.conv_out = SpectralConv(values, channels, 1, bias=False)
        self.gamma = jt.zeros(1)

    def execute(self, x: Image) -> Image:
        return to_layout_of(self._attended(to_nchw(x)), x)

    def _attended(self, x: jt.Var) -> jt.Var:
        n, _, h, w = x.shape
        query, key, value = (
            conv(x).reshape(n, -1, h * w) for conv in (self.conv_query, self.conv_key, self.conv_value)
        )
        scores = nn.bmm_transpose(query.permute(0, 2, 1), key.permute(0, 2, 1))  # [N, pixels, pixels seen]
        mean = nn.bmm_transpose(value, nn.softmax(scores, dim=2))  # [N, values, pixels]
        return x + self.gamma * self.conv_out(mean.reshape(n, -1, h, w))
