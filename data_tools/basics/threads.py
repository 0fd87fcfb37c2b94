"""Call a function for many items in threads and show a progress bar."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterator, Sequence

from data_tools.basics.pools import run_in_order
from data_tools.basics.progress import progress_bar

_BAR_DELAY = 2.0  # seconds; shorter work shows no bar
_ITEMS_PER_THREAD = 4  # submitted at a time; all items at once would take a gigabyte for a million pairs


def with_bar(
    function: Callable, pairs: Sequence, workers: int, name: str, progress: bool = True, unit: str = "pair"
) -> Iterator:
    """Yield `function(pair)` for each pair, or other item, in order, computed by `workers` threads.

    Work of more than two seconds shows a progress bar with this name on stderr, unless `progress` is False.
    """
    with ThreadPoolExecutor(workers) as pool, progress_bar(
        total=len(pairs), desc=name, unit=unit, leave=False, delay=_BAR_DELAY, disable=not progress
    ) as bar:
        for result in run_in_order(pool, function, pairs, _ITEMS_PER_THREAD * workers):
            bar.update()
            yield result
