"""Resizing, pooling and padding of Vars, with the values that PyTorch computes.

Image files and label maps are resized when they are read, by data_tools/sets/image_io.py.
"""

from functools import partial

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.kernels import backend
from jittor_tsit.kernels.autograd import linear
from jittor_tsit.kernels.average import average_down, average_down_gradient
from jittor_tsit.kernels.maps_blocked import repeat2x, take2x
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.image_layouts import BlockedImage, Image, OneHot, to_nchw
from jittor_tsit.layers.matmul import matmul
from jittor_tsit.layers.reductions import mean, total


def upsample2x(x: Image) -> Image:
    """Repeat each pixel in a block of 2 x 2. [N, C, H, W] -> [N, C, 2H, 2W], in the layout of x"""
    if isinstance(x, BlockedImage):
        return BlockedImage(repeat2x(x.blocks), x.channels)
    n, c, h, w = x.shape
    return x.reindex([n, c, 2 * h, 2 * w], ["i0", "i1", "i2/2", "i3/2"])


def downsample2x(x: Image) -> Image:
    """Take the top-left pixel of each block of 2 x 2. [N, C, 2H, 2W] -> [N, C, H, W], in the layout of x"""
    if isinstance(x, BlockedImage):
        return BlockedImage(take2x(x.blocks), x.channels)
    n, c, h, w = x.shape
    return x.reindex([n, c, h // 2, w // 2], ["i0", "i1", "i2*2", "i3*2"])


def average2x(x: Image) -> jt.Var:
    """Average blocks of 2 x 2 pixels, as bilinear resizing to half the size does. [N, C, 2H, 2W] -> [N, C, H, W]"""
    x = to_nchw(x)
    n, c, h, w = x.shape
    return mean(x.reshape(n, c, h // 2, 2, w // 2, 2), [3, 5])


def halved(x: jt.Var, times: int) -> jt.Var:
    """Halve both sides by averages, so many times. [N, C, H, W] -> [N, C, H / 2^times, W / 2^times]"""
    for _ in range(times):
        x = average2x(x)
    return x


def resize_nearest(x: Image, height: int, width: int) -> Image:
    """Resize by nearest neighbour: pixel k of the result is pixel floor(k * old size / new size), as in PyTorch.

    Shapes:
        x [N, C, H, W] -> [N, C, height, width]; a `OneHot` map stays one
    """
    n, c, h, w = x.shape
    if (h, w) == (height, width):
        return x
    rows, columns = f"i2*{h}/{height}", f"i3*{w}/{width}"
    if isinstance(x, OneHot):
        return OneHot(x.ids.unsqueeze(1).reindex([n, 1, height, width], ["i0", "i1", rows, columns]).squeeze(1), c)
    return to_nchw(x).reindex([n, c, height, width], ["i0", "i1", rows, columns])


def resize_bilinear(x: jt.Var, height: int, width: int) -> jt.Var:
    """Resize by bilinear interpolation between pixel centres. Shrinking does not average.

    The resize is one matrix product for each axis. Jittor's own operator gathers four pixels for each new one, which is
    as fast forward, but 3 to 8 times slower with its gradient.

    Shapes:
        x [N, C, H, W] -> [N, C, height, width]

    Source: torch.nn.functional.interpolate with `align_corners=False`.
    """
    n, c, h, w = x.shape
    if w != width:
        x = matmul(x.reshape(-1, w), jt.array(_bilinear_weights(w, width)), transpose_b=True)
    if h != height:
        rows = jt.array(_bilinear_weights(h, height)[:, :, None, None])
        x = conv2d(x.reshape(n * c, h, 1, width), rows)
    return x.reshape(n, c, height, width)


def _bilinear_weights(size: int, new_size: int) -> np.ndarray:
    """Return the weight of each old pixel in each new one, [new_size, size] float32."""
    centre = np.maximum((np.arange(new_size) + 0.5) * size / new_size - 0.5, 0)
    first = centre.astype(np.int64)
    weights = np.zeros((new_size, size))
    weights[np.arange(new_size), first] = 1 - (centre - first)
    weights[np.arange(new_size), np.minimum(first + 1, size - 1)] += centre - first
    return weights.astype(np.float32)


def avg_pool_down(x: Image) -> jt.Var:
    """Average windows of 3 x 3 pixels at stride 2 and padding 1. The padding is not counted.

    Shapes:
        x [N, C, H, W] -> [N, C, ceil(H / 2), ceil(W / 2)]

    Source: pix2pixHD's image pyramid, also in SPADE, TSIT, BicycleGAN and UNIT. Jittor's own pooling is not used
        because Jittor 1.3.11 ignores `count_include_pad=False`.
    """
    if isinstance(x, OneHot):
        return x.cached(avg_pool_down)
    if not backend.runs_fused(x):
        return reference_avg_pool_down(x)
    return linear(average_down, partial(average_down_gradient, height=x.shape[2], width=x.shape[3]), x)


def reference_avg_pool_down(x: jt.Var) -> jt.Var:
    """Compute `avg_pool_down` with Jittor's operators."""
    n, c, h, w = x.shape
    count = np.outer(_window_sizes(h), _window_sizes(w)).astype(np.float32)
    height, width = count.shape
    rows = x.reindex([n, c, h, width, 3], ["i0", "i1", "i2", "i3*2-1+i4"])
    windows = total(rows, [4]).reindex([n, c, height, width, 3], ["i0", "i1", "i2*2-1+i4", "i3"])
    return total(windows, [4]) / jt.array(count)[None, None]


def max_pool(x: jt.Var, stride: int) -> jt.Var:
    """Take the largest of 3 x 3 pixels at padding 1. [N, C, H, W] -> [N, C, ceil(H / stride), ceil(W / stride)]"""
    return nn.Pool(3, stride, 1, op="maximum")(x)


def blur_down(x: jt.Var) -> jt.Var:
    """Blur with a 3 x 3 binomial filter and keep every second pixel. Pixels at the border are repeated outwards.

    Shapes:
        x [N, C, H, W] -> [N, C, ceil(H / 2), ceil(W / 2)]

    Source: UNIT's image pyramid; the filter is OpenCV's 3-tap Gaussian (1, 2, 1) / 4.
    """
    n, c, h, w = x.shape
    height, width = (h + 1) // 2, (w + 1) // 2
    rows = [x.reindex([n, c, h, width], ["i0", "i1", "i2", _clamped("i3", k, w)]) for k in (-1, 0, 1)]
    x = (rows[0] + 2 * rows[1] + rows[2]) / 4
    rows = [x.reindex([n, c, height, width], ["i0", "i1", _clamped("i2", k, h), "i3"]) for k in (-1, 0, 1)]
    return (rows[0] + 2 * rows[1] + rows[2]) / 4


def _clamped(place: str, offset: int, side: int) -> str:
    """Return C code for the index 2 * place + offset, limited to 0 to side - 1. `place` is C code, too."""
    at = f"({place}*2+({offset}))"
    return f"{at}<0 ? 0 : {at}>{side - 1} ? {side - 1} : {at}"


def _window_sizes(size: int) -> np.ndarray:
    """Return for windows of 3 pixels at stride 2 and padding 1 how many pixels are not padding, [ceil(size / 2)]."""
    start = np.arange((size + 1) // 2) * 2 - 1
    return np.minimum(start + 3, size) - np.maximum(start, 0)


def reflect_pad(x: jt.Var, size: int) -> jt.Var:
    """Pad by reflection at the border pixels, which are not repeated. [N, C, H, W] -> [N, C, H + 2 size, W + 2 size]

    Args:
        size: Number of pixels added on each side; less than H and W.
    """
    n, c, h, w = x.shape
    return x.reindex(
        [n, c, h + 2 * size, w + 2 * size], ["i0", "i1", _mirrored("i2", h, size), _mirrored("i3", w, size)]
    )


def _mirrored(place: str, side: int, size: int) -> str:
    """Return C code for the pixel that reflection padding reads at the padded index `place`, which is C code, too.

    Args:
        side: Number of pixels of the axis before padding.
        size: Number of padded pixels at each end.
    """
    last = side + size - 1
    return f"{place}<{size} ? {size}-{place} : {place}>{last} ? {last + side - 1}-{place} : {place}-{size}"
