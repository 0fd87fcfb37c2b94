"""The training loop of all systems."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any, Callable, Iterator, List, Union

import jittor as jt

from jittor_tsit.config import RunConfig
from jittor_tsit.config.phases import PlannedPhase, Step, is_due
from jittor_tsit.runs.checkpoint import Progress
from jittor_tsit.runs.log import RunLog, SilentLog
from jittor_tsit.runtime.status_line import waiting_for
from jittor_tsit.systems.base import System
from jittor_tsit.training.guard import Guard

COMPILE_NOTE = "first step: compiling the model's operators, once, about 4 minutes on 2 cores"


def train(
    system: System,
    steps: Iterator[Step],
    batches: Iterator[List[Any]],
    run: RunConfig,
    log: Union[RunLog, SilentLog],
    snapshot: Callable[[Progress], None],
    progress: Progress,
    asked_to_stop: Callable[[], bool],
    describe_phase: Callable[[PlannedPhase], str],
) -> Progress:
    """Train all `steps`, starting from `progress`.

    Args:
        steps: The remaining steps of the run.
        batches: For each step the batches that this process computes.
        snapshot: Saves the sample grid and the checkpoint.
        asked_to_stop: Called after each step. If it returns True, the state is saved and training stops.
        describe_phase: Returns the line for the log with which a phase begins.

    Returns:
        The progress at the end.

    Raises:
        NonFiniteLoss: A loss, gradient or weight is not finite. The last checkpoint is older and valid.
    """
    guard, phase = Guard(system, run.on_nan), None
    for step in steps:
        # Announce.
        if step.phase is not phase:
            phase = step.phase
            log.line(describe_phase(phase))

        # Read.
        started = time.time()
        parts = next(batches)
        log.waited += time.time() - started

        # Step.
        system.begin(step.phase, progress.nimg)
        guard.begin_step()
        before = progress.nimg
        with nullcontext() if log.has_begun else waiting_for(COMPILE_NOTE):
            terms = system.train_step(parts, step=progress.num_steps)
            progress = Progress(before + step.size, progress.num_steps + 1)
            fault = guard.check_step(progress.nimg)
            if not fault:
                system.update_average(step.size, progress.nimg)
            jt.sync_all()  # executes pending operators, so that no graph grows over several steps
        if fault:
            log.skip(fault, progress.nimg)
        else:
            log.add(terms, progress.nimg)

        # Report. `guard.check` comes first, so that only finite states are saved.
        stops = asked_to_stop()
        is_snapshot = stops or progress.nimg == step.phase.end or is_due(before, progress.nimg, run.snapshot_nimg)
        if is_snapshot or is_due(before, progress.nimg, run.status_nimg):
            guard.check()
            log.status(progress.nimg, {name: optimizer.lr for name, optimizer in system.optimizers.items()})

        # Save.
        if is_snapshot:
            snapshot(progress)
        if stops:
            break
    return progress
