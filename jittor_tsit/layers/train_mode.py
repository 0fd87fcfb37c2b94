"""Training and evaluation mode."""

from contextlib import contextmanager
from typing import Iterable

import jittor as jt
from jittor import nn

from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.layers.spectral_conv import SpectralConv


def set_training(module: nn.Module, is_training: bool) -> None:
    """Set the mode of `module` and all its parts.

    Jittor's own `eval()` also stops every parameter's gradient, and `train()` may not bring it back.
    """
    for part in module.modules():
        part.is_train = is_training


def evaluating(*modules: nn.Module):
    """Modules in evaluation mode for the time of a `with` block."""
    return _not_training([part for module in modules for part in module.modules()])


def holding_vectors(*modules: nn.Module):
    """Spectral norms keep their singular vectors for the time of a `with` block; all else is in its mode."""
    parts = [part for module in modules for part in module.modules()]
    return _not_training([part for part in parts if isinstance(part, SpectralConv)])


@contextmanager
def holding_statistics(*modules: nn.Module):
    """Batch norms in training mode keep their running statistics for the time of a `with` block."""
    norms = [part for module in modules for part in module.modules() if isinstance(part, BatchNorm)]
    for norm in norms:
        norm.tracks = False
    try:
        yield
    finally:
        for norm in norms:
            norm.tracks = True


@contextmanager
def detached(*modules: nn.Module):
    """Passes built in a `with` block give gradients to what goes into the modules, and none to their parameters."""
    places = [
        (part, name, var)
        for module in modules
        for part in module.modules()
        for name, var in vars(part).items()
        if isinstance(var, jt.Var)
    ]
    for part, name, var in places:
        setattr(part, name, var.detach())
    try:
        yield
    finally:
        for part, name, var in places:
            setattr(part, name, var)


@contextmanager
def _not_training(parts: Iterable[nn.Module]):
    modes = [part.is_training() for part in parts]
    for part in parts:
        part.is_train = False
    try:
        yield
    finally:
        for part, mode in zip(parts, modes):
            part.is_train = mode
