"""The option `train --dry-run` for experiments with phases: print a plan with images, steps and expected hours.

The options themselves are printed by `run` of train.py.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import jittor as jt

from jittor_tsit.config import Experiment
from jittor_tsit.config.phases import PlannedPhase, make_plan, require_even, terms_of
from jittor_tsit.data.batches import batches, phased_samples
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.samples import Samples
from jittor_tsit.runs.records import read_records
from jittor_tsit.runtime.parallel import split_batch
from jittor_tsit.systems.build import build_system
from jittor_tsit.training.session import is_too_large, list_samples

TIMED_STEPS = 2  # number of timed steps, after the steps that compile
COLUMNS = "{:>5}  {:>19}  {:>7}  {:>8}  {:>9}  {:>7}  {:>7}  {:>9}"


def show_plan(experiment: Experiment, run_dir: Path, num_processes: int) -> None:
    """Print the plan to standard error.

    The speed is taken from the last report of the run. If there is no report, a few steps of each batch size are timed.

    Raises:
        InputError: Data or options are faulty.
    """
    system = build_system(experiment)
    samples = list_samples(experiment, system)
    plan = make_plan(experiment, [len(each) for each in samples])
    require_even(plan, 0, num_processes)
    speeds, source = _speeds(experiment, system, samples, plan, run_dir)
    lines = [COLUMNS.format("phase", "images", "samples", "steps", "batch", "lr_G", "lr_D", "hours")]
    for phase in plan:
        speed = speeds.get(_batch_of(phase))
        hours = f"{(phase.end - phase.start) / speed / 3600:.2f}" if speed else "unknown"
        batch = f"{phase.batch_size}" if phase.accumulate == 1 else f"{phase.batch_size} in {phase.accumulate}"
        span = f"{phase.start:,}-{phase.end:,}"
        rates = f"{phase.rates['lr_G']:g}", f"{phase.rates['lr_D']:g}"
        lines.append(COLUMNS.format(phase.number, span, phase.num_samples, phase.num_steps, batch, *rates, hours))
    print("\n".join([*lines, f"hours: {source}"]), file=sys.stderr)


def _batch_of(phase: PlannedPhase) -> Tuple[int, int]:
    return phase.batch_size, phase.accumulate


def _speeds(
    experiment: Experiment, system, samples: List[Samples], plan: Sequence[PlannedPhase], run_dir: Path
) -> Tuple[Dict[Tuple[int, int], float], str]:
    """Return the images per second of each (batch size, number of parts), and in words where the figures are from.

    They are the speed of the run's last report, or measured now, or empty for a large model without a GPU.
    """
    recorded = last_speed(run_dir)
    if recorded:
        return {_batch_of(phase): recorded for phase in plan}, f"at {recorded:.2f} img/s, the last report in {run_dir}"
    if is_too_large(system):
        return {}, "not measured: without a GPU one step of this model takes minutes"
    system.prepare_training(terms_of(plan))
    first_of_kind = {_batch_of(phase): phase for phase in reversed(plan)}
    speeds = {kind: _measure(experiment, system, samples, phase) for kind, phase in first_of_kind.items()}
    return speeds, f"from {TIMED_STEPS} steps of each batch size, timed now in one process"


def last_speed(run_dir: Path) -> Optional[float]:
    """Return the images per second in the newest record of a run's stats.jsonl; None if there is none."""
    speeds = [record.get("img_per_s") for record in read_records(run_dir / "stats.jsonl")]
    return next((speed for speed in reversed(speeds) if isinstance(speed, float) and speed > 0), None)


def _measure(experiment: Experiment, system, samples: List[Samples], phase: PlannedPhase) -> float:
    """Train some steps with the batches of one phase, and return the images per second. It changes the weights."""
    size, (start, cycle) = phase.batch_size, system.cycle
    timed = max(TIMED_STEPS, cycle)
    pieces = (split_batch(first, size, phase.accumulate) for first in range(0, (cycle + timed) * size, size))
    phased = phased_samples([samples[phase.number - 1]], [0], system.wants_other)
    incoming = list(
        batches(system.batch_kind.make_batch, phased, label_maps_of(experiment.data).num_ids, pieces, workers=1)
    )
    system.begin(phase, 0)
    for number, parts in enumerate(incoming):
        if number == cycle:  # now all operators of all kinds of steps are compiled
            started = time.time()
        system.train_step(parts, start + number)
        jt.sync_all(True)  # executes pending operators after every step, as the training loop does
    return timed * size / (time.time() - started)
