"""Images in the layout that oneDNN computes on, beside Jittor's own [N, C, H, W].

What the layers make of a `Packed` image is packed as well, so that a chain of them reorders it once, and their
kernels use all cores. A `OneHot` is a label map that convolutions take by its ids. Layers that say that they take an
`Image` take all of them. On a GPU images stay [N, C, H, W], for which there are kernels as well.
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


class Packed:
    """An image in oneDNN's layout.

    Args:
        blocks: [N, channels / BLOCK, H, W, BLOCK], rounded up by channels of 0.
    """

    def __init__(self, blocks: jt.Var, channels: int):
        self.blocks, self.channels = blocks, channels
        self._moments: Dict[bool, List[jt.Var]] = {}

    @property
    def shape(self) -> List[int]:
        """[N, C, H, W]"""
        n, _, h, w, _ = self.blocks.shape
        return [n, self.channels, h, w]

    def moments(self, over_batch: bool = False) -> Tuple[jt.Var, jt.Var]:
        """Return mean and biased variance of each channel, [N, C, 1, 1] or over the batch [1, C, 1, 1]; cached."""
        if over_batch not in self._moments:
            self.blocks, *self._moments[over_batch] = moments(self.blocks, self.channels, over_batch)
        mean, variance = self._moments[over_batch]
        return mean, variance

    def numpy(self) -> np.ndarray:
        """[N, C, H, W]"""
        return plain(self).numpy()

    def __add__(self, other: Packed) -> Packed:
        return Packed(maps_blocked.add(self.blocks, other.blocks), self.channels)


class OneHot(Packed):
    """A map of one channel a class by its classes alone; the channels are made for those who ask for more.

    Args:
        ids: [N, H, W] uint8; where one is not below `channels`, all channels are 0.
    """

    def __init__(self, ids: jt.Var, channels: int):
        self.ids, self.channels = ids, channels
        self._moments, self._results = {}, {}

    @property
    def shape(self) -> List[int]:
        """[N, C, H, W]"""
        n, h, w = self.ids.shape
        return [n, self.channels, h, w]

    @cached_property
    def plain(self) -> jt.Var:
        """[N, C, H, W] float32"""
        return one_hot(self.ids, self.channels)

    def once(self, function: Callable[[jt.Var], jt.Var]) -> jt.Var:
        """What the function makes of the plain map; computed once for all who ask."""
        if function not in self._results:
            self._results[function] = function(self.plain)
        return self._results[function]

    @cached_property
    def blocks(self) -> jt.Var:
        """As of any packed image."""
        return pack(self.plain).blocks


Image = Union[jt.Var, Packed]


def one_hot(ids: jt.Var, channels: int) -> jt.Var:
    """[N, H, W] uint8 -> [N, channels, H, W] float32, one channel a class"""
    n, h, w = ids.shape
    classes = jt.array(np.arange(channels, dtype=np.uint8))
    shape = [n, channels, h, w]
    return (ids.broadcast(shape, [1]) == classes.broadcast(shape, [0, 2, 3])).float32()


def label_image(ids: jt.Var, channels: int) -> Image:
    """A map of one channel a class, [N, channels, H, W], in the form in which convolutions take it fastest."""
    return OneHot(ids, channels) if backend.has_blocked_layout() else one_hot(ids, channels)


@contextmanager
def plain_layout() -> Iterator[None]:
    """Within it images stay [N, C, H, W], and what is computed of them has gradients of any order."""
    with backend.using(nchw=True):
        yield


def has_kernels(x: Image) -> bool:
    """Whether normalisations have kernels for it: it is packed, or on a GPU and not within `plain_layout`."""
    return isinstance(x, Packed) or backend.runs_fused_norm(x)


def for_convolutions(x: Image) -> Image:
    """What a chain of layers takes faster, or several convolutions of one image."""
    if backend.context.nchw:
        return plain(x)
    return x if isinstance(x, Packed) or not is_packable(x) else pack(x)


def plain(x: Image) -> jt.Var:
    """[N, C, H, W]"""
    if isinstance(x, OneHot):
        return x.plain
    return _unpacked(x.blocks, x.channels) if isinstance(x, Packed) else x


def activated(x: Image, slope: float) -> Image:
    """Leaky ReLU of this slope; of slope 1 it is the image itself."""
    if slope == 1:
        return x
    if isinstance(x, Packed):
        return Packed(maps_blocked.activate(x.blocks, slope), x.channels)
    return nn.leaky_relu(x, slope) if slope else nn.relu(x)


def in_layout_of(x: Image, other: Image) -> Image:
    """The image in the layout that another has."""
    if isinstance(other, Packed):
        return x if isinstance(x, Packed) else pack(x)
    return plain(x)


def plain_values(x: Image) -> jt.Var:
    """All values of an image, for sums and means; their order is that of the layout."""
    return x.blocks if isinstance(x, Packed) and x.channels % backend.context.block == 0 else plain(x)


def is_packable(x: jt.Var) -> bool:
    """Whether it has channels enough, and oneDNN takes it."""
    return backend.runs_blocked(x)


def pack(x: jt.Var) -> Packed:
    """[N, C, H, W], float32"""
    return Packed(linear(conv_blocked.pack, partial(conv_blocked.unpack, channels=x.shape[1]), x), x.shape[1])


def _unpacked(blocks: jt.Var, channels: int) -> jt.Var:
    return linear(partial(conv_blocked.unpack, channels=channels), conv_blocked.pack, blocks)
