"""Self-attention over the pixels of a feature map (Zhang et al., SAGAN, ICML 2019)."""

from __future__ import annotations

import jittor as jt
from jittor import nn

from jittor_tsit.layers.spectral_conv import SpectralConv

REDUCTION = 8  # of the channels in which pixels are compared, the paper's
VALUE_REDUCTION = 2  # of those that are handed on, as in the authors' code


class SelfAttention(nn.Module):
    """Adds to each pixel a mean over all pixels, weighed by how alike they are; at first, nothing.

    Time and memory grow with the square of the number of pixels.

    Shapes:
        x [N, channels, H, W] -> the same

    Source: the paper, section 3, with the convolutions in spectral norm. Differs from the authors' code: keys and
        values are not pooled.
    """

    def __init__(self, channels: int):
        inner, values = max(channels // REDUCTION, 1), max(channels // VALUE_REDUCTION, 1)
        self.conv_query = SpectralConv(channels, inner, 1, bias=False)
        self.conv_key = SpectralConv(channels, inner, 1, bias=False)
        self.conv_value = SpectralConv(channels, values, 1, bias=False)
        self.conv_out = SpectralConv(values, channels, 1, bias=False)
        self.gamma = jt.zeros(1)

    def execute(self, x):
        n, _, h, w = x.shape
        query, key, value = (
            conv(x).reshape(n, -1, h * w) for conv in (self.conv_query, self.conv_key, self.conv_value)
        )
        scores = nn.bmm_transpose(query.permute(0, 2, 1), key.permute(0, 2, 1))  # [N, pixels, pixels seen]
        mean = nn.bmm_transpose(value, nn.softmax(scores, dim=2))  # [N, values, pixels]
        return x + self.gamma * self.conv_out(mean.reshape(n, -1, h, w))
