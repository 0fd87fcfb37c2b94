"""Convolutions as calls of oneDNN or cuDNN.

Jittor writes a convolution as a loop, and finds it again while it compiles that loop and its neighbours. Its compiling
threads then add to lists of the graph that they share, which now and then ends the process, and every neighbourhood
costs a compile of its own. Asked for by name, all convolutions are three operators: forward, and the gradient by each
factor. Each is linear in both of its factors, so the gradients of one are the two others, to any order.

On the CPU images are brought to oneDNN's own layout first (kernels/conv_blocked.py), where they have channels enough.
Label maps by their ids, and two convolutions in one, are operators of their own, whose gradients have none: within
`plain_layout` of image.py neither is used.
"""

from __future__ import annotations

from typing import Optional, Tuple, Union

import jittor as jt
from jittor import nn

from jittor_tsit.kernels import backend, conv_blocked, conv_library, conv_of_ids
from jittor_tsit.kernels.autograd import first_order_only, on_tape
from jittor_tsit.kernels.conv_geometry import Geometry
from jittor_tsit.kernels.maps_blocked import channel_sums
from jittor_tsit.layers.image_layouts import Image, OneHot, Packed, activated, is_packable, pack, plain
from jittor_tsit.layers.precision import lowered, raised
from jittor_tsit.layers.reductions import spread

Pair = Union[int, Tuple[int, int]]


def conv2d(
    x: Image,
    weight: jt.Var,
    bias: Optional[jt.Var] = None,
    stride: Pair = 1,
    padding: Pair = 0,
    groups: int = 1,
    slope: float = 1.0,
) -> Image:
    """Convolution with zero padding, as torch.nn.functional.conv2d, then leaky ReLU of this slope.

    Shapes:
        x [N, C, H, W], weight [D, C / groups, h, w], bias [D] -> [N, D, H', W'], packed if x is
    """
    geometry = Geometry(_pair(stride), _pair(padding), groups)
    if isinstance(x, OneHot) and groups == 1:
        bias = jt.zeros(weight.shape[0]) if bias is None else bias
        return Packed(on_tape(_OfOneHot(x.ids, geometry, slope), weight, bias), weight.shape[0])
    return activated(_convolved(x, weight, bias, geometry), slope)


def _convolved(x: Image, weight: jt.Var, bias: Optional[jt.Var], geometry: Geometry) -> Image:
    if isinstance(x, Packed):
        biases = () if bias is None else (bias,)
        return Packed(_apply(_Forward(geometry), x.blocks, weight, *biases), weight.shape[0])
    if not backend.has_conv_library(x, weight):
        return nn.conv2d(x, weight, bias, geometry.stride, geometry.padding, groups=geometry.groups)
    if geometry.groups == 1 and is_packable(x):
        return plain(_convolved(pack(x), weight, bias, geometry))
    return _add_bias(_apply(_Forward(geometry), x, weight), bias)


def conv2d_of_two(x: Packed, weights: Tuple[jt.Var, jt.Var], biases: Tuple[jt.Var, jt.Var], padding: Pair) -> Packed:
    """Convolutions of one image by two weights, computed as one.

    Shapes:
        x [N, C, H, W], weights [D, C, h, w] each, biases [D] each -> [N, 2 D', H', W'], the second's channels behind
        the first's, D' being D rounded up to whole blocks by channels of 0; their gradients have none of their own.
    """
    weights = tuple(_whole_blocks(weight, (0, 1)) for weight in weights)
    bias = jt.concat([_whole_blocks(bias, (0,)) for bias in biases])
    function = _OfTwo(Geometry((1, 1), _pair(padding), 1))
    return Packed(on_tape(function, x.blocks, *weights, bias), bias.shape[0])


def _whole_blocks(x: jt.Var, axes: Tuple[int, ...]) -> jt.Var:
    """With channels of 0 behind the others on these axes."""
    for axis in axes:
        missing = -x.shape[axis] % backend.context.block
        if missing:
            zeros = jt.zeros([missing if k == axis else size for k, size in enumerate(x.shape)])
            x = jt.concat([x, zeros], axis)
    return x


class _OfTwo(jt.Function):
    def __init__(self, geometry: Geometry):
        self.geometry = geometry

    def execute(self, x, first, second, bias):
        self.kept = x, first, second = lowered(x, first, second)
        return raised(conv_blocked.forward_of_all(x, [first, second], bias, geometry=self.geometry))

    def grad(self, grad):
        x, *weights = self.kept
        (lower,) = lowered(grad)
        by_input = conv_blocked.input_gradient_of_all(weights, lower, x.shape[2:4], self.geometry)
        by_weights = conv_blocked.weight_gradients(x, lower, [weight.shape for weight in weights], self.geometry)
        by_bias = channel_sums(grad, 2 * weights[0].shape[0])
        return first_order_only([*map(raised, (by_input, *by_weights)), by_bias])


def conv_transpose2d(x: jt.Var, weight: jt.Var, bias: Optional[jt.Var], stride: int, padding: int, output_padding: int):
    """Transposed convolution, the gradient of one by its input, as torch.nn.functional.conv_transpose2d.

    Shapes:
        x [N, C, H, W], weight [C, D, h, w], bias [D] -> [N, D, H', W'],
        with H' = (H - 1) stride - 2 padding + h + output_padding
    """
    if not backend.has_conv_library(x, weight):
        return nn.conv_transpose(x, weight, bias, stride, padding, output_padding)
    size = tuple(
        (side - 1) * stride - 2 * padding + kernel + output_padding
        for side, kernel in zip(x.shape[2:], weight.shape[2:])
    )
    product = _ByInput(Geometry(_pair(stride), _pair(padding), 1), size)
    if is_packable(x):
        y = plain(Packed(_apply(product, weight, pack(x).blocks), weight.shape[1]))
    else:
        y = _apply(product, weight, x)
    return _add_bias(y, bias)


class _Bilinear(jt.Function):
    """One of the three operators. Their images are [N, C, H, W], or all of them in oneDNN's layout.

    Args:
        size: Of what it gives, where its factors do not tell: height and width of an image, a weight's whole shape.
    """

    def __init__(self, geometry: Geometry, size: Tuple[int, ...] = ()):
        self.geometry, self.size = geometry, size


class _Forward(_Bilinear):
    """x [N, C, H, W], weight [D, C / groups, h, w] -> [N, D, H', W']; of packed images, also with a bias [D]"""

    def execute(self, x, weight, *bias):
        x, weight = lowered(x, weight)
        return raised(_library(x).forward(x, weight, *bias, geometry=self.geometry))

    def grad(self, grad):
        x, weight, *bias = self.factors
        by_input, by_weight = _ByInput(self.geometry, x.shape[2:4]), _ByWeight(self.geometry, weight.shape)
        by_bias = [channel_sums(grad, weight.shape[0]) for _ in bias]
        return [_apply(by_input, weight, grad), _apply(by_weight, x, grad), *by_bias]


class _ByInput(_Bilinear):
    """weight [D, C / groups, h, w], y [N, D, H', W'] -> [N, C, H, W]"""

    def execute(self, weight, y):
        return raised(_library(y).input_gradient(*lowered(weight, y), self.size, self.geometry))

    def grad(self, grad):
        weight, y = self.factors
        by_weight = _ByWeight(self.geometry, weight.shape)
        return _apply(by_weight, grad, y), _apply(_Forward(self.geometry), grad, weight)


class _ByWeight(_Bilinear):
    """x [N, C, H, W], y [N, D, H', W'] -> [D, C / groups, h, w]"""

    def execute(self, x, y):
        return raised(_library(x).weight_gradient(*lowered(x, y), self.size, self.geometry))

    def grad(self, grad):
        x, y = self.factors
        by_input = _ByInput(self.geometry, x.shape[2:4])
        return _apply(by_input, grad, y), _apply(_Forward(self.geometry), x, grad)


class _OfOneHot(jt.Function):
    def __init__(self, ids: jt.Var, geometry: Geometry, slope: float):
        self.place = ids, geometry, slope

    def execute(self, weight, bias):
        ids, geometry, slope = self.place
        y = raised(conv_of_ids.convolve(ids, *lowered(weight), bias, geometry, slope))
        self.kept = weight.shape, y
        return y

    def grad(self, grad):
        (ids, geometry, slope), (shape, y) = self.place, self.kept
        by_weight, by_bias = conv_of_ids.gradients(ids, y, grad, *lowered(grad), shape, geometry, slope)
        return first_order_only([raised(by_weight), by_bias])


def _library(image: jt.Var):
    return conv_blocked if image.ndim == 5 else conv_library


def _apply(product: _Bilinear, *factors: jt.Var) -> jt.Var:
    product.factors = factors  # what `execute` gets of them has left the tape, and gradients of gradients need it
    return on_tape(product, *factors)


def _pair(value: Pair) -> Tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _add_bias(y: jt.Var, bias: Optional[jt.Var]) -> jt.Var:
    return y if bias is None else y + spread(bias, y)
