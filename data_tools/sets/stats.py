"""Count the image sizes, the classes and the class shares of a data set."""

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
from data_tools.sets.class_list import LANDSCAPE, ClassList
from data_tools.sets.image_io import read_label, read_size
from data_tools.sets.pairing import Pair, Problem

_LISTED_SIZES = 5

Size = Tuple[int, int]  # width, height


class Counts(NamedTuple):
    """Counts of one pair: the sizes of its files, and the number of pixels of each id, [num_ids] int64.

    If the set may have pixels without a class, the last id is theirs.
    """

    photo_size: Size
    label_size: Size
    pixels: np.ndarray


@dataclass
class Stats:
    """Counts of a data set.

    Args:
        class_list: The classes of the set.
        classes_per_map: Number of classes in each label map, in the order of the pairs.
        pixels: [num_ids] int64, number of pixels of each id in all label maps together. If the set may have pixels
            without a class, the last number is theirs.
        maps: [num_ids] int64, number of label maps that hold each id.
        broken: Pairs that could not be counted.
    """

    class_list: ClassList = LANDSCAPE
    photo_sizes: Counter = field(default_factory=Counter)
    label_sizes: Counter = field(default_factory=Counter)
    classes_per_map: List[int] = field(default_factory=list)
    pixels: np.ndarray = field(init=False)
    maps: np.ndarray = field(init=False)
    broken: List[Problem] = field(default_factory=list)

    def __post_init__(self):
        self.pixels, self.maps = (np.zeros(self.class_list.num_ids, np.int64) for _ in range(2))

    def add(self, counts: Counts) -> None:
        """Add the counts of one readable pair to these counts, in place."""
        self.photo_sizes[counts.photo_size] += 1
        self.label_sizes[counts.label_size] += 1
        self.classes_per_map.append(int(np.count_nonzero(counts.pixels[: self.class_list.num_classes])))
        self.pixels += counts.pixels
        self.maps += counts.pixels > 0


class ClassShare(NamedTuple):
    """Share of one class in the pixels of a data set, and the number of label maps that hold it.

    The id is that of the files. Pixels without a class have a share of their own, named "unknown".
    """

    id: int
    name: str
    percent_of_pixels: float
    maps: int
    percent_of_maps: float


def collect(pairs: Sequence[Pair], workers: int = 2, progress: bool = True, class_list: ClassList = LANDSCAPE) -> Stats:
    """Count image sizes and class pixels of all pairs, with `workers` threads, and return the sums.

    Photos and label maps are decoded. A pair is broken if this fails, or if the proportions of photo and label map
    differ. Broken pairs are listed in the result and not counted.

    Args:
        progress: Whether to show a progress bar.
        class_list: The classes of the set.
    """
    stats = Stats(class_list)
    for result in with_bar(lambda pair: count_pair(pair, class_list), pairs, workers, "stats", progress):
        if isinstance(result, Problem):
            stats.broken.append(result)
        else:
            stats.add(result)
    return stats


def count_pair(pair: Pair, class_list: ClassList = LANDSCAPE) -> Union[Counts, Problem]:
    """Count the sizes and class pixels of one pair. If it cannot be counted, return the problem instead."""
    try:
        photo_size = read_size(pair.photo)
        label = read_label(pair.label, class_list.num_classes, class_list.unknown)
    except InputError as error:
        return Problem(pair.stem, printable(str(error)), broken=True)
    label_size = (label.shape[1], label.shape[0])
    fault = mismatch(pair, photo_size, label_size)
    if fault is not None:
        return Problem(pair.stem, fault, broken=True)
    # Pillow counts the bytes directly; `np.bincount` would first convert every pixel to eight bytes.
    pixels = np.array(Image.fromarray(label).histogram()[: class_list.num_ids], np.int64)
    return Counts(photo_size, label_size, pixels)


def class_shares(stats: Stats) -> List[ClassShare]:
    """Return the shares of all classes, and of pixels without a class if the set may have them, the largest first."""
    class_list = stats.class_list
    all_pixels = max(1, int(stats.pixels.sum()))
    all_maps = max(1, len(stats.classes_per_map))
    shares = [
        ClassShare(
            class_list.file_id(number),
            class_list.name_of(number),
            100 * int(stats.pixels[number]) / all_pixels,
            int(stats.maps[number]),
            100 * int(stats.maps[number]) / all_maps,
        )
        for number in range(class_list.num_ids)
    ]
    return sorted(shares, key=lambda share: (-share.percent_of_pixels, share.id))


def as_text(stats: Stats) -> str:
    """Return the statistics of a data set as the text of a table, for a terminal."""
    numbers = stats.classes_per_map
    spread = f"min {min(numbers)}, median {median(numbers):g}, max {max(numbers)}" if numbers else "no maps"
    shares = class_shares(stats)
    longest = max(10, *(len(share.name) for share in shares))  # 10: so that tables of short names look alike
    digits = max(2, *(len(str(share.id)) for share in shares))
    lines = [
        f"pairs            {len(numbers)}",
        *_size_lines("photos", stats.photo_sizes),
        *_size_lines("label maps", stats.label_sizes),
        f"classes per map  {spread}",
        "",
        f"{'id':<{digits}}  {'class':{longest}} % of pixels     in maps  % of maps",
    ]
    lines += [
        f"{share.id:{digits}}  {share.name:{longest}} {share.percent_of_pixels:11.2f} {share.maps:11} "
        f"{share.percent_of_maps:10.1f}"
        for share in shares
    ]
    return "\n".join(lines) + "\n"


def as_json(stats: Stats) -> Dict[str, object]:
    """Return the statistics as values for `json.dumps`. All sizes are listed."""
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
