"""Layouts of images: Jittor's [N, C, H, W], oneDNN's blocks of channels, and label maps stored as class ids.

Layers accept an `Image` in any of these layouts and convert it where that is faster or necessary. A layer given a
blocked image returns a blocked image, so a chain of layers converts once, and the kernels of blocked images use all
cores. On a GPU all images stay [N, C, H, W], for which there are CUDA kernels. Networks and systems do not import this
module: they pass images from layer to layer, whatever their layout.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property, partial
from typing import Callable, Dict, Iterator, List, Tuple, Union

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.kernels import backend, conv_blocked, maps_blocked
from jittor_tsit.kernels.autograd import linear
from jittor_tsit.kernels.norm import moments


class BlockedImage:
    """An image in oneDNN's layout: the channels of each pixel are stored in blocks of BLOCK numbers.

    Args:
        blocks: [N, ceil(channels / BLOCK), H, W, BLOCK] float32; channels beyond the last are 0.
        channels: Number of channels, without those that fill up the last block.
    """

    def __init__(self, blocks: jt.Var, channels: int):
        self.blocks, self.channels = blocks, channels
        self._moments: Dict[bool, List[jt.Var]] = {}

    @property
    def shape(self) -> List[int]:
        """Shape of the image as a list, [N, C, H, W]."""
        n, _, h, w, _ = self.blocks.shape
        return [n, self.channels, h, w]

    def moments(self, over_batch: bool = False) -> Tuple[jt.Var, jt.Var]:
        """Return mean and biased variance of each channel, of each image [N, C, 1, 1] or of the batch [1, C, 1, 1].

        They are computed once and cached.
        """
        if over_batch not in self._moments:
            self.blocks, *self._moments[over_batch] = moments(self.blocks, self.channels, over_batch)
        mean, variance = self._moments[over_batch]
        return mean, variance

    def numpy(self) -> np.ndarray:
        """Return the values as [N, C, H, W] float32."""
        return to_nchw(self).numpy()

    def __add__(self, other: Image) -> BlockedImage:
        """Return the sum with an image of the same shape and any layout."""
        return BlockedImage(maps_blocked.add(self.blocks, to_layout_of(other, self).blocks), self.channels)


class OneHot(BlockedImage):
    """A one-hot label map stored as class ids. Convolutions read the ids; the channels are made only on request.

    Args:
        ids: [N, H, W] uint8. A pixel whose id is not below `channels` is 0 in all channels.
        channels: Number of classes.
    """

    def __init__(self, ids: jt.Var, channels: int):
        self.ids, self.channels = ids, channels
        self._moments: Dict = {}
        self._results: Dict = {}

    @property
    def shape(self) -> List[int]:
        """Shape of the one-hot map as a list, [N, C, H, W]."""
        n, h, w = self.ids.shape
        return [n, self.channels, h, w]

    @cached_property
    def nchw(self) -> jt.Var:
        """The map as [N, C, H, W] float32, computed at the first access and cached."""
        return one_hot(self.ids, self.channels)

    def cached(self, function: Callable[[jt.Var], jt.Var]) -> jt.Var:
        """Return `function` of the map as [N, C, H, W]. It is computed once and cached for this function."""
        if function not in self._results:
            self._results[function] = function(self.nchw)
        return self._results[function]

    @cached_property
    def blocks(self) -> jt.Var:
        """The map in oneDNN's blocked layout, computed at the first access and cached."""
        return to_blocked(self.nchw).blocks


Image = Union[jt.Var, BlockedImage]


def one_hot(ids: jt.Var, channels: int) -> jt.Var:
    """Return one channel for each class: [N, H, W] uint8 -> [N, channels, H, W] float32, values 0 and 1."""
    n, h, w = ids.shape
    classes = jt.array(np.arange(channels, dtype=np.uint8))
    shape = [n, channels, h, w]
    return (ids.broadcast(shape, [1]) == classes.broadcast(shape, [0, 2, 3])).float32()


def label_image(ids: jt.Var, channels: int) -> Image:
    """Return the one-hot map [N, channels, H, W] of ids [N, H, W] uint8.

    Where convolutions can read ids (on a CPU with oneDNN) it is a `OneHot`, which stores the ids only.
    """
    return OneHot(ids, channels) if backend.has_blocked_layout() else one_hot(ids, channels)


@contextmanager
def nchw_layout() -> Iterator[None]:
    """Keep images in [N, C, H, W] inside a `with` block, where gradients of any order are available.

    The kernels of other layouts, and the CUDA kernels of normalisations, have first-order gradients only.
    """
    with backend.using(nchw=True):
        yield


def has_kernels(x: Image) -> bool:
    """Return whether kernels of normalisations take x: it is blocked, or on a GPU and not within `nchw_layout`."""
    return isinstance(x, BlockedImage) or backend.runs_fused_norm(x)


def to_fast_layout(x: Image) -> Image:
    """Convert x to blocks of channels where that is faster; return x unchanged otherwise.

    Use it in front of several layers, or of several convolutions of one image. Within `nchw_layout` the result is
    [N, C, H, W].
    """
    if backend.context.nchw:
        return to_nchw(x)
    return x if isinstance(x, BlockedImage) or not can_be_blocked(x) else to_blocked(x)


def to_nchw(x: Image) -> jt.Var:
    """Convert x to [N, C, H, W]; return x unchanged if it has that layout."""
    if isinstance(x, OneHot):
        return x.nchw
    return _from_blocks(x.blocks, x.channels) if isinstance(x, BlockedImage) else x


def activate(x: Image, slope: float) -> Image:
    """Return leaky ReLU of x with this slope, in the layout of x. Slope 0 is ReLU, slope 1 returns x unchanged."""
    if slope == 1:
        return x
    if isinstance(x, BlockedImage):
        return BlockedImage(maps_blocked.activate(x.blocks, slope), x.channels)
    return nn.leaky_relu(x, slope) if slope else nn.relu(x)


def to_layout_of(x: Image, other: Image) -> Image:
    """Convert x to the layout that the image `other` has; return x unchanged if it has that layout."""
    if isinstance(other, BlockedImage):
        return x if isinstance(x, BlockedImage) else to_blocked(x)
    return to_nchw(x)


def all_values(x: Image) -> jt.Var:
    """Return all values of x in one array, for sums and means. Their order depends on the layout of x."""
    return x.blocks if isinstance(x, BlockedImage) and x.channels % backend.context.block == 0 else to_nchw(x)


def can_be_blocked(x: jt.Var) -> bool:
    """Return whether x is float32, has more than `backend.FEW_CHANNELS` channels, and oneDNN computes here."""
    return backend.runs_blocked(x)


def to_blocked(x: jt.Var) -> BlockedImage:
    """Convert an image x [N, C, H, W] float32 to oneDNN's blocked layout."""
    return BlockedImage(linear(conv_blocked.pack, partial(conv_blocked.unpack, channels=x.shape[1]), x), x.shape[1])


def _from_blocks(blocks: jt.Var, channels: int) -> jt.Var:
    return linear(partial(conv_blocked.unpack, channels=channels), conv_blocked.pack, blocks)
