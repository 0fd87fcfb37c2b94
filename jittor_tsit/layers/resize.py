"""Nearest-neighbour resizing and the discriminator's pooling, as PyTorch computes them."""

import jittor as jt
import numpy as np


def upsample2x(x: jt.Var) -> jt.Var:
    """Each pixel becomes a block of 2 x 2. [N, C, H, W] -> [N, C, 2H, 2W]"""
    n, c, h, w = x.shape
    return x.reindex([n, c, 2 * h, 2 * w], ["i0", "i1", "i2/2", "i3/2"])


def downsample2x(x: jt.Var) -> jt.Var:
    """The top-left pixel of each block of 2 x 2. [N, C, 2H, 2W] -> [N, C, H, W]"""
    n, c, h, w = x.shape
    return x.reindex([n, c, h // 2, w // 2], ["i0", "i1", "i2*2", "i3*2"])


def resize_nearest(x: jt.Var, height: int, width: int) -> jt.Var:
    """Nearest neighbour by floor, as PyTorch's default. [N, C, H, W] -> [N, C, height, width]"""
    n, c, h, w = x.shape
    return x.reindex([n, c, height, width], ["i0", "i1", f"i2*{h}/{height}", f"i3*{w}/{width}"])


def avg_pool_down(x: jt.Var) -> jt.Var:
    """3 x 3 average at stride 2 and padding 1; padding does not count.

    Shapes:
        x [N, C, H, W] -> [N, C, ceil(H / 2), ceil(W / 2)]

    Source: pix2pixHD's image pyramid, also in SPADE, TSIT, BicycleGAN and UNIT. Written out because Jittor
    1.3.11 ignores `count_include_pad=False`.
    """
    n, c, h, w = x.shape
    count = np.outer(_window_sizes(h), _window_sizes(w)).astype(np.float32)
    height, width = count.shape
    rows = x.reindex([n, c, h, width, 3], ["i0", "i1", "i2", "i3*2-1+i4"]).sum([4])
    total = rows.reindex([n, c, height, width, 3], ["i0", "i1", "i2*2-1+i4", "i3"]).sum([4])
    return total / jt.array(count)[None, None]


def _window_sizes(size: int) -> np.ndarray:
    """How many of its 3 pixels each window has inside an axis of `size` pixels."""
    start = np.arange((size + 1) // 2) * 2 - 1
    return np.minimum(start + 3, size) - np.maximum(start, 0)
