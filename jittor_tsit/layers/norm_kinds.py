"""Normalisations by name, as pix2pix, CycleGAN and BicycleGAN choose them.

Source: junyanz/pytorch-CycleGAN-and-pix2pix models/networks.py, get_norm_layer and init_weights.
"""

from typing import Callable

from jittor import nn

from jittor_tsit.layers.init import normal
from jittor_tsit.layers.norm import AffineBatchNorm, InstanceNorm

Norm = Callable[[int], nn.Module]  # builds a normalisation for a number of channels


def affine_batch_norm(channels: int) -> AffineBatchNorm:
    """Batch norm whose scales begin near 1."""
    return AffineBatchNorm(channels, normal(channels, mean=1.0))


def plain_instance_norm(channels: int) -> InstanceNorm:
    """Instance norm without scales."""
    return InstanceNorm(channels)


NORMS = {"batch": affine_batch_norm, "instance": plain_instance_norm}


def needs_bias(norm: Norm) -> bool:
    """Whether a convolution in front of this norm has a bias: batch norm has its own."""
    return norm is not affine_batch_norm
