"""How many classes a set of label maps needs, for messages about an id that is out of range."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, NamedTuple, Optional

from data_tools.basics.errors import InputError
from data_tools.sets.class_list import MAX_CLASSES
from data_tools.sets.image_io import read_instances


class Sufficient(NamedTuple):
    """The least number of classes that admits all ids of some label maps, and the number of maps that were read."""

    num_classes: int  # 0: no map could be read, or all pixels are unknown
    num_read: int


def sufficient_classes(labels: Iterable[Path], unknown: Optional[int]) -> Sufficient:
    """Read label maps and return the number of classes that suffices for them. Files that cannot be read are left out.

    Ids from 255 on do not count: 255 is the usual id of pixels without a class, and no more classes are possible.

    Args:
        unknown: Id in the files of pixels without a class; with 0, classes are numbered from 1.
    """
    largest, num_read = -1, 0
    for path in labels:
        try:
            ids = read_instances(path)
        except InputError:
            continue
        classes = ids[(ids >= 0) & (ids < MAX_CLASSES) & (ids != (-1 if unknown is None else unknown))]
        largest, num_read = max(largest, int(classes.max(initial=-1))), num_read + 1
    return Sufficient(largest + (unknown != 0) if largest >= 0 else 0, num_read)
