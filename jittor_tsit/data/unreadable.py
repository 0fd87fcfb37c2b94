"""Training goes on without a file that cannot be read, says so, and ends where there are too many."""

from __future__ import annotations

import json
from collections import Counter
from typing import Callable, Sequence

from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.mpirun import CommonError

SHOWN = 5  # faults that the last message repeats; the log has all


class Skipped:
    """Counts the samples that were passed over, on every process those of all.

    Args:
        allowed: How many different faults training goes on with; a file that comes up again has the same.
        line: Takes a line for the log.
    """

    def __init__(self, allowed: int, line: Callable[[str], None]):
        self.allowed, self.line = allowed, line
        self.times: Counter = Counter()

    def __call__(self, faults: Sequence[str]) -> None:
        """Count those of one step; every process calls it for every step.

        Args:
            faults: What is wrong with the samples that this process passed over.

        Raises:
            CommonError: There are too many; names them.
        """
        for text in parallel.gather(json.dumps(faults)):
            for fault in json.loads(text):
                self._count(fault)
        if len(self.times) > self.allowed:
            more = f"; and {len(self.times) - SHOWN} more, see log.txt" if len(self.times) > SHOWN else ""
            first = "; ".join(list(self.times)[:SHOWN])
            raise CommonError(f"more than max_skipped={self.allowed} files cannot be read: {first}{more}")

    def _count(self, fault: str) -> None:
        self.times[fault] += 1
        self.line(
            f"skipped, and the next sample taken: {fault} (read in vain {self.times[fault]} times so far; "
            f"{len(self.times)} of at most {self.allowed} such files)"
        )
