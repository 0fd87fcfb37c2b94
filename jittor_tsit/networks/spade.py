"""SPADE's generator (Park et al., CVPR 2019; NVlabs/SPADE models/networks/generator.py)."""

from typing import List, Optional, Tuple

from jittor import nn

from jittor_tsit.layers.attention import SelfAttention
from jittor_tsit.layers.basic import Conv, leaky_relu
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.image_layouts import for_convolutions, plain
from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.layers.residual_blocks import SPADEBlock
from jittor_tsit.layers.resize import upsample2x

# By number of upsamplings, the released code's `normal`, `more` and `most`: image sides are multiples of it.
STRIDES = {5: 32, 6: 64, 7: 128}


def _same_size_blocks(num_upsamplings: int) -> Tuple[int, ...]:
    """Blocks in front of which nothing is upsampled."""
    return (0, 2) if num_upsamplings == 5 else (0,)


def block_strides(num_upsamplings: int) -> List[int]:
    """How many pixels of the image are one of each block's features, along a side."""
    strides, stride = [], STRIDES[num_upsamplings]
    for k in range(8 if num_upsamplings == 7 else 7):
        stride //= 1 if k in _same_size_blocks(num_upsamplings) else 2
        strides.append(stride)
    return strides


class SPADEGenerator(nn.Module):
    """The label map steers every block through SPADE.

    Args:
        in_channels: Channels of `segmap`.
        start: Makes the first tensor, [N, 16 * width, H / stride, W / stride], from whatever `execute` is given.
        num_upsamplings: A key of STRIDES, which gives the stride. 6 doubles once more early, and 7 besides at the
            end, before one more block of half the width.
        attention_block: The block, counted from 0, behind which self-attention stands; None: there is none.

    Shapes:
        segmap [N, in_channels, H, W], start: what `self.start` takes -> image [N, 3, H, W] in [-1, 1].
        H and W are multiples of the stride.
    """

    def __init__(
        self, in_channels: int, width: int, start: nn.Module, num_upsamplings=5, attention_block: Optional[int] = None
    ):
        if num_upsamplings not in STRIDES:
            raise ValueError(f"num_upsamplings={num_upsamplings}: allowed are {', '.join(map(str, STRIDES))}")
        self.attention_block = attention_block
        channels = [width * factor for factor in (16, 16, 16, 16, 8, 4, 2, 1)]
        if num_upsamplings == 7:
            channels.append(width // 2)
        self.same_size_blocks = _same_size_blocks(num_upsamplings)
        self.start = start
        self.blocks = nn.ModuleList([SPADEBlock(a, b, in_channels, BatchNorm) for a, b in zip(channels, channels[1:])])
        self.conv_image = Conv(channels[-1], 3, 3, padding=1)
        self.attention = None if attention_block is None else SelfAttention(channels[attention_block + 1])

    def execute(self, segmap, start):
        x = for_convolutions(self.start(start))
        for k in range(len(self.blocks)):
            if k not in self.same_size_blocks:
                x = upsample2x(x)
            x = self.blocks[k](x, segmap)
            x = for_convolutions(self.attention(plain(x))) if k == self.attention_block else x
        return tanh(plain(self.conv_image(leaky_relu(x))))
