"""Do the same to many items in threads, with a bar."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterator, Sequence

from tqdm import tqdm

from data_tools.basics.pools import run_in_order

_BAR_DELAY = 2.0  # seconds; what ends sooner shows no bar
_AHEAD = 4  # items a thread: a pool's own queue would hold all of them, a gigabyte for a million pairs


def with_bar(function: Callable, pairs: Sequence, workers: int, name: str, progress: bool = True) -> Iterator:
    """Results of `function` in the order of `pairs`; a bar on stderr if it takes long."""
    with ThreadPoolExecutor(workers) as pool, tqdm(
        total=len(pairs), desc=name, unit="pair", file=sys.stderr, leave=False, delay=_BAR_DELAY, disable=not progress
    ) as bar:
        for result in run_in_order(pool, function, pairs, _AHEAD * workers):
            bar.update()
            yield result
