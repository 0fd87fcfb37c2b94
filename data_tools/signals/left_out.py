"""Which signals are not measured in a set with other classes than the 29 landscape classes. Imports no OpenCV."""

from __future__ import annotations

from typing import Tuple

from data_tools.sets.class_list import ClassList

NEED_SKY = ("backlight", "overexposure")  # both compare the sky with the rest; without a class named sky they are NaN


def signals_left_out(class_list: ClassList) -> Tuple[str, ...]:
    """Return the names of the signals that are not measured in a set with these classes."""
    return () if class_list.ids_of(["sky"]) else NEED_SKY
