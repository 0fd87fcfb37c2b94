"""One training run from its options to its end: prepare data and networks, resume or start, and train."""

from __future__ import annotations

import dataclasses
import json
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Callable, Generator, List, Optional, Sequence, Union

import jittor as jt

from data_tools.basics.files import write_atomic
from jittor_tsit.config import DataConfig, Experiment, RunConfig, to_json
from jittor_tsit.config.experiment_files import shipped_experiment
from jittor_tsit.config.phases import PlannedPhase, make_plan, require_even, steps_from, terms_of
from jittor_tsit.data.batches import batches, phased_samples
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.read_through import CHECKED
from jittor_tsit.data.sample_list import write_sample_list
from jittor_tsit.data.samples import Samples
from jittor_tsit.data.unreadable import SkipCounter
from jittor_tsit.evaluation.held_out import make_evaluation
from jittor_tsit.layers.precision import FLOAT32
from jittor_tsit.optim import count_parameters
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, check_arrays, checkpoint_path
from jittor_tsit.runs.demo_model import weights_file
from jittor_tsit.runs.events import Events
from jittor_tsit.runs.initial import read_initial
from jittor_tsit.runs.loading import with_current_names
from jittor_tsit.runs.lock import lock_run_dir
from jittor_tsit.runs.log import RunLog, SilentLog
from jittor_tsit.runs.own_options import OPTIONS
from jittor_tsit.runs.plots import HOW_TO_GET_PLOTS, can_plot
from jittor_tsit.runs.same_run import open_run_dir
from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.status_line import waiting_for
from jittor_tsit.systems.base import System
from jittor_tsit.systems.build import build_system
from jittor_tsit.training.descriptions import describe, describe_phase
from jittor_tsit.training.interrupt import stop_between_steps
from jittor_tsit.training.loop import train
from jittor_tsit.training.samples_of_run import grid_samples, read_samples, with_balance, with_cache
from jittor_tsit.training.snapshots import Snapshots

# Largest network that a CPU can train. quickstart has 7 million parameters, landscape_cpu 21, the published model 335.
CPU_PARAMETERS = 50e6


def run_training(experiment: Experiment, run_dir: Path) -> int:
    """Train an experiment to its end or until Ctrl-C. Resume if `run_dir` holds a checkpoint of the same run.

    Returns:
        The exit status of the command: 0, or 130 after Ctrl-C.

    Raises:
        InputError: Data or options are faulty, or `run_dir` belongs to another run or is locked by another training.
    """
    with parallel.on_all_processes(lambda: lock_run_dir(run_dir, say) if parallel.rank() == 0 else nullcontext()):
        return _train_in(run_dir, experiment)


def _train_in(run_dir: Path, experiment: Experiment) -> int:
    say(f"reading {experiment.data.root}")
    with waiting_for("building the networks"):
        system = build_system(experiment)
    experiment = dataclasses.replace(experiment, data=system.batch_kind.complete_options(experiment.data))
    run, data = experiment.run, experiment.data
    samples = parallel.on_all_processes(read_samples, experiment, system, run_dir / CHECKED, say)
    plan = parallel.on_all_processes(make_plan, experiment, [len(each) for each in samples])
    options = {**json.loads(to_json(experiment)), "samples": [each.digest() for each in samples]}
    require_same_run(options)
    newest = parallel.on_all_processes(
        lambda: open_run_dir(run_dir, options, plan, say, samples) if parallel.rank() == 0 else None
    )
    with waiting_for("preparing the networks"):
        parallel.on_all_processes(system.prepare_training, terms_of(plan))
        parallel.on_all_processes(system.set_precision, run.precision)
        jt.sync_all()  # execute the pending draws of D's initial weights here, on all processes at the same point
        notes = parallel.on_all_processes(begin_networks, system, options, newest, run_dir)
        progress = start_from(system, newest, run_dir)
    parallel.on_all_processes(require_even, plan, progress.nimg, parallel.num_processes())
    listed, samples = samples, with_balance(with_cache(samples, data, say), data, say)
    report_limits(system, run)
    if parallel.rank() == 0:
        write_atomic(run_dir / OPTIONS, json.dumps(options, indent=2).encode() + b"\n")
        write_sample_list(run_dir, listed, options["samples"])
    log = open_log(run, run_dir, plan[-1].end, progress.nimg)
    for line in (describe(experiment, system, plan, progress), *notes):
        log.line(line)
    starts = [phase.start for phase in plan]
    incoming = read_batches(system, data, samples, plan, progress.nimg, log.line)
    try:
        with stop_between_steps() as asked_to_stop:
            evaluation = make_evaluation(system, experiment, plan[-1].end, run_dir, log.line, log.events)
            if evaluation and newest:
                evaluation.catch_up(progress, checkpoint_path(run_dir, progress.nimg))
            snapshot = Snapshots(
                system, grid_samples(experiment, samples), run, options, run_dir, evaluation, starts, log.events
            )
            steps, announce = steps_from(plan, progress.nimg), partial(describe_phase, experiment, plan)
            progress = train(system, steps, incoming, run, log, snapshot, progress, asked_to_stop, announce)
    finally:
        incoming.close()
        log.close()
    if progress.nimg < plan[-1].end:
        say(f"stopped at {progress.nimg} of {plan[-1].end} images; run the same command again to resume")
        parallel.gather_texts("stopped")  # mpirun ends the other processes when the first one returns this status
        return 130  # the shells' custom for Ctrl-C
    say(f"done: {run_dir} holds the checkpoint, the sample grids and the log")
    return 0


def report_limits(system: System, run: RunConfig) -> None:
    """Print what this machine lacks for the run: a GPU for a large model or for 16 bits, and a library for figures."""
    if is_too_large(system):
        small = shipped_experiment("landscape_cpu")
        say(f"no GPU: a model of this size takes minutes a step on a CPU; --experiment {small} is made for one")
    if run.precision != FLOAT32 and not jt.flags.use_cuda:
        say(f"precision={run.precision}: a CPU computes in float32 and rounds; results are the same, but not faster")
    if not can_plot():
        say(HOW_TO_GET_PLOTS)


def open_log(run: RunConfig, run_dir: Path, total_nimg: int, nimg: int) -> Union[RunLog, SilentLog]:
    """Return the log of a run: on process 0 one that writes, on all others one that does not.

    Args:
        total_nimg: Number of images of the whole run.
        nimg: Number of images already seen.
    """
    if parallel.rank() > 0:
        return SilentLog()
    return RunLog(run_dir, total_nimg, nimg, Events(run_dir, nimg) if run.tensorboard else None)


def read_batches(
    system: System,
    data: DataConfig,
    samples: Sequence[Samples],
    plan: Sequence[PlannedPhase],
    nimg: int,
    warn: Callable[[str], None],
) -> Generator[List[Any], None, None]:
    """Start the processes that read samples, and yield for each remaining step the batches of this process.

    Args:
        samples: The training samples of each phase.
        nimg: Number of images already seen.
        warn: Called with a line of text for each sample that cannot be read and is skipped.
    """
    have_sizes = len({phase.size for phase in plan}) > 1
    phased = phased_samples(samples, [phase.start for phase in plan], system.wants_other, have_sizes)
    pieces = (parallel.split_batch(step.first, step.size, step.phase.accumulate) for step in steps_from(plan, nimg))
    skipped = SkipCounter(data.max_skipped, warn)
    num_ids = label_maps_of(data).num_ids
    return batches(system.batch_kind.make_batch, phased, num_ids, pieces, data.workers, data.max_skipped, skipped)


def is_too_large(system: System) -> bool:
    """Return whether training would take too long here: there is no GPU, and a network of the model is large."""
    sizes = [count_parameters(net) for name, net in system.networks.items() if name in system.inference_networks]
    return not jt.flags.use_cuda and max(sizes) > CPU_PARAMETERS


def say(text: str) -> None:
    """Print one line for the user, on process 0 only."""
    if parallel.rank() == 0:
        print(text, file=sys.stderr)


def require_same_run(options: dict) -> None:
    """Check that all processes have the same options and the same data.

    Raises:
        CommonError: They differ. The message names the first part that differs.
    """
    parts = {"options": {**options, "samples": None}, "data": options["samples"]}
    places = {"root": None, "second_root": None, "cache": None}  # paths may differ between machines
    parts["options"]["data"] = {**options["data"], **places}
    parallel.require_same({name: json.dumps(part, sort_keys=True) for name, part in parts.items()}, "inputs")


def begin_networks(system: System, options: dict, newest: Optional[Checkpoint], run_dir: Path) -> List[str]:
    """Load the initial weights of a new run (--from-weights), if any, into the networks of process 0.

    Args:
        options: Options of the run in JSON form.
        newest: Checkpoint from which the run resumes; None for a new run.

    Returns:
        Lines for the log.

    Raises:
        InputError: See `read_initial`.
    """
    path = options["run"]["initial"]
    if not path or parallel.rank() > 0:
        return []
    if newest is not None:
        return [f"{run_dir} goes on from its own checkpoint; {path} was for its beginning and is not read"]
    initial = read_initial(weights_file(path), system, options)
    system.put_arrays(initial.arrays)
    return initial.notes


def start_from(system: System, newest: Optional[Checkpoint], run_dir: Path) -> Progress:
    """Load the state of a checkpoint on process 0, and copy it to all other processes.

    Args:
        newest: Checkpoint from which the run resumes; None for a new run. Only that of process 0 counts.

    Returns:
        The progress at the start.
    """
    progress = newest.progress if newest else Progress(0, 0)
    progress = Progress(*json.loads(parallel.gather_texts(json.dumps(progress))[0]))
    state = system.state_dict()
    if newest is not None:
        path = checkpoint_path(run_dir, progress.nimg)
        arrays = with_current_names(newest.experiment, newest.arrays)
        check_arrays(path, arrays, {name: var.shape for name, var in state.items()})
        system.load_state_dict(arrays, progress.num_steps)
    if parallel.num_processes() > 1:
        arrays = {name: parallel.broadcast_array(var.numpy()) for name, var in state.items()}
        system.load_state_dict(arrays, progress.num_steps)
    return progress
