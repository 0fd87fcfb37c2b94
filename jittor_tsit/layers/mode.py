"""Training and evaluation mode."""

from contextlib import contextmanager

from jittor import nn


def set_training(module: nn.Module, is_training: bool) -> None:
    """Set the mode of `module` and all its parts.

    Jittor's own `eval()` also stops every parameter's gradient, and `train()` may not bring it back.
    """
    for part in module.modules():
        part.is_train = is_training


@contextmanager
def evaluating(*modules: nn.Module):
    """Modules in evaluation mode for the time of a `with` block, in training mode after it."""
    for module in modules:
        set_training(module, False)
    try:
        yield
    finally:
        for module in modules:
            set_training(module, True)
