"""Patch discriminator at several scales (pix2pixHD, SPADE, TSIT: models/networks/discriminator.py)."""

from typing import List, NamedTuple, Optional

import jittor as jt
from jittor import nn

from jittor_tsit.layers.attention import SelfAttention
from jittor_tsit.layers.basic import SLOPE, Conv
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.image_layouts import Image, OneHot, activated, for_convolutions, pack, plain
from jittor_tsit.layers.norm import instance_norm
from jittor_tsit.layers.resize import avg_pool_down
from jittor_tsit.layers.spectral_conv import SpectralConv

MAX_CHANNELS = 512  # where the doubling of channels ends


class DiscriminatorOutput(NamedTuple):
    """What D says of a batch: one entry a scale, full size first."""

    logits: List[jt.Var]  # [N, 1, h, w]
    feats: List[List[Image]]  # activations of the hidden layers, shallow to deep


class PatchDiscriminator(nn.Module):
    """Strided convolutions that judge overlapping patches.

    Args:
        num_layers: Hidden layers.
        unit_stride_layer: The hidden layer, counted from 0, that keeps its input's size: 3 in TSIT, whatever
            `num_layers` is; the last one in SPADE.
        attention_layer: The hidden layer, counted from 0, behind which self-attention stands; None: there is none.

    Shapes:
        x [N, in_channels, H, W], or segmap [N, K, H, W] and x [N, in_channels - K, H, W] behind it
        -> logits [N, 1, h, w], list of feats
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        num_layers: int,
        unit_stride_layer: int,
        attention_layer: Optional[int] = None,
    ):
        channels = [min(width * 2**k, MAX_CHANNELS) for k in range(num_layers)]
        self.conv_first = Conv(in_channels, width, 4, stride=2, padding=2)
        self.convs = nn.ModuleList(
            [
                SpectralConv(a, b, 4, stride=1 if k == unit_stride_layer else 2, padding=2, bias=False)
                for k, (a, b) in enumerate(zip(channels, channels[1:]), start=1)
            ]
        )
        self.conv_logits = Conv(channels[-1], 1, 4, padding=2)
        self.attention_layer = attention_layer
        self.attention = None if attention_layer is None else SelfAttention(channels[attention_layer])

    def execute(self, x, segmap: Optional[Image] = None):
        feats = [self._attended(0, for_convolutions(self._first(x, segmap)))]
        for k, conv in enumerate(self.convs, start=1):
            feats.append(self._attended(k, instance_norm(conv(feats[-1]), SLOPE)))
        return plain(self.conv_logits(feats[-1])), feats

    def _first(self, x, segmap: Optional[Image]) -> Image:
        conv = self.conv_first
        if isinstance(segmap, OneHot):
            segmap = for_convolutions(segmap)  # or plain, within `plain_layout`
        if isinstance(segmap, OneHot):  # the same sum in two parts
            classes = segmap.shape[1]
            of_map = conv2d(segmap, conv.weight[:, :classes], conv.bias, conv.stride, conv.padding)
            of_image = conv2d(pack(x), conv.weight[:, classes:], None, conv.stride, conv.padding)
            return activated(of_map + of_image, SLOPE)
        x = x if segmap is None else jt.concat([plain(segmap), x], 1)
        return conv(for_convolutions(x), slope=SLOPE)

    def _attended(self, layer: int, x: Image) -> Image:
        return for_convolutions(self.attention(plain(x))) if layer == self.attention_layer else x


class MultiscaleDiscriminator(nn.Module):
    """Independent patch discriminators on an image pyramid.

    Shapes:
        x [N, in_channels, H, W], or segmap [N, K, H, W] and x [N, in_channels - K, H, W] behind it
        -> DiscriminatorOutput; scale k sees both at 1 / 2^k of their size
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        num_layers=4,
        num_scales=2,
        unit_stride_layer=3,
        attention_layer: Optional[int] = None,
    ):
        sizes = in_channels, width, num_layers, unit_stride_layer, attention_layer
        self.scales = nn.ModuleList([PatchDiscriminator(*sizes) for _ in range(num_scales)])

    def execute(self, x, segmap: Optional[Image] = None) -> DiscriminatorOutput:
        outputs = [self.scales[0](x, segmap)]
        for k in range(1, len(self.scales)):
            x, segmap = avg_pool_down(x), None if segmap is None else avg_pool_down(segmap)
            outputs.append(self.scales[k](x, segmap))
        return DiscriminatorOutput([logits for logits, _ in outputs], [feats for _, feats in outputs])
