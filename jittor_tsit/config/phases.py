"""Plan a run: the phases in numbers of images, and the steps."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig, Experiment, Phase


class PlannedPhase(NamedTuple):
    """One phase of a run in which every option has its final value."""

    number: int  # counted from 1
    start: int  # images of the run before this phase
    end: int  # images of the run after this phase
    num_samples: int  # images in an epoch
    batch_size: int
    accumulate: int
    rates: Dict[str, float]  # option "lr_G" or "lr_D" -> learning rate before decay
    weights: Dict[str, float]  # loss term -> weight
    size: Tuple[int, int]  # width and height of the training images

    @property
    def num_steps(self) -> int:
        """Number of steps of the phase. The last one may have fewer images than the batch size."""
        return math.ceil((self.end - self.start) / self.batch_size)


class Step(NamedTuple):
    """Which images one optimizer step trains on: a phase, the position of the first image, and their number."""

    phase: PlannedPhase
    first: int  # position in the run of its first image
    size: int  # number of images


def terms_of(plan: Sequence[PlannedPhase]) -> Set[str]:
    """Return the names of the loss terms with a weight other than 0 in at least one phase."""
    return {name for phase in plan for name, weight in phase.weights.items() if weight}


def phases_of(experiment: Experiment) -> Tuple[Phase, ...]:
    """Return the phases of an experiment; one phase of the whole length if it defines none."""
    return experiment.phases or (Phase(nimg=experiment.run.total_nimg),)


def data_of(experiment: Experiment, number: int) -> DataConfig:
    """Return the data options of a phase: those of the experiment, with the phase's size of images if it has one.

    The size before a random crop is scaled alike.

    Args:
        number: Number of the phase, counted from 1.
    """
    data, phase = experiment.data, phases_of(experiment)[number - 1]
    if not phase.image_width:
        return data
    width, height = phase.image_width, phase.image_height
    return dataclasses.replace(
        data,
        image_width=width,
        image_height=height,
        load_width=round(data.load_width * width / data.image_width),
        load_height=round(data.load_height * height / data.image_height),
    )


def has_sizes(experiment: Experiment) -> bool:
    """Return whether a phase has a size of images of its own."""
    return any(phase.image_width for phase in experiment.phases)


def split_of(experiment: Experiment, number: int) -> Optional[Path]:
    """Return the split file of a phase, or None for all pairs.

    Args:
        number: Number of the phase, counted from 1.

    Raises:
        InputError: There is no such file; or `data.split` is a file although the phase names its own, or a folder
            although no phase does.
    """
    named, phase = experiment.data.split, phases_of(experiment)[number - 1]
    if not phase.split:
        if named and Path(named).is_dir():
            if any(other.split for other in experiment.phases):
                return None
            raise InputError(f"split={named}: a folder; a file with one stem on each line is needed")
        return Path(named) if named else None
    if named and not Path(named).is_dir():
        raise InputError(f"split={named}: not a folder; phase {number} needs a folder with its file {phase.split}")
    path = Path(named, phase.split)
    if not path.is_file():
        raise InputError(f"phase {number}: no split file {path}; give its folder by `--split DIR`")
    return path


def make_plan(experiment: Experiment, num_samples: Sequence[int]) -> List[PlannedPhase]:
    """Plan all phases of a run.

    Args:
        num_samples: Number of training samples of each phase.

    Raises:
        InputError: A batch is larger than its data set, or a weight names no loss term of this system.
    """
    plan: List[PlannedPhase] = []
    for number, (phase, size) in enumerate(zip(phases_of(experiment), num_samples), start=1):
        start = plan[-1].end if plan else 0
        plan.append(_plan_phase(experiment, phase, number, start, size))
    return plan


def _plan_phase(experiment: Experiment, phase: Phase, number: int, start: int, num_samples: int) -> PlannedPhase:
    run, optim, weights = experiment.run, experiment.config.optim, vars(experiment.config.weights)
    where = f" of phase {number}" if experiment.phases else ""
    batch_size = phase.batch_size or run.batch_size
    if num_samples < batch_size:
        raise InputError(f"{experiment.data.root}: {num_samples} samples{where}, fewer than batch_size={batch_size}")
    unknown = sorted(set(phase.weights) - set(weights))
    if unknown:
        raise InputError(f"weights.{unknown[0]}{where}: no such term; the terms are {', '.join(weights)}")
    return PlannedPhase(
        number=number,
        start=start,
        end=start + (phase.nimg or phase.epochs * num_samples),
        num_samples=num_samples,
        batch_size=batch_size,
        accumulate=phase.accumulate or run.accumulate,
        rates={"lr_G": phase.lr_G or optim.lr_G, "lr_D": phase.lr_D or optim.lr_D},
        weights={**weights, **phase.weights},
        size=(phase.image_width or experiment.data.image_width, phase.image_height or experiment.data.image_height),
    )


def require_even(plan: Sequence[PlannedPhase], nimg: int, num_processes: int) -> None:
    """Check that the batches of the remaining phases can be divided evenly among the processes.

    Args:
        nimg: Images that the run has trained on.

    Raises:
        InputError: A batch size is not a multiple of the number of processes.
    """
    for phase in plan:
        if phase.end > nimg and phase.batch_size % num_processes:
            where = f" of phase {phase.number}" if len(plan) > 1 else ""
            raise InputError(
                f"batch_size={phase.batch_size}{where}: cannot be divided among {num_processes} processes; "
                f"take a multiple of {num_processes}, or another --procs"
            )


def steps_from(plan: Sequence[PlannedPhase], nimg: int) -> Iterator[Step]:
    """Yield the remaining steps of a run after `nimg` images. The last step of a phase may be smaller."""
    for phase in plan:
        for first in range(max(phase.start, nimg), phase.end, phase.batch_size):
            yield Step(phase, first, min(phase.batch_size, phase.end - first))


def is_due(before: int, after: int, interval: int) -> bool:
    """Return whether a multiple of `interval` lies after `before` images and not after `after` images."""
    return after // interval > before // interval
