"""SPADE's generator (Park et al., CVPR 2019; NVlabs/SPADE models/networks/generator.py)."""

import jittor as jt
from jittor import nn

from jittor_tsit.layers.basic import Conv, leaky_relu
from jittor_tsit.layers.blocks import SPADEBlock
from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.layers.resize import upsample2x

# By number of upsamplings, the released code's `normal`, `more` and `most`: image sides are multiples of it.
STRIDES = {5: 32, 6: 64, 7: 128}


class SPADEGenerator(nn.Module):
    """The label map steers every block through SPADE.

    Args:
        in_channels: Channels of `segmap`.
        start: Makes the first tensor, [N, 16 * width, H / stride, W / stride], from whatever `execute` is given.
        num_upsamplings: A key of STRIDES, which gives the stride. 6 doubles once more early, and 7 besides at the
            end, before one more block of half the width.

    Shapes:
        segmap [N, in_channels, H, W], start: what `self.start` takes -> image [N, 3, H, W] in [-1, 1].
        H and W are multiples of the stride.
    """

    def __init__(self, in_channels: int, width: int, start: nn.Module, num_upsamplings=5):
        if num_upsamplings not in STRIDES:
            raise ValueError(f"num_upsamplings={num_upsamplings}: allowed are {', '.join(map(str, STRIDES))}")
        channels = [width * factor for factor in (16, 16, 16, 16, 8, 4, 2, 1)]
        if num_upsamplings == 7:
            channels.append(width // 2)
        self.same_size_blocks = (0, 2) if num_upsamplings == 5 else (0,)  # no upsampling in front of these
        self.start = start
        self.blocks = nn.ModuleList([SPADEBlock(a, b, in_channels, BatchNorm) for a, b in zip(channels, channels[1:])])
        self.conv_image = Conv(channels[-1], 3, 3, padding=1)

    def execute(self, segmap, start):
        x = self.start(start)
        for k in range(len(self.blocks)):
            if k not in self.same_size_blocks:
                x = upsample2x(x)
            x = self.blocks[k](x, segmap)
        return jt.tanh(self.conv_image(leaky_relu(x)))
