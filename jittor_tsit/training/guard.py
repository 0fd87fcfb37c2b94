"""Detection of losses and gradients that are infinite or NaN. Such a step ends the run or is skipped."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Tuple

import jittor as jt
import numpy as np

from jittor_tsit.runs.log import LOWER_RATES, NonFiniteLoss
from jittor_tsit.systems.base import System

# Steps in a row. A bad image spoils one or two steps. If ten steps in a row fail, the weights are the cause.
MAX_SKIPS = 10


class Quantity(NamedTuple):
    """A loss term or a gradient of a step, which must be finite."""

    place: Tuple[int, int]  # (number of its update in the step, 0 for a loss term or 1 for a gradient)
    name: str


class Guard:
    """Check after each step that loss terms and gradients are finite.

    With on_nan="skip" a copy of the system's state is made before each step, which doubles the memory of the networks
    and optimizers. All processes check the same sums of loss terms and gradients, so they make the same decision.

    Args:
        on_nan: "stop" raises an error, "skip" undoes the step.
    """

    def __init__(self, system: System, on_nan: str):
        self.system, self.skips = system, on_nan == "skip"
        # Reading values synchronises with the GPU. Unless steps are skipped, they are read at the next report instead.
        self.reads_each_step = self.skips or not jt.flags.use_cuda
        self.unread: List[Tuple[int, List[Quantity], jt.Var]] = []  # (images after the step, quantities, their values)
        self.before: Dict[str, jt.Var] = {}  # state before the current step, to undo it
        self.skipped_in_a_row = 0

    def begin_step(self) -> None:
        """Copy the state, to undo the step if necessary. Averaged weights change only after an accepted step."""
        if self.skips:
            state = self.system.state_dict().items()
            self.before = {name: var.copy() for name, var in state if not name.startswith("G_ema.")}
            jt.sync(list(self.before.values()))

    def check_step(self, nimg: int) -> str:
        """Check the step that ended with image `nimg`. Undo it if a quantity is not finite and steps may be skipped.

        Returns:
            A description of the fault of an undone step; "" if the step is accepted.

        Raises:
            NonFiniteLoss: See `check`; or more than MAX_SKIPS steps in a row failed.
        """
        self.unread.append((nimg, *_quantities(self.system)))
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
            self._undo_step()
        self.before = {}
        return fault

    def check(self) -> None:
        """Check all steps whose values have not been read yet.

        Raises:
            NonFiniteLoss: A quantity is not finite. The message names the first one and its step.
        """
        fault = self._read()
        if fault:
            raise NonFiniteLoss(f"{fault}; go on from the last checkpoint with --on-nan skip, or {LOWER_RATES}")

    def _read(self) -> str:
        unread, self.unread = self.unread, []
        for nimg, quantities, values in unread:
            is_bad = ~np.isfinite(values.numpy())
            if is_bad.any():
                return describe_fault([quantity for quantity, bad in zip(quantities, is_bad) if bad], nimg)
        return ""

    def _undo_step(self) -> None:
        """Restore the state before the step. The optimizers' step counts stay increased, as in a resumed run."""
        for name, var in self.system.state_dict().items():
            if name in self.before:
                var.update(self.before[name])


def _quantities(system: System) -> Tuple[List[Quantity], jt.Var]:
    """Return the loss terms and gradients of a step in the order of computation, and their values.

    The value of a gradient is its sum of squares.
    """
    quantities, values = [], []
    for place, (optimizer, terms, squared_norms) in enumerate(system.updates):
        names = [system.parameter_name(optimizer, name) for name in system.optimizers[optimizer].params]
        quantities += [Quantity((place, 0), f"the loss term {optimizer}/{name}") for name in terms]
        quantities += [Quantity((place, 1), f"the gradient of {name}") for name in names]
        values += [*(term.reshape(1) for term in terms.values()), squared_norms]
    return quantities, jt.concat(values)


def describe_fault(bad: List[Quantity], nimg: int) -> str:
    """Describe the first fault of a step, which causes the later ones.

    Among gradients the last one is named: NaNs spread backwards, so the parameter nearest to the loss is the culprit.
    """
    first = [quantity.name for quantity in bad if quantity.place == bad[0].place]
    name = first[-1] if bad[0].place[1] else first[0]
    others = f" (with {len(bad) - 1} more terms and gradients)" if len(bad) > 1 else ""
    return f"{name} is not finite in the step that ends with image {nimg}{others}"
