"""Mix Transformer, the encoder of SegFormer: four stages of attention at 1/4, 1/8, 1/16 and 1/32 of the image's size.

Source: SegFormer (Xie et al., NeurIPS 2021); NVlabs/SegFormer mmseg/models/backbones/mix_transformer.py. Differs: all
    tensors stay [N, C, H, W]. A linear layer is a 1 x 1 convolution, and the heads are ranges of channels. Nothing is
    transposed.
"""

import math
from typing import List, NamedTuple, Optional, Sequence, Tuple

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.layers.basic import Conv
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.matmul import batched_matmul
from jittor_tsit.layers.reductions import mean

ORIGINAL_EPS = 1e-6  # epsilon of the norms in blocks and after stages in the authors' code
EPS = 1e-5  # epsilon of the other norms, PyTorch's default; the library transformers uses it for all norms
MLP_RATIO = 4  # hidden channels of the feed-forward networks divided by their width, in all published weights
LEAST_SIDE = 32  # pixels; smallest height and width of an image
INIT_STD = 0.02  # standard deviation of the initial weights of linear layers


class Sizes(NamedTuple):
    """Sizes of a SegFormer. Tuples have one entry for each stage of the encoder."""

    widths: Tuple[int, ...]  # channels
    depths: Tuple[int, ...]  # blocks
    head_width: int  # channels of the decode head
    heads: Tuple[int, ...] = (1, 2, 5, 8)  # attention heads
    reductions: Tuple[int, ...] = (8, 4, 2, 1)  # factor by which each side shrinks for the keys and values of attention


SIZES = {
    "b0": Sizes((32, 64, 160, 256), (2, 2, 2, 2), 256),
    "b1": Sizes((64, 128, 320, 512), (2, 2, 2, 2), 256),
    "b2": Sizes((64, 128, 320, 512), (3, 4, 6, 3), 768),
    "b3": Sizes((64, 128, 320, 512), (3, 4, 18, 3), 768),
    "b4": Sizes((64, 128, 320, 512), (3, 8, 27, 3), 768),
    "b5": Sizes((64, 128, 320, 512), (3, 6, 40, 3), 768),
}


class MixTransformer(nn.Module):
    """Encoder from an image to four feature maps.

    Args:
        drop_path: Probability that training drops a branch of the last block; it rises linearly from 0 at the first
            block.
        block_eps: Epsilon of the norms in the blocks and after the stages.

    Shapes:
        image [N, 3, H, W], draws [N, num_draws] -> for each stage k [N, widths[k], H / 2^(k+2), W / 2^(k+2)], rounded
        up

    Raises:
        ValueError: A side of the image is under LEAST_SIDE.
    """

    def __init__(self, sizes: Sizes, drop_path: float = 0.0, block_eps: float = ORIGINAL_EPS):
        self.num_draws = 2 * sum(sizes.depths)  # two branches a block
        self.rates = np.linspace(0, drop_path, sum(sizes.depths)).repeat(2)
        channels = (3, *sizes.widths)
        self.stages = nn.ModuleList([_Stage(channels[k], sizes, k, block_eps) for k in range(len(sizes.widths))])

    def execute(self, image, draws: Optional[jt.Var] = None) -> List[jt.Var]:
        """Return the feature maps of an image.

        Args:
            draws: Draws from N(0, 1) that decide which branches are dropped; None: no branch is.
        """
        if min(image.shape[2:]) < LEAST_SIDE:
            raise ValueError(
                f"image of {image.shape[2]} x {image.shape[3]} pixels: each side needs at least {LEAST_SIDE} pixels; "
                "enlarge the image"
            )
        scales = iter(self._scales(draws))
        feats, x = [], image
        for stage in self.stages:
            x = stage(x, scales)
            feats.append(x)
        return feats

    def _scales(self, draws: Optional[jt.Var]) -> Sequence:
        """Return for each branch of a block the factor of its output: [N, 1, 1, 1], 0 where it is dropped; or 1.

        Args:
            draws: [N, num_draws]; None: no branch is dropped.
        """
        if draws is None or not self.rates.any():
            return [1] * self.num_draws
        kept = drop_factors(draws, self.rates)
        return [kept[:, k].reshape(-1, 1, 1, 1) for k in range(self.num_draws)]


def drop_factors(draws: jt.Var, rates) -> jt.Var:
    """Return factors of dropout: 0 with probability `rates`, else 1 / (1 - rates).

    Args:
        draws: Draws from N(0, 1). The factor is 0 where the probability of a smaller draw is below `rates`.
    """
    rates = jt.array(np.float32(rates))
    return (0.5 * (1 + jt.erf(draws * math.sqrt(0.5))) >= rates).float32() / (1 - rates)


class _Stage(nn.Module):
    """Stage of the encoder: patch embedding, blocks and a norm. Stage `k` is counted from 0.

    `scales` is an iterator over the dropout factors of the branches, two for each block.
    """

    def __init__(self, in_channels: int, sizes: Sizes, k: int, eps: float):
        width, heads, reduction = sizes.widths[k], sizes.heads[k], sizes.reductions[k]
        kernel_size, stride = (3, 2) if k else (7, 4)
        self.embedding = _ConvNorm(in_channels, width, kernel_size, stride, kernel_size // 2)
        self.blocks = nn.ModuleList([_Block(width, heads, reduction, eps) for _ in range(sizes.depths[k])])
        self.norm = ChannelNorm(width, eps)

    def execute(self, x, scales):
        x = self.embedding(x)
        for block in self.blocks:
            x = block(x, next(scales), next(scales))
        return self.norm(x)


class _Block(nn.Module):
    """Block of a stage: attention and feed-forward network, each with a norm in front and a skip connection."""

    def __init__(self, width: int, heads: int, reduction: int, eps: float):
        self.norm0 = ChannelNorm(width, eps)
        self.attention = Attention(width, heads, reduction)
        self.norm1 = ChannelNorm(width, eps)
        self.mlp = MixFFN(width, MLP_RATIO * width)

    def execute(self, x, scale0, scale1):
        x = x + self.attention(self.norm0(x)) * scale0
        return x + self.mlp(self.norm1(x)) * scale1


class Attention(nn.Module):
    """Self-attention over the pixels of a map, with keys and values computed from a smaller map.

    Shapes:
        x [N, width, H, W] -> [N, width, H, W]; a side is at least `reduction`
    """

    def __init__(self, width: int, heads: int, reduction: int):
        self.heads, self.head_width = heads, width // heads
        self.reduction = _ConvNorm(width, width, reduction, reduction, 0) if reduction > 1 else None
        self.query, self.key, self.value, self.out = (PixelLinear(width, width) for _ in range(4))

    def execute(self, x):
        context = x if self.reduction is None else self.reduction(x)
        query = self._heads(self.query(x))
        key, value = self._heads(self.key(context) * self.head_width**-0.5), self._heads(self.value(context))
        shares = nn.softmax(batched_matmul(key, query, transpose_a=True), dim=1)  # [N heads, h w, H W]
        return self.out(batched_matmul(value, shares).reshape(x.shape))

    def _heads(self, x: jt.Var) -> jt.Var:
        return x.reshape(x.shape[0] * self.heads, self.head_width, -1)


class MixFFN(nn.Module):
    """Feed-forward network of each pixel, with a 3 x 3 depthwise convolution that provides position information.

    Shapes:
        x [N, width, H, W] -> [N, width, H, W]
    """

    def __init__(self, width: int, hidden: int):
        self.linear0 = PixelLinear(width, hidden)
        self.depthwise = Conv(hidden, hidden, 3, padding=1, groups=hidden)
        self.depthwise.weight = _conv_weight(hidden, 1, 3)
        self.linear1 = PixelLinear(hidden, width)

    def execute(self, x):
        return self.linear1(nn.gelu(self.depthwise(self.linear0(x))))


class PixelLinear(nn.Module):
    """Linear layer on the channels of each pixel. x [N, in_channels, H, W] -> [N, out_channels, H, W]"""

    def __init__(self, in_channels: int, out_channels: int):
        self.weight = jt.randn(out_channels, in_channels) * INIT_STD
        self.bias = jt.zeros(out_channels)

    def execute(self, x):
        return pixel_linear(x, self.weight, self.bias)


def pixel_linear(x: jt.Var, weight: jt.Var, bias: Optional[jt.Var] = None) -> jt.Var:
    """Apply a linear layer to the channels of each pixel. x [N, C, H, W], weight [D, C], bias [D] -> [N, D, H, W]"""
    return conv2d(x, weight.reshape(*weight.shape, 1, 1), bias)


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each pixel. [N, channels, H, W] -> [N, channels, H, W]"""

    def __init__(self, channels: int, eps: float):
        self.eps = eps
        self.weight, self.bias = jt.ones(channels), jt.zeros(channels)

    def execute(self, x):
        x = x.stop_fuse()  # here and below: fused, Jittor would compile a kernel for each neighbour and be no faster
        x = x - mean(x, [1], keepdims=True)
        x = x / jt.sqrt(mean(x * x, [1], keepdims=True) + self.eps)
        return (x * self.weight.reshape(1, -1, 1, 1) + self.bias.reshape(1, -1, 1, 1)).stop_fuse()


class _ConvNorm(nn.Module):
    """Convolution and norm, which embed overlapping patches of an image or make a smaller map for attention."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: int):
        self.conv = Conv(in_channels, out_channels, kernel_size, stride, padding)
        self.conv.weight = _conv_weight(out_channels, in_channels, kernel_size)
        self.norm = ChannelNorm(out_channels, EPS)

    def execute(self, x):
        return self.norm(self.conv(x))


def _conv_weight(out_channels: int, in_channels: int, kernel_size: int) -> jt.Var:
    """Draw a weight [out_channels, in_channels, k, k], Kaiming-normal by fan-out.

    With one input channel, as in a depthwise convolution, the fan-out is k * k.
    """
    fan_out = kernel_size**2 * (out_channels if in_channels > 1 else 1)
    return jt.randn(out_channels, in_channels, kernel_size, kernel_size) * math.sqrt(2 / fan_out)
