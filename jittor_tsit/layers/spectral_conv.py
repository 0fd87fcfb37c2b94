"""Convolution with a spectrally normalised weight (Miyato et al., ICLR 2018)."""

from typing import Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.kernels.cpu import runs_on
from jittor_tsit.kernels.spectral import spectrally_normalized
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.elementary import absolute, sqrt
from jittor_tsit.layers.init import default_weight, unit_vector
from jittor_tsit.layers.matmul import matmul
from jittor_tsit.layers.reductions import total


class SpectralConv(nn.Module):
    """Convolution by `weight / sigma`, sigma being the weight's largest singular value.

    `u` and `v` hold its singular vectors. Each pass in training mode (also without gradient) improves them
    by one power iteration and keeps them; eval mode leaves them as they are. The gradient takes them as
    constants.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H', W']

    Source: torch.nn.utils.spectral_norm with its defaults. The initial weight is PyTorch's default and the bias 0:
        SPADE and TSIT move their networks to the GPU before they draw xavier weights, and the draw does not reach
        normalised layers there.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride=1, padding=0, bias=True):
        self.stride, self.padding = stride, padding
        self.weight = default_weight(out_channels, in_channels, kernel_size, kernel_size)
        self.bias = jt.zeros(out_channels) if bias else None
        self.u = unit_vector(out_channels)
        self.v = unit_vector(in_channels * kernel_size * kernel_size)

    def execute(self, x):
        return conv2d(x, self.normalized_weight(), self.bias, self.stride, self.padding)

    def normalized_weight(self) -> jt.Var:
        """[out_channels, in_channels, k, k]"""
        form = spectrally_normalized if runs_on(self.weight) else plain_spectrally_normalized
        weight, u, v = form(self.weight, self.u, self.v, self.is_training())
        if self.is_training():
            self.u.update(u)
            self.v.update(v)
        return weight


def plain_spectrally_normalized(weight: jt.Var, u: jt.Var, v: jt.Var, iterates: bool) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """`kernels.spectral.spectrally_normalized` in Jittor's operators."""
    u, v, matrix = u.detach(), v.detach(), weight.reshape(weight.shape[0], -1)
    if iterates:
        v = _normalized(matmul(matrix.detach(), u.unsqueeze(1), transpose_a=True).reshape(-1))
    stretched = matmul(matrix, v.unsqueeze(1))  # [out_channels, 1]
    if iterates:
        u = _normalized(stretched.detach().reshape(-1))
    unit = absolute(stretched.detach()).max()  # in units of it all factors are within float32's range
    sigma = total(u.unsqueeze(1) * (stretched / unit))
    # A factor a row, kept apart: its gradient adds up row by row, on an H100 20 times as fast as all at once.
    factors = ((1 / sigma) * jt.ones(weight.shape[0], 1, 1, 1)).stop_fuse()
    return (weight / unit).stop_fuse() * factors, u, v  # in one loop, -Ofast would divide the factors by the unit


def _normalized(vector: jt.Var) -> jt.Var:
    return vector / jt.maximum(sqrt(total(vector * vector)), 1e-12)  # PyTorch's floor for the norm
