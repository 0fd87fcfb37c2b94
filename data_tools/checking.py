"""Find the pairs of a data set that cannot be trained on."""

from __future__ import annotations

import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Callable, Iterable, Iterator, Optional, Sequence

from tqdm import tqdm

from data_tools.classes import NUM_CLASSES
from data_tools.errors import InputError
from data_tools.image_io import read_label, read_photo
from data_tools.pairing import Pair

# The contest pairs 1024x768 photos with 512x384 labels: shapes may differ, proportions may not.
_ASPECT_TOLERANCE = 0.01  # a rounded-off row of pixels stays below this down to 100 pixels
_BAR_DELAY = 2.0  # seconds; a check that ends sooner shows no bar


def check_pair(pair: Pair, num_classes: int = NUM_CLASSES) -> Optional[str]:
    """Decode both files of a pair in full.

    Returns:
        None for a sound pair, else one line: a file that cannot be read, an id out of range, or a photo and
        label whose proportions differ by more than 1 %.
    """
    try:
        photo_height, photo_width = read_photo(pair.photo).shape[:2]
        label_height, label_width = read_label(pair.label, num_classes).shape
    except InputError as error:
        return str(error)
    stretch = (photo_width * label_height) / (photo_height * label_width)
    if abs(stretch - 1) > _ASPECT_TOLERANCE:
        return (f"{pair.photo}: {photo_width}x{photo_height} has other proportions than its label, "
                f"{label_width}x{label_height}")
    return None


def check_pairs(pairs: Sequence[Pair], num_classes: int = NUM_CLASSES, workers: int = 2,
                progress: bool = True) -> list[tuple[str, str]]:
    """`check_pair` over many pairs with `workers` threads; a bar on stderr if it takes long.

    Returns:
        (stem, problem) of the pairs that are not sound, in the order of `pairs`.
    """
    problems = []
    with tqdm(total=len(pairs), desc="check", unit="pair", file=sys.stderr, leave=False, delay=_BAR_DELAY,
              disable=not progress) as bar:
        results = _in_threads(lambda pair: (pair.stem, check_pair(pair, num_classes)), pairs, workers)
        for stem, problem in results:
            bar.update()
            if problem is not None:
                problems.append((stem, problem))
    return problems


def _in_threads(function: Callable, items: Iterable, workers: int) -> Iterator:
    """Results of `function` in order. `Executor.map` would queue all items at once: a gigabyte for a million."""
    items = iter(items)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future] = deque(pool.submit(function, item) for item in islice(items, 4 * workers))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(function, item) for item in islice(items, 1))
