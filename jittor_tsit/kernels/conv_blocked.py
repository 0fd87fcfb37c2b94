"""Convolutions by oneDNN of images in its blocked layout, and changes to and from that layout.

In the blocked layout the values of a block of channels of one pixel lie side by side. Jittor's own operators have
oneDNN reorder the arrays at every call, which takes a third as long as the computation in a training step. Here an
image is reordered once for all layers that read it, and a gradient once for both of its uses.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Dict, List, Sequence

import jittor as jt

from jittor_tsit.kernels.backend import context
from jittor_tsit.kernels.call import Output, call_on_cpu
from jittor_tsit.kernels.conv_geometry import Geometry
from jittor_tsit.runtime.bootstrap import onednn_path


def pack(x: jt.Var) -> jt.Var:
    """Change to the blocked layout: [N, C, H, W] float32 -> [N, ceil(C / block), H, W, block], padded with zeros."""
    n, c, h, w = x.shape
    return call_on_cpu("maps", "pack", [x], [Output([n, _num_blocks(c), h, w, context.block])])[0]


def unpack(x: jt.Var, channels: int) -> jt.Var:
    """Change back from the blocked layout: [N, ceil(channels / block), H, W, block] -> [N, channels, H, W]."""
    n, _, h, w, _ = x.shape
    return call_on_cpu("maps", "unpack", [x], [Output([n, channels, h, w])])[0]


def forward(x: jt.Var, weight: jt.Var, *bias: jt.Var, geometry: Geometry) -> jt.Var:
    """Convolve an image in the blocked layout.

    Shapes:
        x [N, C / block, H, W, block], weight [D, C, h, w], bias [D] or nothing -> [N, D / block, H', W', block]
    """
    return forward_of_all(x, [weight], *bias, geometry=geometry)


def input_gradient(weight: jt.Var, by_y: jt.Var, size: Sequence[int], geometry: Geometry) -> jt.Var:
    """Return the gradient by x, an image of height and width `size`, from the gradient `by_y` by the result.

    Shapes:
        weight [D, C, h, w], by_y [N, D / block, H', W', block] -> [N, C / block, H, W, block]
    """
    return input_gradient_of_all([weight], by_y, size, geometry)


def weight_gradient(x: jt.Var, by_y: jt.Var, shape: Sequence[int], geometry: Geometry) -> jt.Var:
    """Return the gradient by a weight of this shape [D, C, h, w], from the gradient `by_y` by the result.

    Shapes:
        x [N, C / block, H, W, block], by_y [N, D / block, H', W', block] -> [D, C, h, w]
    """
    return weight_gradients(x, by_y, [shape], geometry)[0]


def forward_of_all(x: jt.Var, weights: Sequence[jt.Var], *bias: jt.Var, geometry: Geometry) -> jt.Var:
    """Convolve one image by several weights in one convolution, which reads the image once.

    Shapes:
        x [N, C / block, H, W, block], weights [D, C, h, w] each, bias [len(weights) * D]
        -> [N, len(weights) * D / block, H', W', block]; C and D are multiples of the block if there are several weights
    """
    size = geometry.output_size(x.shape[2:4], weights[0].shape[2:])
    shape = [x.shape[0], len(weights) * _num_blocks(weights[0].shape[0]), *size, context.block]
    return _convolution("conv_forward", [x, list(weights), *(bias or [None])], [Output(shape)], geometry)[0]


def input_gradient_of_all(weights: Sequence[jt.Var], by_y: jt.Var, size: Sequence[int], geometry: Geometry) -> jt.Var:
    """Return the gradient of `forward_of_all` by x, of height and width `size`; see `input_gradient`."""
    shape = [by_y.shape[0], _num_blocks(weights[0].shape[1]), *size, context.block]
    return _convolution("conv_input_gradient", [list(weights), by_y], [Output(shape)], geometry)[0]


def weight_gradients(x: jt.Var, by_y: jt.Var, shapes: Sequence[Sequence[int]], geometry: Geometry) -> List[jt.Var]:
    """Return the gradients of `forward_of_all` by weights of these shapes, which are all the same."""
    return _convolution("conv_weight_gradients", [x, by_y], [list(map(Output, shapes))], geometry)


def _convolution(function: str, inputs, outputs, geometry: Geometry) -> List[jt.Var]:
    return call_on_cpu("conv", function, inputs, outputs, geometry.numbers(), _compile_options())


@lru_cache(maxsize=None)  # finding the path reads a file
def _compile_options() -> Dict[str, int]:
    return {f'FLAGS: -I"{onednn_path()}/include" ': 1}


def _num_blocks(channels: int) -> int:
    return -(-channels // context.block)
