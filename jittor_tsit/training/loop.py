"""The one training loop."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any, Callable, Iterator

import jittor as jt

from jittor_tsit.config import RunConfig
from jittor_tsit.systems.base import System
from jittor_tsit.ticker import waiting_for
from jittor_tsit.training.checkpoint import Progress
from jittor_tsit.training.run_dir import RunLog

COMPILE_NOTE = "first step: compiling the model's operators, once, about 4 minutes on 2 cores"


def train(
    system: System,
    batches: Iterator[Any],
    run: RunConfig,
    log: RunLog,
    snapshot: Callable[[Progress], None],
    progress: Progress,
    asked_to_stop: Callable[[], bool],
) -> Progress:
    """Train to `run.total_nimg` images, going on from `progress`; returns how far it came.

    Args:
        batches: Endless, from image `progress.nimg` on.
        snapshot: Saves the sample grid and the checkpoint.
        asked_to_stop: Looked at between steps; the state is saved before the end.

    Raises:
        NonFiniteLoss: Training has gone astray; the last snapshot is from before.
    """
    is_saved = True  # a resumed run starts from a file, a new one from its seed
    while True:
        done = progress.nimg >= run.total_nimg or asked_to_stop()

        # Report. The only place that waits for values; what is saved is known to be finite.
        is_snapshot = (done or progress.nimg % run.snapshot_nimg == 0) and not is_saved
        if is_snapshot or progress.nimg % run.status_nimg == 0:
            log.status(progress.nimg)

        # Save.
        if is_snapshot:
            snapshot(progress)
        if done:
            return progress
        is_saved = False

        # Read.
        started = time.time()
        batch = next(batches)
        log.waited += time.time() - started

        # Step.
        system.set_learning_rate(progress.nimg)
        with nullcontext() if log.has_begun else waiting_for(COMPILE_NOTE):
            terms = system.train_step(batch, step=progress.num_steps)
            progress = Progress(progress.nimg + run.batch_size, progress.num_steps + 1)
            system.update_average(run.batch_size, progress.nimg)
            jt.sync_all()  # runs what is pending, so that no graph grows over steps
        log.add(terms, run.batch_size)
