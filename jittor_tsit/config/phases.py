"""The phases of a run, worked out in images and steps."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from data_tools.basics.errors import InputError
from jittor_tsit.config import Experiment, Phase


class PlannedPhase(NamedTuple):
    """One phase with nothing left open."""

    number: int  # from 1
    start: int  # images of the run before it
    end: int  # and after it
    num_samples: int  # an epoch's images
    batch_size: int
    accumulate: int
    rates: Dict[str, float]  # full learning rates by option, "lr_G" and "lr_D"
    weights: Dict[str, float]  # of the loss terms

    @property
    def num_steps(self) -> int:
        """Batches; the last may be smaller."""
        return math.ceil((self.end - self.start) / self.batch_size)


class Step(NamedTuple):
    """The images of one optimizer step."""

    phase: PlannedPhase
    first: int  # place in the run
    size: int


def terms_of(plan: Sequence[PlannedPhase]) -> Set[str]:
    """Names of the loss terms that weigh anything in some phase."""
    return {name for phase in plan for name, weight in phase.weights.items() if weight}


def phases_of(experiment: Experiment) -> Tuple[Phase, ...]:
    """The phases, or the one that an experiment without phases is."""
    return experiment.phases or (Phase(nimg=experiment.run.total_nimg),)


def split_of(experiment: Experiment, number: int) -> Optional[Path]:
    """The split file of a phase, counted from 1; None for all pairs.

    Raises:
        InputError: There is no such file, or `data.split` is a file where phases have theirs, or a folder where not.
    """
    named, phase = experiment.data.split, phases_of(experiment)[number - 1]
    if not phase.split:
        if named and Path(named).is_dir():
            if any(other.split for other in experiment.phases):
                return None
            raise InputError(f"split={named}: a folder; a file of stems, one a line, is needed")
        return Path(named) if named else None
    if named and not Path(named).is_dir():
        raise InputError(f"split={named}: not a folder; phase {number} looks there for its file {phase.split}")
    path = Path(named, phase.split)
    if not path.is_file():
        raise InputError(f"phase {number}: no split file {path}; `--split DIR` names the folder where it lies")
    return path


def make_plan(experiment: Experiment, num_samples: Sequence[int]) -> List[PlannedPhase]:
    """Every phase in images.

    Args:
        num_samples: Training samples of each phase.

    Raises:
        InputError: A batch is larger than its set, or a weight is of no term of this system.
    """
    plan: List[PlannedPhase] = []
    for number, (phase, size) in enumerate(zip(phases_of(experiment), num_samples), start=1):
        start = plan[-1].end if plan else 0
        plan.append(_planned(experiment, phase, number, start, size))
    return plan


def _planned(experiment: Experiment, phase: Phase, number: int, start: int, num_samples: int) -> PlannedPhase:
    run, optim, weights = experiment.run, experiment.config.optim, vars(experiment.config.weights)
    where = f" of phase {number}" if experiment.phases else ""
    batch_size = phase.batch_size or run.batch_size
    if num_samples < batch_size:
        raise InputError(f"{experiment.data.root}: {num_samples} samples{where}, fewer than batch_size={batch_size}")
    unknown = sorted(set(phase.weights) - set(weights))
    if unknown:
        raise InputError(f"weights.{unknown[0]}{where}: no such term; there are {', '.join(weights)}")
    return PlannedPhase(
        number=number,
        start=start,
        end=start + (phase.nimg or phase.epochs * num_samples),
        num_samples=num_samples,
        batch_size=batch_size,
        accumulate=phase.accumulate or run.accumulate,
        rates={"lr_G": phase.lr_G or optim.lr_G, "lr_D": phase.lr_D or optim.lr_D},
        weights={**weights, **phase.weights},
    )


def require_even(plan: Sequence[PlannedPhase], nimg: int, num_processes: int) -> None:
    """Refuse batches that do not divide over the processes, in the phases that are still to come.

    Raises:
        InputError: Names the batch size.
    """
    for phase in plan:
        if phase.end > nimg and phase.batch_size % num_processes:
            where = f" of phase {phase.number}" if len(plan) > 1 else ""
            raise InputError(
                f"batch_size={phase.batch_size}{where}: does not divide over {num_processes} processes; "
                f"take a multiple of {num_processes}, or another --procs"
            )


def steps_from(plan: Sequence[PlannedPhase], nimg: int) -> Iterator[Step]:
    """Every step that is left after `nimg` images; the last of a phase takes what remains."""
    for phase in plan:
        for first in range(max(phase.start, nimg), phase.end, phase.batch_size):
            yield Step(phase, first, min(phase.batch_size, phase.end - first))


def is_due(before: int, after: int, interval: int) -> bool:
    """Whether a multiple of `interval` images was reached by the step from `before` to `after`."""
    return after // interval > before // interval
