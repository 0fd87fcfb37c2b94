"""Checks of the arrays that the Python interface is called with."""

from __future__ import annotations

from typing import Iterable, List, Sequence, Tuple, Union

import numpy as np

from data_tools.basics.arguments import given
from data_tools.basics.errors import InputError

Names = Union[str, Sequence[str], None]


def as_batch(array: np.ndarray, what: str, is_photo: bool) -> Tuple[np.ndarray, bool]:
    """Return an array as a batch, and whether it was a single input.

    Args:
        what: Name of the argument, for the error message.
        is_photo: Whether photos are expected, rather than label maps.

    Raises:
        InputError: The array has a wrong shape or type.
    """
    try:
        array = np.asarray(array)
    except (TypeError, ValueError):  # such as lists of different lengths
        raise InputError(f"{given(what, array)}: an array is needed") from None
    dimensions = array.ndim - 1 if is_photo else array.ndim
    is_right = dimensions in (2, 3) and array.size > 0
    if is_photo:
        is_right = is_right and array.shape[-1] == 3 and array.dtype == np.uint8
        allowed = "photos are [H, W, 3] or [N, H, W, 3] uint8 RGB"
    else:
        is_right = is_right and array.dtype.kind in "iu"
        allowed = "label maps are [H, W] or [N, H, W] of integers"
    if not is_right:
        raise InputError(f"{what}: an array of shape {array.shape} and type {array.dtype} was given; {allowed}")
    return (array[None], True) if dimensions == 2 else (array, False)


def matching_batch(array: np.ndarray, what: str, count: int, is_photo: bool) -> np.ndarray:
    """Return an array as a batch of `count`. A single input is repeated. See `as_batch` for the other arguments.

    Raises:
        InputError: The array has a wrong shape, type or number of inputs.
    """
    batch, is_single = as_batch(array, what, is_photo)
    if is_single:
        return np.broadcast_to(batch, (count, *batch.shape[1:]))
    if len(batch) != count:
        raise InputError(f"{what}: {len(batch)} were given for {count} inputs; give one, or one for each input")
    return batch


def names_of_batch(name: Names, count: int) -> List[str]:
    """Return the name of each input. Name and seed together decide its random style.

    Args:
        name: One name for all inputs, one for each, or None for their places in the batch: "0", "1", and so on.
        count: Number of inputs.

    Raises:
        InputError: The number of names is wrong.
    """
    if name is None:
        return [str(k) for k in range(count)]
    if not isinstance(name, (str, Iterable)):
        raise InputError(f"{given('name', name)}: a text is needed, or one for each input")
    names = [name] * count if isinstance(name, str) else [str(each) for each in name]
    if len(names) != count:
        raise InputError(f"name: {len(names)} were given for {count} inputs; give one, or one for each input")
    return names


def in_colour(pixels: np.ndarray) -> np.ndarray:
    """Return pixels with three channels: [H, W, 3] as they are, grey [H, W] three times."""
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
