"""Training and evaluation mode of modules, and what a forward pass leaves unchanged in training mode."""

from contextlib import contextmanager
from typing import Iterable

import jittor as jt
from jittor import nn

from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.layers.spectral_conv import SpectralConv


def set_training(module: nn.Module, is_training: bool) -> None:
    """Set the mode of a module and all its submodules.

    Jittor's own `eval()` also switches off the gradient of every parameter, and `train()` may not switch it on again.
    """
    for part in module.modules():
        part.is_train = is_training


def evaluating(*modules: nn.Module):
    """Put modules in evaluation mode inside a `with` block; restore their modes afterwards."""
    return _not_training([part for module in modules for part in module.modules()])


def holding_vectors(*modules: nn.Module):
    """Keep the singular vectors of spectral norms unchanged inside a `with` block; nothing else changes its mode."""
    parts = [part for module in modules for part in module.modules()]
    return _not_training([part for part in parts if isinstance(part, SpectralConv)])


@contextmanager
def holding_statistics(*modules: nn.Module):
    """Keep the running statistics of batch norms unchanged inside a `with` block, also in training mode."""
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
    """Replace parameters by detached copies inside a `with` block.

    Forward passes inside the block propagate gradients to the inputs of the modules and none to their parameters.
    """
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
