"""Checks of the options and the image size of a system. Each raises InputError with the value and what is allowed."""

from typing import Any, Collection

from data_tools.basics.errors import InputError

GAN_LOSS_NAMES = ("hinge", "lsgan", "vanilla", "wgan")  # keys of losses.GAN_LOSSES
NORM_NAMES = ("batch", "instance")  # keys of layers.norm_kinds.NORMS


def require_choice(config: Any, name: str, allowed: Collection[Any]) -> None:
    """Raise InputError if the option `name` of `config` has none of the allowed values."""
    if getattr(config, name) not in allowed:
        raise InputError(f"{name}={getattr(config, name)}: allowed are {', '.join(map(str, allowed))}")


def require_channels(config: Any) -> None:
    """Raise InputError if the images of `config` (`in_channels`, `out_channels`) are neither grey nor in colour.

    Photos of label maps (source=labels) are read in colour only.
    """
    for name in ("in_channels", "out_channels"):
        require_choice(config, name, (1, 3))
    if getattr(config, "source", "") == "labels" and config.out_channels != 3:
        raise InputError(f"out_channels={config.out_channels}: must be 3 with source=labels; source=images allows 1")


def require_least(config: Any, **least: float) -> None:
    """Raise InputError if an option is below its given least value: require_least(config, width=1)."""
    for name, value in least.items():
        if getattr(config, name) < value:
            raise InputError(f"{name}={getattr(config, name)}: must be at least {value}")


def require_multiples(system: str, height: int, width: int, stride: int) -> None:
    """Check that height and width of the images are multiples of `stride` pixels.

    Args:
        system: Name of the system for the message, with the option that decides the stride if there is one.
    """
    if height % stride or width % stride:
        raise InputError(f"image size {width}x{height}: {system} needs multiples of {stride}")
