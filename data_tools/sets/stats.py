"""Count what a data set holds: sizes, classes and their shares."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import Dict, List, NamedTuple, Sequence, Tuple, Union

import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.names import printable
from data_tools.basics.threads import with_bar
from data_tools.sets.checking import mismatch
from data_tools.sets.classes import CLASSES, NUM_CLASSES
from data_tools.sets.image_io import read_header, read_label
from data_tools.sets.pairing import Pair, Problem

_LISTED_SIZES = 5

Size = Tuple[int, int]  # width, height


class Counts(NamedTuple):
    """One pair: the sizes of its files, and [NUM_CLASSES] int64 pixels of each class."""

    photo_size: Size
    label_size: Size
    pixels: np.ndarray


@dataclass
class Stats:
    """Sums over a data set; per pair it keeps no more than a small number.

    Args:
        classes_per_map: A number for each label map, in the order of the pairs.
        pixels: [NUM_CLASSES] int64, in all label maps together.
        maps: [NUM_CLASSES] int64, the label maps that hold the class.
        broken: Pairs that could not be counted.
    """

    photo_sizes: Counter = field(default_factory=Counter)
    label_sizes: Counter = field(default_factory=Counter)
    classes_per_map: List[int] = field(default_factory=list)
    pixels: np.ndarray = field(default_factory=lambda: np.zeros(NUM_CLASSES, np.int64))
    maps: np.ndarray = field(default_factory=lambda: np.zeros(NUM_CLASSES, np.int64))
    broken: List[Problem] = field(default_factory=list)

    def add(self, counts: Counts) -> None:
        self.photo_sizes[counts.photo_size] += 1
        self.label_sizes[counts.label_size] += 1
        self.classes_per_map.append(int(np.count_nonzero(counts.pixels)))
        self.pixels += counts.pixels
        self.maps += counts.pixels > 0


class ClassShare(NamedTuple):
    """A class in a data set: its part of all pixels, and how many label maps hold it."""

    id: int
    name: str
    percent_of_pixels: float
    maps: int
    percent_of_maps: float


def collect(pairs: Sequence[Pair], workers: int = 2, progress: bool = True) -> Stats:
    """Read every label map in full and the header of every photo, with `workers` threads.

    A pair is broken if that fails or the proportions differ. A photo with a sound header and damaged pixels counts;
    `checking.check_pair` would find it.
    """
    stats = Stats()
    for result in with_bar(count_pair, pairs, workers, "stats", progress):
        if isinstance(result, Problem):
            stats.broken.append(result)
        else:
            stats.add(result)
    return stats


def count_pair(pair: Pair) -> Union[Counts, Problem]:
    """The counts of one pair, or why there are none."""
    try:
        photo_size = read_header(pair.photo)[:2]
        label = read_label(pair.label)
    except InputError as error:
        return Problem(pair.stem, printable(str(error)), broken=True)
    label_size = (label.shape[1], label.shape[0])
    fault = mismatch(pair, photo_size, label_size)
    if fault is not None:
        return Problem(pair.stem, fault, broken=True)
    # Pillow counts in place, where `np.bincount` would first make eight bytes of every pixel.
    pixels = np.array(Image.fromarray(label).histogram()[:NUM_CLASSES], np.int64)
    return Counts(photo_size, label_size, pixels)


def class_shares(stats: Stats) -> List[ClassShare]:
    """All classes, those with the most pixels first."""
    all_pixels = max(1, int(stats.pixels.sum()))
    all_maps = max(1, len(stats.classes_per_map))
    shares = [
        ClassShare(
            c.id,
            c.name,
            100 * int(stats.pixels[c.id]) / all_pixels,
            int(stats.maps[c.id]),
            100 * int(stats.maps[c.id]) / all_maps,
        )
        for c in CLASSES
    ]
    return sorted(shares, key=lambda share: (-share.percent_of_pixels, share.id))


def as_text(stats: Stats) -> str:
    """The statistics as a table for a terminal."""
    numbers = stats.classes_per_map
    spread = f"min {min(numbers)}, median {median(numbers):g}, max {max(numbers)}" if numbers else "no maps"
    lines = [
        f"pairs            {len(numbers)}",
        *_size_lines("photos", stats.photo_sizes),
        *_size_lines("label maps", stats.label_sizes),
        f"classes per map  {spread}",
        "",
        "id  class      % of pixels     in maps  % of maps",
    ]
    lines += [
        f"{share.id:2}  {share.name:10} {share.percent_of_pixels:11.2f} {share.maps:11} {share.percent_of_maps:10.1f}"
        for share in class_shares(stats)
    ]
    return "\n".join(lines) + "\n"


def as_json(stats: Stats) -> Dict[str, object]:
    """The same as plain values for `json.dumps`; the sizes are listed in full."""
    numbers = stats.classes_per_map
    spread = {"min": min(numbers), "median": median(numbers), "max": max(numbers)} if numbers else None
    return {
        "pairs": len(numbers),
        "broken": [problem.reason for problem in stats.broken],
        "photo_sizes": _size_records(stats.photo_sizes),
        "label_sizes": _size_records(stats.label_sizes),
        "classes_per_map": spread,
        "classes": [share._asdict() for share in class_shares(stats)],
    }


def _by_frequency(sizes: Counter) -> List[Tuple[Size, int]]:
    return sorted(sizes.items(), key=lambda item: (-item[1], item[0]))


def _size_lines(what: str, sizes: Counter) -> List[str]:
    listed = _by_frequency(sizes)
    lines = [f"{count} of {width}x{height}" for (width, height), count in listed[:_LISTED_SIZES]] or ["none"]
    rest = listed[_LISTED_SIZES:]
    if rest:
        lines.append(f"{sum(count for _, count in rest)} of {len(rest)} other sizes")
    return [f"{what if number == 0 else '':16} {line}" for number, line in enumerate(lines)]


def _size_records(sizes: Counter) -> List[Dict[str, int]]:
    return [{"width": width, "height": height, "count": count} for (width, height), count in _by_frequency(sizes)]
