"""Lines of the log that say what a run is, where it starts, and what each phase trains on."""

from __future__ import annotations

from typing import Sequence

from jittor_tsit.config import Experiment
from jittor_tsit.config.phases import PlannedPhase, has_sizes, split_of
from jittor_tsit.optim import count_parameters
from jittor_tsit.runs.checkpoint import Progress
from jittor_tsit.runs.log import describe_rates
from jittor_tsit.runs.schedule import end_of_schedule, start_of_decay
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.base import System


def describe(experiment: Experiment, system: System, plan: Sequence[PlannedPhase], progress: Progress) -> str:
    """Describe the run in one line."""
    sizes = ", ".join(f"{name} {count_parameters(net) / 1e6:.1f} M" for name, net in system.networks.items())
    start = f"going on from image {progress.nimg}" if progress.nimg else "from the start"
    phases = f" in {len(plan)} phases" if len(plan) > 1 else ""
    helpers = f", {parallel.num_processes()} processes" if parallel.num_processes() > 1 else ""
    ends = ", which is its end; a larger total_nimg goes on" if progress.nimg == plan[-1].end else ""
    return (
        f"{experiment.system} ({sizes} parameters) on {plan[0].num_samples} samples, "
        f"{start} to {plan[-1].end}{phases}{helpers}{ends}"
    )


def describe_phase(experiment: Experiment, plan: Sequence[PlannedPhase], phase: PlannedPhase) -> str:
    """Describe a phase in one line: its images, samples, split, batch size and learning rates."""
    name = f"phase {phase.number} of {len(plan)}" if len(plan) > 1 else "training"
    split = split_of(experiment, phase.number)
    samples = f"{phase.num_samples} samples of {split or experiment.data.root}"
    parts = f" in {phase.accumulate} parts" if phase.accumulate > 1 else ""
    size = " of {}x{}".format(*phase.size) if has_sizes(experiment) else ""
    rates = describe_rates({name[len("lr_") :]: rate for name, rate in phase.rates.items()})
    return (
        f"{name}: images {phase.start} to {phase.end}{size}, {samples}, batch {phase.batch_size}{parts}, "
        f"{rates}{_describe_decay(experiment, phase)}"
    )


def _describe_decay(experiment: Experiment, phase: PlannedPhase) -> str:
    optim = vars(experiment.config.optim)
    if start_of_decay(optim) >= phase.end:
        return ""
    return f", falling from image {start_of_decay(optim)} to 0 after {end_of_schedule(optim)}"
