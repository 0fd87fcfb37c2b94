"""Generator of SPADE (Park et al., CVPR 2019; NVlabs/SPADE models/networks/generator.py)."""

from typing import List, Optional, Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.config.systems.spade import STRIDES
from jittor_tsit.layers.attention import SelfAttention
from jittor_tsit.layers.basic import Image, OutputConv, leaky_relu
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.norm import GENERATOR_NORMS
from jittor_tsit.layers.residual_blocks import SPADEBlock
from jittor_tsit.layers.resize import upsample2x
from jittor_tsit.layers.spatial_norm import HIDDEN_CHANNELS
from jittor_tsit.networks.first_tensor import fit


def _same_size_blocks(num_upsamplings: int) -> Tuple[int, ...]:
    """Return the numbers (from 0) of the blocks whose input has the size of the block before, without upsampling."""
    return (0, 2) if num_upsamplings == 5 else (0,)


def block_strides(num_upsamplings: int) -> List[int]:
    """Return for each block the stride of its features: the side of the image divided by the side of the features."""
    strides, stride = [], STRIDES[num_upsamplings]
    for k in range(8 if num_upsamplings == 7 else 7):
        stride //= 1 if k in _same_size_blocks(num_upsamplings) else 2
        strides.append(stride)
    return strides


class SPADEGenerator(nn.Module):
    """Generator whose blocks are all modulated by the label map through SPADE.

    Args:
        in_channels: Channels of `segmap`.
        start: Makes the first tensor, [N, 16 * width, H / stride, W / stride], from the argument `start` of `execute`.
        num_upsamplings: A key of STRIDES, which gives the stride. 6 adds an upsampling near the beginning; 7 adds one
            more at the end, and a last block of half the width.
        attention_block: The block, counted from 0, that is followed by self-attention; None: no block is.
        norm: Normalisation before the modulation, a key of GENERATOR_NORMS.
        hidden_channels: Channels of SPADE's hidden layers.
        style_dim: Length of a latent code that scales and shifts the normalisations; 0: there is none.
        has_noise: Whether noise is added to the features of each block.

    Shapes:
        segmap [N, in_channels, H, W], start: the input of `self.start`, code [N, style_dim] or None,
        noise [N, 1, H, W] or None -> image [N, 3, H, W] in [-1, 1].
        H and W are multiples of the stride.

    Raises:
        ValueError: `num_upsamplings` is not a key of STRIDES.
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        start: nn.Module,
        num_upsamplings=5,
        attention_block: Optional[int] = None,
        norm: str = "batch",
        hidden_channels: int = HIDDEN_CHANNELS,
        style_dim: int = 0,
        has_noise: bool = False,
    ):
        if num_upsamplings not in STRIDES:
            raise ValueError(f"num_upsamplings={num_upsamplings}: allowed are {', '.join(map(str, STRIDES))}")
        self.attention_block, self.stride = attention_block, STRIDES[num_upsamplings]
        channels = [width * factor for factor in (16, 16, 16, 16, 8, 4, 2, 1)]
        if num_upsamplings == 7:
            channels.append(width // 2)
        self.same_size_blocks = _same_size_blocks(num_upsamplings)
        self.start = start
        self.blocks = nn.ModuleList(
            [
                SPADEBlock(a, b, in_channels, GENERATOR_NORMS[norm], hidden_channels, style_dim, has_noise)
                for a, b in zip(channels, channels[1:])
            ]
        )
        self.conv_image = OutputConv(channels[-1], 3, 3, padding=1)
        self.attention = None if attention_block is None else SelfAttention(channels[attention_block + 1])

    def execute(
        self, segmap: Image, start: Image, code: Optional[jt.Var] = None, noise: Optional[jt.Var] = None
    ) -> jt.Var:
        x = fit(self.start(start), *(side // self.stride for side in segmap.shape[2:]))
        for k, block in enumerate(self.blocks):
            if k not in self.same_size_blocks:
                x = upsample2x(x)
            x = block(x, segmap, code, noise)
            if self.attention is not None and k == self.attention_block:
                x = self.attention(x)
        return tanh(self.conv_image(leaky_relu(x)))
