"""Count training files that cannot be read. Training skips and logs them, and stops if there are too many.

read_ahead.py reads a file again before it gives up, and takes the next sample in its place.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Callable, Sequence

from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.mpirun import CommonError

SHOWN = 5  # number of faults that the final error message lists; the log lists all


class SkipCounter:
    """Counter of skipped samples. Every process counts the samples of all processes.

    Args:
        allowed: Largest number of different faults. The same file counts once, however often it is skipped.
        line: Writes one line to the log.
    """

    def __init__(self, allowed: int, line: Callable[[str], None]):
        self.allowed, self.line = allowed, line
        self.times: Counter = Counter()

    def __call__(self, faults: Sequence[str]) -> None:
        """Count and log the samples that all processes skipped in one step. Every process must call this in every step.

        Args:
            faults: One error message for each sample that this process skipped. Two samples with the same message are
                the same fault.

        Raises:
            CommonError: There are more than `allowed` different faults since the start. The message names the first
                ones. It is raised on all processes.
        """
        for text in parallel.gather_texts(json.dumps(faults)):
            for fault in json.loads(text):
                self._count(fault)
        if len(self.times) > self.allowed:
            more = f"; and {len(self.times) - SHOWN} more, see log.txt" if len(self.times) > SHOWN else ""
            first = "; ".join(list(self.times)[:SHOWN])
            raise CommonError(f"more than max_skipped={self.allowed} files cannot be read: {first}{more}")

    def _count(self, fault: str) -> None:
        self.times[fault] += 1
        self.line(
            f"skipped, and the next sample taken: {fault} (failed {self.times[fault]} times so far; "
            f"{len(self.times)} of at most {self.allowed} such files)"
        )
