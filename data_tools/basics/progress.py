"""Progress of long work: a bar on a terminal; a line every 30 seconds elsewhere, where a bar cannot be overwritten."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Generic, Iterable, Iterator, Optional, TypeVar, Union

from tqdm import tqdm

FILE_SECONDS = 30.0  # between lines in a file
TERMINAL_VARIABLE = "JITTOR_TSIT_TERMINAL"  # set if another process copies standard error to a terminal
Item = TypeVar("Item")


def on_terminal() -> bool:
    """Return whether standard error ends at a terminal, where a line can be overwritten."""
    return sys.stderr.isatty() or bool(os.environ.get(TERMINAL_VARIABLE))


def progress_bar(
    items: Optional[Iterable[Item]] = None,
    *,
    desc: str,
    unit: str,
    total: Optional[int] = None,
    initial: int = 0,
    leave: bool = True,
    delay: float = 0.0,
    disable: bool = False,
    unit_scale: bool = False,
) -> Bar:
    """Show the progress of work on standard error. Iterate over the result, or call its `update` and `close`.

    The arguments have tqdm's names.

    Args:
        items: What to iterate over; None if `update` is called instead.
        desc: What is being done, such as "reading photos".
        unit: What is counted, such as "photo".
        total: Number of items; by default `len(items)`.
        initial: Number of items that were done before.
        leave: Whether a bar stays on the terminal after the end.
        delay: Work of fewer seconds shows no bar.
        disable: Whether to show nothing at all.
        unit_scale: Whether to show large numbers as 1.25M, as for bytes.
    """
    if not on_terminal():
        return LineProgress(items, desc, unit, total, initial, disable, unit_scale)
    return tqdm(
        items,
        desc=desc,
        unit=unit,
        total=total,
        initial=initial,
        leave=leave,
        delay=delay,
        disable=disable,
        unit_scale=unit_scale,
        dynamic_ncols=True,
        file=sys.stderr,
    )


class LineProgress(Generic[Item]):
    """Progress as lines, at most one in 30 seconds. It has those methods of a tqdm bar that this project calls.

    See `progress_bar` for the arguments.
    """

    def __init__(
        self,
        items: Optional[Iterable[Item]],
        desc: str,
        unit: str,
        total: Optional[int],
        initial: int,
        disable: bool,
        unit_scale: bool = False,
    ):
        self.items, self.desc, self.unit, self.disable = items, desc, unit, disable
        self.unit_scale = unit_scale
        self.total = len(items) if total is None and hasattr(items, "__len__") else total  # type: ignore[arg-type]
        self.n = self.initial = initial
        self.started = self.last_line = time.monotonic()

    def __iter__(self) -> Iterator[Item]:
        for item in self.items or ():
            yield item
            self.update()

    def __enter__(self) -> LineProgress[Item]:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def update(self, n: int = 1) -> None:
        """Count `n` more items, and print a line if the last one is 30 seconds old."""
        self.n += n
        now = time.monotonic()
        if not self.disable and now - self.last_line >= FILE_SECONDS:
            self.last_line = now
            print(self.line(now - self.started), file=sys.stderr, flush=True)

    def line(self, seconds: float) -> str:
        """Return the line after so many seconds, such as "check: 60 of 240 pair (25%), 2.0 pair/s, 1:30 left"."""
        speed = (self.n - self.initial) / max(seconds, 1e-9)
        is_slow = 0 < speed < 1  # the line then says the seconds for each item
        pace = f"{1 / speed:.1f} s/{self.unit}" if is_slow else f"{self._number(round(speed, 1))} {self.unit}/s"
        done = self._number(self.n)
        if not self.total:
            return f"{self.desc}: {done} {self.unit}, {pace}"
        left = f", {tqdm.format_interval((self.total - self.n) / speed)} left" if speed else ""
        return (
            f"{self.desc}: {done} of {self._number(self.total)} {self.unit} ({self.n / self.total:.0%}), {pace}{left}"
        )

    def _number(self, value: float) -> str:
        return tqdm.format_sizeof(value) if self.unit_scale else str(value)

    def unpause(self) -> None:
        """Restart the clock, so that a slow beginning does not count in the speed."""
        self.started = self.last_line = time.monotonic()
        self.initial = self.n

    def close(self) -> None:
        """End. Nothing is printed."""


Bar = Union[tqdm, LineProgress]
