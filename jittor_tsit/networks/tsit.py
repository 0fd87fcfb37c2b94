"""Streams and generator of TSIT (Jiang et al., ECCV 2020; EndlessSora/TSIT models/networks/generator.py)."""

from typing import List, Optional

import jittor as jt
from jittor import nn

from jittor_tsit.config.systems.tsit import STRIDE
from jittor_tsit.layers.attention import SelfAttention
from jittor_tsit.layers.basic import Image, leaky_relu
from jittor_tsit.layers.conv_of_upsampled import UpsampleConv
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.norm import GENERATOR_NORMS, fadain
from jittor_tsit.layers.residual_blocks import FADEBlock, StreamBlock
from jittor_tsit.layers.resize import average2x, downsample2x, upsample2x
from jittor_tsit.networks.first_tensor import fit

DOWNSAMPLINGS = {"nearest": downsample2x, "bilinear": average2x}  # of the streams' features


class Stream(nn.Module):
    """Features of an image or one-hot map at eight scales.

    Args:
        downsampling: A key of DOWNSAMPLINGS.

    Shapes:
        x [N, in_channels, H, W] -> eight feats, the k-th [N, width * 2^min(k, 4), H / 2^k, W / 2^k]
    """

    def __init__(self, in_channels: int, width: int, downsampling: str = "nearest"):
        self.downsample = DOWNSAMPLINGS[downsampling]
        channels = [in_channels] + [width * 2 ** min(k, 4) for k in range(8)]
        self.blocks = nn.ModuleList([StreamBlock(a, b) for a, b in zip(channels, channels[1:])])

    def execute(self, x: Image) -> List[Image]:
        feats = [self.blocks[0](x)]
        for k in range(1, len(self.blocks)):
            feats.append(self.blocks[k](self.downsample(feats[-1])))
        return feats


class TSITGenerator(nn.Module):
    """Generator modulated by content features through FADE and, if there is a style stream, by style through FAdaIN.

    Args:
        in_channels: Channels of `content`: the number of classes for a one-hot map, 3 for a photograph.
        start: Makes the first tensor, [N, 16 * width, H / 128, W / 128], from the argument `start` of `execute`.
        has_style_stream: False for semantic synthesis, where style enters through `start` alone.
        alpha: Share of FAdaIN's result.
        attention_block: The block, counted from 0, that is followed by self-attention; None: no block is.
        downsampling: Downsampling of the streams, a key of DOWNSAMPLINGS.
        norm: Normalisation before the modulation, a key of GENERATOR_NORMS.
        style_dim: Length of a latent code that scales and shifts the normalisations; 0: there is none.
        has_noise: Whether noise is added to the features of each block.

    Shapes:
        content [N, in_channels, H, W], start: the input of `self.start`, style [N, in_channels, H, W] or None,
        code [N, style_dim] or None, noise [N, 1, H, W] or None
        -> image [N, 3, H, W] in [-1, 1]. H and W are multiples of 128.
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        start: nn.Module,
        has_style_stream=False,
        alpha=1.0,
        attention_block: Optional[int] = None,
        downsampling: str = "nearest",
        norm: str = "batch",
        style_dim: int = 0,
        has_noise: bool = False,
    ):
        self.alpha, self.attention_block = alpha, attention_block
        self.content_stream = Stream(in_channels, width, downsampling)
        self.style_stream = Stream(in_channels, width, downsampling) if has_style_stream else None
        self.start = start
        channels = [width * factor for factor in (16, 16, 16, 16, 8, 4, 2, 1)]
        self.blocks = nn.ModuleList(
            [FADEBlock(a, b, GENERATOR_NORMS[norm], style_dim, has_noise) for a, b in zip(channels, channels[1:])]
        )
        self.conv_image = UpsampleConv(width, 3)
        self.attention = None if attention_block is None else SelfAttention(channels[attention_block + 1])

    def execute(
        self,
        content: Image,
        start: Image,
        style: Optional[jt.Var] = None,
        code: Optional[jt.Var] = None,
        noise: Optional[jt.Var] = None,
    ) -> jt.Var:
        content_feats = self.content_stream(content)
        style_feats = self.style_stream(style) if self.style_stream is not None else None
        x = fit(self.start(start), *(side // STRIDE for side in content.shape[2:]))
        for k, block in enumerate(self.blocks):
            scale = 7 - k  # from the deepest features up to half the size of the image; feats[0] is not used
            if k:
                x = upsample2x(x)
            if style_feats is not None:
                x = fadain(x, style_feats[scale], self.alpha)
            x = block(x, content_feats[scale], code, noise)
            if self.attention is not None and k == self.attention_block:
                x = self.attention(x)
        return tanh(self.conv_image(leaky_relu(x)))
