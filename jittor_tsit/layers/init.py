"""Initial values of parameters."""

import math
from typing import Callable, Sequence

import jittor as jt

from jittor_tsit.layers.elementary import sqrt
from jittor_tsit.layers.reductions import total

Init = Callable[..., jt.Var]  # draws values of a shape, `init(*shape)`
GAIN = 0.02  # factor of the Xavier-normal draws in pix2pix, SPADE and TSIT; standard deviation of `normal`


def xavier(*shape: int) -> jt.Var:
    """Draw the weight of a convolution or transposed convolution, Xavier-normal with gain 0.02, [a, b, k, k]."""
    return jt.randn(*shape) * (GAIN * math.sqrt(2 / ((shape[0] + shape[1]) * shape[2] * shape[3])))


def default_weight(*shape: int) -> jt.Var:
    """Draw a weight [a, b, k, k] as PyTorch does by default: uniform between -1 and 1 over the root of b k k."""
    return (jt.rand(*shape) * 2 - 1) * _default_bound(shape)


def default_bias(size: int, weight_shape: Sequence[int]) -> jt.Var:
    """Draw a bias [size] as PyTorch does by default, for a convolution whose weight has this shape."""
    return (jt.rand(size) * 2 - 1) * _default_bound(weight_shape)


def _default_bound(shape: Sequence[int]) -> float:
    return 1 / math.sqrt(shape[1] * shape[2] * shape[3])


def kaiming(*shape: int) -> jt.Var:
    """Draw the weight of a convolution in front of ReLU, Kaiming-normal by fan-in, [a, b, k, k]."""
    return jt.randn(*shape) * (math.sqrt(2) * math.sqrt(1 / (shape[1] * shape[2] * shape[3])))


def normal(*shape: int, mean: float = 0.0) -> jt.Var:
    """Draw values of any shape from a normal distribution of deviation 0.02, as pix2pix and CycleGAN do."""
    return jt.randn(*shape) * GAIN + mean


def linear_weight(out_features: int, in_features: int) -> jt.Var:
    """Draw the weight of a linear layer, Xavier-normal with gain 0.02, [out_features, in_features]."""
    return jt.randn(out_features, in_features) * (GAIN * math.sqrt(2 / (in_features + out_features)))


def unit_vector(size: int) -> jt.Var:
    """Draw a random vector of length 1, [size], that is not trained."""
    vector = jt.randn(size)
    return (vector / sqrt(total(vector * vector))).stop_grad()
