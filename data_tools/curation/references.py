"""For each label map of a set, find the pair of another set whose label map is most similar."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Sequence

import numpy as np

from data_tools.basics.progress import progress_bar
from data_tools.sets.class_list import LANDSCAPE, ClassList
from data_tools.sets.image_io import read_label, resize_label
from data_tools.sets.pairing import Pair

COLUMNS, ROWS = 32, 24  # cells of a map; the contest's 4 : 3, and few enough for sets of ten thousand


class Reference(NamedTuple):
    """A label map and the pair that is most similar to it."""

    label: Path
    pair: Pair
    agreement: float  # share of equal cells


def most_similar(labels: Sequence[Path], pairs: Sequence[Pair], classes: ClassList = LANDSCAPE) -> List[Reference]:
    """Find for each label map the pair whose map has the same class in most cells. Of equal ones, the first.

    A map is not compared with its own file.

    Args:
        pairs: At least two.

    Raises:
        InputError: A label map is faulty.
    """
    wanted = _cells(labels, classes, "reading label maps")
    known = _cells([pair.label for pair in pairs], classes, "reading pairs")
    place = {pair.label.resolve(): k for k, pair in enumerate(pairs)}
    found = []
    for path, own in zip(progress_bar(labels, unit="map", desc="comparing", leave=False), wanted):
        equal = (known == own).mean(1)
        if path.resolve() in place:
            equal[place[path.resolve()]] = -1
        best = int(equal.argmax())
        found.append(Reference(path, pairs[best], float(equal[best])))
    return found


def _cells(paths: Sequence[Path], classes: ClassList, what: str) -> np.ndarray:
    """Return the class in the middle of each cell of each map, [n, ROWS * COLUMNS] uint8."""
    maps = [
        resize_label(read_label(path, classes.num_classes, classes.unknown), COLUMNS, ROWS).reshape(-1)
        for path in progress_bar(paths, unit="map", desc=what, leave=False)
    ]
    return np.stack(maps)
