"""Initial values of parameters."""

import math
from typing import Callable, Sequence

import jittor as jt

from jittor_tsit.layers.elementary import sqrt
from jittor_tsit.layers.reductions import total

Init = Callable[..., jt.Var]  # from a shape
GAIN = 0.02  # of the xavier-normal draw, as pix2pix, SPADE and TSIT have it


def xavier(*shape: int) -> jt.Var:
    """Xavier-normal draws for a convolution, in either direction, [a, b, k, k]."""
    return jt.randn(*shape) * (GAIN * math.sqrt(2 / ((shape[0] + shape[1]) * shape[2] * shape[3])))


def conv_weight(out_channels: int, in_channels: int, kernel_size: int) -> jt.Var:
    """Xavier-normal convolution weight, [out_channels, in_channels, k, k]."""
    return xavier(out_channels, in_channels, kernel_size, kernel_size)


def default_weight(*shape: int) -> jt.Var:
    """PyTorch's default for convolutions in either direction, uniform within 1 / sqrt(b k k), [a, b, k, k]."""
    return (jt.rand(*shape) * 2 - 1) * _default_bound(shape)


def default_bias(size: int, weight_shape: Sequence[int]) -> jt.Var:
    """PyTorch's default bias of a convolution whose weight has this shape, [size]."""
    return (jt.rand(size) * 2 - 1) * _default_bound(weight_shape)


def _default_bound(shape: Sequence[int]) -> float:
    return 1 / math.sqrt(shape[1] * shape[2] * shape[3])


def kaiming(*shape: int) -> jt.Var:
    """Kaiming-normal draws for a convolution before ReLU, by fan-in, [a, b, k, k]."""
    return jt.randn(*shape) * (math.sqrt(2) * math.sqrt(1 / (shape[1] * shape[2] * shape[3])))


def normal(*shape: int, mean: float = 0.0) -> jt.Var:
    """N(mean, 0.02) draws, as pix2pix and CycleGAN begin."""
    return jt.randn(*shape) * GAIN + mean


def linear_weight(out_features: int, in_features: int) -> jt.Var:
    """Xavier-normal matrix, [out_features, in_features]."""
    return jt.randn(out_features, in_features) * (GAIN * math.sqrt(2 / (in_features + out_features)))


def unit_vector(size: int) -> jt.Var:
    """Random direction of length 1, [size], not trained."""
    vector = jt.randn(size)
    return (vector / sqrt(total(vector * vector))).stop_grad()
