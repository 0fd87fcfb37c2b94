"""Normalisations by name, as pix2pix, CycleGAN and BicycleGAN choose them.

Source: junyanz/pytorch-CycleGAN-and-pix2pix models/networks.py, get_norm_layer and init_weights.
"""

from typing import Callable

from jittor import nn

from jittor_tsit.layers.init import normal
from jittor_tsit.layers.norm import AffineBatchNorm, InstanceNorm

Norm = Callable[[int], nn.Module]  # builds a normalisation for a number of channels


def affine_batch_norm(channels: int) -> AffineBatchNorm:
    """Return a batch norm whose scales are drawn from N(1, 0.02)."""
    return AffineBatchNorm(channels, normal(channels, mean=1.0))


NORMS = {"batch": affine_batch_norm, "instance": InstanceNorm}


def needs_bias(norm: Norm) -> bool:
    """Return whether a convolution before this norm needs a bias. Before batch norm it does not: that has a shift."""
    return norm is not affine_batch_norm
