"""Convolution with a spectrally normalised weight (Miyato et al., ICLR 2018)."""

from typing import Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.kernels import backend
from jittor_tsit.kernels.spectral import spectral_normalize
from jittor_tsit.layers.basic import SLOPE
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.elementary import absolute, sqrt
from jittor_tsit.layers.image_layouts import Image, to_fast_layout
from jittor_tsit.layers.init import default_weight, unit_vector
from jittor_tsit.layers.matmul import matmul
from jittor_tsit.layers.norm import instance_norm
from jittor_tsit.layers.reductions import total


class SpectralConv(nn.Module):
    """Convolution with `weight / sigma`, where sigma is the largest singular value of the weight.

    `u` and `v` hold the singular vectors of sigma. Each forward pass in training mode, also without gradient, improves
    them by one power iteration and stores them. Evaluation mode leaves them as they are. The gradient treats them as
    constants.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H', W'], in the layout of x

    Source: torch.nn.utils.spectral_norm with its defaults. The weight begins with PyTorch's default and the bias with
        0: SPADE and TSIT move their networks to the GPU before they draw Xavier weights, and there the draw does not
        reach normalised layers.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride=1, padding=0, bias=True):
        self.stride, self.padding = stride, padding
        self.weight = default_weight(out_channels, in_channels, kernel_size, kernel_size)
        self.bias = jt.zeros(out_channels) if bias else None
        self.u = unit_vector(out_channels)
        self.v = unit_vector(in_channels * kernel_size * kernel_size)

    def execute(self, x: Image) -> Image:
        return conv2d(x, self.normalized_weight(), self.bias, self.stride, self.padding)

    def normalized_weight(self) -> jt.Var:
        """Return weight / sigma, [out_channels, in_channels, k, k]; training mode updates `u` and `v`."""
        form = spectral_normalize if backend.runs_fused(self.weight) else reference_spectrally_normalized
        weight, u, v = form(self.weight, self.u, self.v, self.is_training())
        if self.is_training():
            self.u.update(u)
            self.v.update(v)
        return weight


def conv_norm_act(conv: SpectralConv, x: Image) -> Image:
    """Return leaky_relu(instance_norm(conv(x))) with slope 0.2, in the fastest layout.

    Source: the norm `spectralinstance` of SPADE and TSIT and the activation that follows it.
    """
    return instance_norm(to_fast_layout(conv(x)), SLOPE)


def reference_spectrally_normalized(
    weight: jt.Var, u: jt.Var, v: jt.Var, iterates: bool
) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """Compute `kernels.spectral.spectral_normalize` with Jittor's operators.

    Args:
        iterates: Whether to improve u and v by one power iteration.

    Shapes:
        weight [D, C, k, k], u [D], v [C k k] -> weight / sigma, u, v
    """
    u, v, matrix = u.detach(), v.detach(), weight.reshape(weight.shape[0], -1)
    if iterates:
        v = _unit(matmul(matrix.detach(), u.unsqueeze(1), transpose_a=True).reshape(-1))
    stretched = matmul(matrix, v.unsqueeze(1))  # [D, 1]
    if iterates:
        u = _unit(stretched.detach().reshape(-1))
    unit = absolute(stretched.detach()).max()  # divided by this number, all factors lie within float32's range
    sigma = total(u.unsqueeze(1) * (stretched / unit))
    # One factor for each row, in an array of its own: its gradient is then summed row by row, 20 times as fast on an
    # H100 as in one sum.
    factors = ((1 / sigma) * jt.ones(weight.shape[0], 1, 1, 1)).stop_fuse()
    return (weight / unit).stop_fuse() * factors, u, v  # fused, -Ofast would divide the factors by `unit`


def _unit(vector: jt.Var) -> jt.Var:
    """Return the vector divided by its length."""
    return vector / jt.maximum(sqrt(total(vector * vector)), 1e-12)  # PyTorch's floor for the norm
