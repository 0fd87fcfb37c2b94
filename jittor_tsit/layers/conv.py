"""Convolutions as calls of oneDNN or cuDNN.

Jittor writes a convolution as a loop and looks for it again while it compiles that loop together with its neighbours.
Its compiling threads then add to lists of the graph that they share, which now and then ends the process, and every
combination of neighbours is compiled separately. Called by name, all convolutions are three operators: forward, and the
gradient by each factor. Each is linear in both factors, so the gradients of one are the two others, to any order.

On the CPU an image with more than a few channels is converted to oneDNN's own layout first (kernels/conv_blocked.py).
Convolutions of class ids and two convolutions of one image are operators of their own. These have first-order gradients
only and are not used within `nchw_layout` of image_layouts.py.
"""

from __future__ import annotations

from typing import Optional, Tuple, Union

import jittor as jt
from jittor import nn

from jittor_tsit.kernels import backend, conv_blocked, conv_library, conv_of_ids
from jittor_tsit.kernels.autograd import first_order_only, on_tape
from jittor_tsit.kernels.conv_geometry import Geometry
from jittor_tsit.kernels.maps_blocked import channel_sums
from jittor_tsit.layers.image_layouts import BlockedImage, Image, OneHot, activate, can_be_blocked, to_blocked, to_nchw
from jittor_tsit.layers.precision import to_float32, to_precision
from jittor_tsit.layers.reductions import broadcast_like

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
    """Return the convolution of x with zero padding, then leaky ReLU with this slope.

    Args:
        slope: 1 leaves the result of the convolution as it is.

    Shapes:
        x [N, C, H, W], weight [D, C / groups, h, w], bias [D] -> [N, D, H', W'], in the layout of x; in blocks of
        channels if x is a `OneHot` map

    Source: torch.nn.functional.conv2d.
    """
    geometry = Geometry(_pair(stride), _pair(padding), groups)
    if isinstance(x, OneHot) and groups == 1:
        bias = jt.zeros(weight.shape[0]) if bias is None else bias
        return BlockedImage(on_tape(_ConvOfIds(x.ids, geometry, slope), weight, bias), weight.shape[0])
    return activate(_convolve(x, weight, bias, geometry), slope)


def _convolve(x: Image, weight: jt.Var, bias: Optional[jt.Var], geometry: Geometry) -> Image:
    if isinstance(x, BlockedImage):
        biases = () if bias is None else (bias,)
        return BlockedImage(_apply(_Forward(geometry), x.blocks, weight, *biases), weight.shape[0])
    if not backend.has_conv_library(x, weight):
        return nn.conv2d(x, weight, bias, geometry.stride, geometry.padding, groups=geometry.groups)
    if geometry.groups == 1 and can_be_blocked(x):
        return to_nchw(_convolve(to_blocked(x), weight, bias, geometry))
    return _add_bias(_apply(_Forward(geometry), x, weight), bias)


def conv2d_to_nchw(
    x: Image, weight: jt.Var, bias: Optional[jt.Var] = None, stride: Pair = 1, padding: Pair = 0
) -> jt.Var:
    """Return `conv2d(x, weight, bias, stride, padding)` as [N, D, H', W'], whatever the layout of x."""
    return to_nchw(conv2d(x, weight, bias, stride, padding))


def conv2d_of_two(
    x: BlockedImage, weights: Tuple[jt.Var, jt.Var], biases: Tuple[jt.Var, jt.Var], padding: Pair
) -> BlockedImage:
    """Return the convolutions of one image by two weights, computed as one. First-order gradients only.

    Shapes:
        x [N, C, H, W], weights [D, C, h, w] each, biases [D] each -> [N, 2 D', H', W']: the channels of the first
        convolution, then those of the second. D' is D rounded up to a multiple of the layout's block of channels
        (`context.block` of kernels/backend.py). The added channels are 0.
    """
    weights = tuple(_pad_to_blocks(weight, (0, 1)) for weight in weights)
    bias = jt.concat([_pad_to_blocks(bias, (0,)) for bias in biases])
    function = _ConvOfTwo(Geometry((1, 1), _pair(padding), 1))
    return BlockedImage(on_tape(function, x.blocks, *weights, bias), bias.shape[0])


def _pad_to_blocks(x: jt.Var, axes: Tuple[int, ...]) -> jt.Var:
    """Append zeros to x along each of `axes`, until its size there is a multiple of a block; return it."""
    for axis in axes:
        missing = -x.shape[axis] % backend.context.block
        if missing:
            zeros = jt.zeros([missing if k == axis else size for k, size in enumerate(x.shape)])
            x = jt.concat([x, zeros], axis)
    return x


class _ConvOfTwo(jt.Function):
    """Convolutions of one blocked image by two weights of the same shape, computed as one.

    Shapes:
        x [N, C / BLOCK, H, W, BLOCK], two weights [D, C, h, w], one bias for both -> [N, 2 D' / BLOCK, H', W', BLOCK]
    """

    def __init__(self, geometry: Geometry):
        self.geometry = geometry

    def execute(self, x, first, second, bias):
        self.kept = x, first, second = to_precision(x, first, second)
        return to_float32(conv_blocked.forward_of_all(x, [first, second], bias, geometry=self.geometry))

    def grad(self, grad):
        x, *weights = self.kept
        (lower,) = to_precision(grad)
        by_input = conv_blocked.input_gradient_of_all(weights, lower, x.shape[2:4], self.geometry)
        by_weights = conv_blocked.weight_gradients(x, lower, [weight.shape for weight in weights], self.geometry)
        by_bias = channel_sums(grad, 2 * weights[0].shape[0])
        return first_order_only([*map(to_float32, (by_input, *by_weights)), by_bias])


def conv_transpose2d(x: jt.Var, weight: jt.Var, bias: Optional[jt.Var], stride: int, padding: int, output_padding: int):
    """Return the transposed convolution of x. It is computed as the gradient of a convolution by its input.

    Shapes:
        x [N, C, H, W], weight [C, D, h, w], bias [D] -> [N, D, H', W'],
        with H' = (H - 1) stride - 2 padding + h + output_padding

    Source: torch.nn.functional.conv_transpose2d.
    """
    if not backend.has_conv_library(x, weight):
        return nn.conv_transpose(x, weight, bias, stride, padding, output_padding)
    size = tuple(
        (side - 1) * stride - 2 * padding + kernel + output_padding
        for side, kernel in zip(x.shape[2:], weight.shape[2:])
    )
    product = _ByInput(Geometry(_pair(stride), _pair(padding), 1), size)
    if can_be_blocked(x):
        y = to_nchw(BlockedImage(_apply(product, weight, to_blocked(x).blocks), weight.shape[1]))
    else:
        y = _apply(product, weight, x)
    return _add_bias(y, bias)


class _Bilinear(jt.Function):
    """Base of the three operators of a convolution: forward, gradient by the input, gradient by the weight.

    All images of an operator are [N, C, H, W], or all are in oneDNN's blocked layout.

    Args:
        size: Size of the result where the factors do not determine it: height and width of an image, or the shape of a
            weight.
    """

    def __init__(self, geometry: Geometry, size: Tuple[int, ...] = ()):
        self.geometry, self.size = geometry, size


class _Forward(_Bilinear):
    """The convolution itself.

    Shapes:
        x [N, C, H, W], weight [D, C / groups, h, w] -> [N, D, H', W']; blocked images also take a bias [D]
    """

    def execute(self, x, weight, *bias):
        x, weight = to_precision(x, weight)
        return to_float32(library_of(x).forward(x, weight, *bias, geometry=self.geometry))

    def grad(self, grad):
        x, weight, *bias = self.factors
        by_input, by_weight = _ByInput(self.geometry, x.shape[2:4]), _ByWeight(self.geometry, weight.shape)
        by_bias = [channel_sums(grad, weight.shape[0]) for _ in bias]
        return [_apply(by_input, weight, grad), _apply(by_weight, x, grad), *by_bias]


class _ByInput(_Bilinear):
    """Gradient of a convolution by its input: weight [D, C / groups, h, w], y [N, D, H', W'] -> [N, C, H, W].

    y is the gradient by the result.
    """

    def execute(self, weight, y):
        return to_float32(library_of(y).input_gradient(*to_precision(weight, y), self.size, self.geometry))

    def grad(self, grad):
        weight, y = self.factors
        by_weight = _ByWeight(self.geometry, weight.shape)
        return _apply(by_weight, grad, y), _apply(_Forward(self.geometry), grad, weight)


class _ByWeight(_Bilinear):
    """Gradient of a convolution by its weight: x [N, C, H, W], y [N, D, H', W'] -> [D, C / groups, h, w].

    y is the gradient by the result.
    """

    def execute(self, x, y):
        return to_float32(library_of(x).weight_gradient(*to_precision(x, y), self.size, self.geometry))

    def grad(self, grad):
        x, y = self.factors
        by_input = _ByInput(self.geometry, x.shape[2:4])
        return _apply(by_input, grad, y), _apply(_Forward(self.geometry), x, grad)


class _ConvOfIds(jt.Function):
    """Convolution of a label map that is given as class ids [N, H, W], with gradients by weight and bias.

    Shapes:
        weight [D, C, h, w], bias [D] -> [N, D / BLOCK, H', W', BLOCK]
    """

    def __init__(self, ids: jt.Var, geometry: Geometry, slope: float):
        self.place = ids, geometry, slope

    def execute(self, weight, bias):
        ids, geometry, slope = self.place
        y = to_float32(conv_of_ids.convolve(ids, *to_precision(weight), bias, geometry, slope))
        self.kept = weight.shape, y
        return y

    def grad(self, grad):
        (ids, geometry, slope), (shape, y) = self.place, self.kept
        by_weight, by_bias = conv_of_ids.gradients(ids, y, grad, *to_precision(grad), shape, geometry, slope)
        return first_order_only([to_float32(by_weight), by_bias])


def library_of(image: jt.Var):
    """Return the kernel module (three operators of convolutions) for the layout of `image`."""
    return conv_blocked if image.ndim == 5 else conv_library


def _apply(product: _Bilinear, *factors: jt.Var) -> jt.Var:
    product.factors = factors  # Jittor hands `execute` detached copies; second-order gradients need the originals
    return on_tape(product, *factors)


def _pair(value: Pair) -> Tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _add_bias(y: jt.Var, bias: Optional[jt.Var]) -> jt.Var:
    return y if bias is None else y + broadcast_like(bias, y)
