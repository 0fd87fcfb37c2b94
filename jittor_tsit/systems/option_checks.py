"""What systems ask of their options and of the image size. Each raises InputError with what was found and allowed."""

from typing import Any, Collection

from data_tools.basics.errors import InputError


def require_choice(config: Any, name: str, allowed: Collection[Any]) -> None:
    """An option is one of those allowed."""
    if getattr(config, name) not in allowed:
        raise InputError(f"{name}={getattr(config, name)}: allowed are {', '.join(map(str, allowed))}")


def require_least(config: Any, **least: float) -> None:
    """Options, by name, are not below these values."""
    for name, value in least.items():
        if getattr(config, name) < value:
            raise InputError(f"{name}={getattr(config, name)}: must be at least {value}")


def require_multiples(system: str, height: int, width: int, stride: int) -> None:
    """The image's sides are multiples of a number of pixels.

    Args:
        system: Its name, with the option that sets the number if there is one.
    """
    if height % stride or width % stride:
        raise InputError(f"image size {width}x{height}: {system} needs multiples of {stride}")
