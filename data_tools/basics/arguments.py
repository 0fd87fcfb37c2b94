"""Checks of the types of arguments in the Python interfaces. A wrong type is refused with the name of the argument."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Optional, Tuple

import numpy as np

from data_tools.basics.errors import InputError

SHOWN = 60  # characters of a wrong value in a message; an array would fill the screen


def as_path(value: Any, name: str) -> Path:
    """Return an argument as a path.

    Raises:
        InputError: It is neither a text nor a path, or it is empty.
    """
    if not isinstance(value, (str, os.PathLike)) or not str(value):
        raise InputError(f"{given(name, value)}: a path is needed, as a text or a pathlib.Path")
    return Path(value)


def as_optional_path(value: Any, name: str) -> Optional[Path]:
    """Return an argument as a path, or None. Errors as in `as_path`."""
    return None if value is None else as_path(value, name)


def as_whole(value: Any, name: str, least: int) -> int:
    """Return an argument as a whole number of at least `least`.

    Raises:
        InputError: It is something else. True and False are no numbers here.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{given(name, value)}: a whole number of at least {least} is needed")
    return int(value)


def as_optional_whole(value: Any, name: str, least: int) -> Optional[int]:
    """Return an argument as a whole number of at least `least`, or None. Errors as in `as_whole`."""
    return None if value is None else as_whole(value, name, least)


def as_pair(value: Any, name: str, words: str, least: int) -> Tuple[int, int]:
    """Return an argument as two whole numbers of at least `least`.

    Args:
        words: What the two are, such as "(width, height) in pixels".

    Raises:
        InputError: It is something else.
    """
    try:
        first, second = value
        return as_whole(first, name, least), as_whole(second, name, least)
    except (TypeError, ValueError):  # no two members, or an InputError about one of them
        raise InputError(f"{given(name, value)}: needed is {words}, two whole numbers of at least {least}") from None


def as_flag(value: Any, name: str) -> bool:
    """Return an argument that is True or False.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{given(name, value)}: True or False is needed")
    return bool(value)


def given(name: str, value: Any) -> str:
    """Return an argument as it was given, in one line: "size=5"."""
    text = " ".join(repr(value).split())
    return f"{name}={text if len(text) <= SHOWN else text[:SHOWN] + '…'}"
