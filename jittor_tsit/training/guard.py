"""Steps whose losses or gradients are not finite: found, named, and either the end of the run or left out."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Tuple

import jittor as jt
import numpy as np

from jittor_tsit.runs.log import LOWER_RATES, NonFiniteLoss
from jittor_tsit.systems.base import System

# In a row: a bad image spoils a step or two; after ten steps that changed nothing it is the weights that are spoiled.
MAX_SKIPS = 10


class Number(NamedTuple):
    """What is looked at."""

    place: Tuple[int, int]  # its update in the step; 0: a loss term, 1: a gradient
    name: str


class Guard:
    """Looks at the numbers of each step.

    To skip a step, all that it changes is copied before it: memory for the networks and their optimizers a second time.
    All processes that train together see the same sums of terms and gradients, and so decide alike.

    Args:
        on_nan: "stop" or "skip".
    """

    def __init__(self, system: System, on_nan: str):
        self.system, self.skips = system, on_nan == "skip"
        # A GPU would stand idle while its numbers are read: where nothing hangs on it, they are at the next report.
        self.reads_each_step = self.skips or not jt.flags.use_cuda
        self.unread: List[Tuple[int, List[Number], jt.Var]] = []  # images after a step, its numbers, their values
        self.before: Dict[str, jt.Var] = {}  # while a step is done that may be taken back
        self.skipped_in_a_row = 0

    def begin_step(self) -> None:
        """Keep what is needed to take the step back. The average is not: it moves after the step is accepted."""
        if self.skips:
            state = self.system.state_dict().items()
            self.before = {name: var.copy() for name, var in state if not name.startswith("G_ema.")}
            jt.sync(list(self.before.values()))

    def fault(self, nimg: int) -> str:
        """What is not finite in the step that ended with image `nimg`, which is then taken back; "" if all is.

        Raises:
            NonFiniteLoss: As `check`; or it is one step too many to be skipped.
        """
        self.unread.append((nimg, *_numbers(self.system)))
        if not self.reads_each_step:
            return ""
        if not self.skips:
            self.check()
            return ""
        fault = self._read()
        self.skipped_in_a_row = self.skipped_in_a_row + 1 if fault else 0
        if self.skipped_in_a_row > MAX_SKIPS:
            raise NonFiniteLoss(f"{fault}, after {MAX_SKIPS} skipped steps in a row; {LOWER_RATES}")
        if fault:
            self._take_back()
        self.before = {}
        return fault

    def check(self) -> None:
        """Read what was not read yet.

        Raises:
            NonFiniteLoss: Names the first term or parameter that is not finite, and the step.
        """
        fault = self._read()
        if fault:
            raise NonFiniteLoss(f"{fault}; go on from the last checkpoint with --on-nan skip, or {LOWER_RATES}")

    def _read(self) -> str:
        unread, self.unread = self.unread, []
        for nimg, numbers, values in unread:
            is_bad = ~np.isfinite(values.numpy())
            if is_bad.any():
                return _told([number for number, bad in zip(numbers, is_bad) if bad], nimg)
        return ""

    def _take_back(self) -> None:
        """The optimizers' counts of steps go on, as they do when a run is resumed."""
        for name, var in self.system.state_dict().items():
            if name in self.before:
                var.update(self.before[name])


def _numbers(system: System) -> Tuple[List[Number], jt.Var]:
    """Loss terms and squared lengths of gradients of a step, in the order of their making, and their values."""
    numbers, values = [], []
    for place, (optimizer, terms, squares) in enumerate(system.updates):
        names = [system.parameter_name(optimizer, name) for name in system.optimizers[optimizer].params]
        numbers += [Number((place, 0), f"the loss term {optimizer}/{name}") for name in terms]
        numbers += [Number((place, 1), f"the gradient of {name}") for name in names]
        values += [*(term.reshape(1) for term in terms.values()), squares]
    return numbers, jt.concat(values)


def _told(bad: List[Number], nimg: int) -> str:
    """The first fault in words; what comes after it in the step is its doing.

    Of gradients it is the last one, nearest to the loss: a fault on the way back spoils all layers before it.
    """
    first = [number.name for number in bad if number.place == bad[0].place]
    name = first[-1] if bad[0].place[1] else first[0]
    others = f" (with {len(bad) - 1} more terms and gradients)" if len(bad) > 1 else ""
    return f"{name} is not finite in the step that ends with image {nimg}{others}"
