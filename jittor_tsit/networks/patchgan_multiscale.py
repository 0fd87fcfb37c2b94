"""Patch discriminators at several scales (pix2pixHD, SPADE, TSIT: models/networks/discriminator.py)."""

from typing import List, NamedTuple, Optional, Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.layers.attention import SelfAttention
from jittor_tsit.layers.basic import SLOPE, Image, OutputConv
from jittor_tsit.layers.conv_of_pair import PairConv
from jittor_tsit.layers.resize import avg_pool_down
from jittor_tsit.layers.spectral_conv import SpectralConv, conv_norm_act

MAX_CHANNELS = 512  # the number of channels doubles from layer to layer up to this one


class DiscriminatorOutput(NamedTuple):
    """Output of the discriminator for a batch: one entry for each scale, full size first."""

    logits: List[jt.Var]  # [N, 1, h, w]
    feats: List[List[Image]]  # activations of the hidden layers, shallow to deep


class PatchDiscriminator(nn.Module):
    """Discriminator of overlapping patches: strided convolutions that give one logit for each patch.

    Args:
        num_layers: Number of hidden layers.
        unit_stride_layer: The hidden layer, counted from 0, that has stride 1: layer 3 in TSIT, whatever `num_layers`
            is; the last one in SPADE.
        attention_layer: The hidden layer, counted from 0, that is followed by self-attention; None: no layer is.

    Shapes:
        x [N, in_channels, H, W], or segmap [N, K, H, W] and x [N, in_channels - K, H, W], concatenated in this order
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
        self.conv_first = PairConv(in_channels, width, 4, stride=2, padding=2)
        self.convs = nn.ModuleList(
            [
                SpectralConv(a, b, 4, stride=1 if k == unit_stride_layer else 2, padding=2, bias=False)
                for k, (a, b) in enumerate(zip(channels, channels[1:]), start=1)
            ]
        )
        self.conv_logits = OutputConv(channels[-1], 1, 4, padding=2)
        self.attention_layer = attention_layer
        self.attention = None if attention_layer is None else SelfAttention(channels[attention_layer])

    def execute(self, x: Image, segmap: Optional[Image] = None) -> Tuple[jt.Var, List[Image]]:
        feats = [self._attended(0, self.conv_first(x, SLOPE, segmap))]
        for k, conv in enumerate(self.convs, start=1):
            feats.append(self._attended(k, conv_norm_act(conv, feats[-1])))
        return self.conv_logits(feats[-1]), feats

    def _attended(self, layer: int, x: Image) -> Image:
        return x if self.attention is None or layer != self.attention_layer else self.attention(x)


class MultiscaleDiscriminator(nn.Module):
    """Independent patch discriminators on an image pyramid. Scale k sees its inputs at 1 / 2^k of their size.

    Args:
        num_scales: Number of discriminators. The other arguments are those of `PatchDiscriminator`.

    Shapes:
        x [N, in_channels, H, W], or segmap [N, K, H, W] and x [N, in_channels - K, H, W], concatenated in this order
        -> DiscriminatorOutput
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

    def execute(self, x: Image, segmap: Optional[Image] = None) -> DiscriminatorOutput:
        outputs = [self.scales[0](x, segmap)]
        for k in range(1, len(self.scales)):
            x, segmap = avg_pool_down(x), None if segmap is None else avg_pool_down(segmap)
            outputs.append(self.scales[k](x, segmap))
        return DiscriminatorOutput([logits for logits, _ in outputs], [feats for _, feats in outputs])
