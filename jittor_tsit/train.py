"""`train`: from an experiment and a data set to checkpoints, going on where an earlier run stopped."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Optional

import jittor as jt
import numpy as np
from tqdm import tqdm

from data_tools.checking import check_pairs
from data_tools.classes import colorize
from data_tools.errors import InputError
from data_tools.files import write_atomic
from data_tools.image_io import read_photo
from jittor_tsit.config import Experiment, RunConfig, override, to_json
from jittor_tsit.data import (
    PairedBatch,
    UnpairedBatch,
    one_hot,
    paired_batches,
    paired_samples,
    to_image,
    to_pixels,
    unpaired_batches,
    unpaired_samples,
)
from jittor_tsit.experiment_files import load_experiment, shipped_experiment
from jittor_tsit.noise import Noise
from jittor_tsit.optim import count_parameters
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.base import System
from jittor_tsit.training.checkpoint import (
    Checkpoint,
    Progress,
    check_arrays,
    checkpoint_path,
    load_newest,
    prune,
    remove_torsos,
    save_checkpoint,
)
from jittor_tsit.training.interrupt import stopping_gently
from jittor_tsit.training.loop import train
from jittor_tsit.training.run_dir import RunLog, require_finite, save_grid

# Options that may change when a run goes on; all others would make it another run.
# Where files lie may change too: what is in them is compared by `samples`, a digest of the set.
FREE_OPTIONS = (
    "run.total_nimg", "run.status_nimg", "run.snapshot_nimg", "run.keep_snapshots", "run.grid_rows",
    "data.root", "data.split", "data.workers", "config.perceptual_weights",
)  # fmt: skip

CPU_PARAMETERS = 50e6  # of G; quickstart has 5 million, the CPU-size experiment 21 million, the published model 335


def configure(experiment_file: Path, data: Optional[Path], assignments: list[str]) -> Experiment:
    """The experiment of a file, with the data folder and the overrides of the command line."""
    experiment = load_experiment(experiment_file)
    if data is not None:
        root = str(data.absolute())  # so that `test` finds it from any folder
        experiment = dataclasses.replace(experiment, data=dataclasses.replace(experiment.data, root=root))
    experiment = override(experiment, assignments)
    if experiment.system not in SYSTEMS:
        raise InputError(f"{experiment_file}: no system {experiment.system}; there are {', '.join(SYSTEMS)}")
    return experiment


def run_training(experiment: Experiment, run_dir: Path) -> int:
    """Train to the end, or to the first Ctrl-C; returns the exit status.

    Raises:
        InputError: Faulty data or options, or a run directory of another run.
    """
    run = experiment.run
    say(f"reading {experiment.data.root}")
    system = build_system(experiment)
    samples = read_samples(experiment, system.batch_kind)
    options = {**json.loads(to_json(experiment)), "samples": samples.digest()}
    newest = open_run_dir(run_dir, options)
    system.prepare_training()
    progress = resume(system, newest, run_dir) if newest else Progress(0, 0)
    write_atomic(run_dir / "options.json", json.dumps(options, indent=2).encode() + b"\n")

    if not jt.flags.use_cuda and count_parameters(system.networks["G"]) > CPU_PARAMETERS:
        small = shipped_experiment("landscape_cpu")
        say(f"no GPU: a model of this size takes minutes a step on a CPU; --experiment {small} is made for one")
    log = RunLog(run_dir, run.total_nimg, progress.nimg)
    log.line(describe(experiment, system, len(samples), progress))
    make_batches = {"paired": paired_batches, "unpaired": unpaired_batches}[system.batch_kind]
    batches = make_batches(samples, run.batch_size, progress.nimg, experiment.data.workers)
    try:
        with stopping_gently() as asked_to_stop:
            snapshot = Snapshots(system, samples, run, options, run_dir)
            progress = train(system, batches, run, log, snapshot, progress, asked_to_stop)
    finally:
        batches.close()
        log.close()
    if progress.nimg < run.total_nimg:
        say(f"stopped at {progress.nimg} of {run.total_nimg} images; the same command goes on from there")
        return 130  # the shells' custom for Ctrl-C
    say(f"done: {run_dir} holds the checkpoint, the sample grids and the log")
    return 0


def say(text: str) -> None:
    """One line for the person at the screen."""
    print(text, file=sys.stderr)


def build_system(experiment: Experiment) -> System:
    """The system with seeded initial weights."""
    data, run = experiment.data, experiment.run
    jt.set_global_seed(run.seed)
    kind = SYSTEMS[experiment.system]
    return kind(experiment.config, data.num_classes, data.image_height, data.image_width, run.seed)


def read_samples(experiment: Experiment, batch_kind: str):
    """The training samples, all of them read once and found good.

    Raises:
        InputError: Names the first faulty pair and their number.
    """
    data, run = experiment.data, experiment.run
    if batch_kind == "unpaired":
        samples = unpaired_samples(data, run.seed)
        for path in tqdm([*samples.photos_a, *samples.photos_b], unit="photo", desc="check", leave=False):
            read_photo(path)
    else:
        samples = paired_samples(data, run.seed)
        problems = check_pairs(samples.pairs, data.num_classes)
        if problems:
            more = (
                f" ({len(problems)} faulty pairs; `python -m data_tools check` lists all)" if len(problems) > 1 else ""
            )
            raise InputError(f"{problems[0][1]}{more}")
    if len(samples) < run.batch_size:
        raise InputError(f"{data.root}: {len(samples)} samples, fewer than batch_size={run.batch_size}")
    return samples


def open_run_dir(run_dir: Path, options: dict) -> Optional[Checkpoint]:
    """Make the folder, or find the newest checkpoint in it.

    Args:
        options: The experiment as JSON has it, and the digest of its samples.

    Raises:
        InputError: It holds a run with other options or on other data, or nothing but damaged checkpoints.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    remove_torsos(run_dir)
    newest = load_newest(run_dir, say)
    if newest is not None:
        differences = differing_options(newest.experiment, options)
        if differences:
            raise InputError(
                f"{run_dir}: holds a run with other options (there, here): {'; '.join(differences)}; "
                "repeat its options, or choose another --run-dir"
            )
    return newest


def differing_options(there: dict, here: dict) -> list[str]:
    """`name: there, here` of all options that differ, but for the free ones."""
    there, here = flatten(there), flatten(here)
    names = [name for name in sorted({**there, **here}) if name not in FREE_OPTIONS]
    return [f"{name}: {there.get(name)}, {here.get(name)}" for name in names if there.get(name) != here.get(name)]


def flatten(options: dict, prefix: str = "") -> dict:
    """Nested dicts as one, with dotted names."""
    flat = {}
    for name, value in options.items():
        flat.update(flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value})
    return flat


def resume(system: System, newest: Checkpoint, run_dir: Path) -> Progress:
    """Put a checkpoint's arrays into the system."""
    path = checkpoint_path(run_dir, newest.progress.nimg)
    check_arrays(path, newest.arrays, {name: var.shape for name, var in system.state_dict().items()})
    system.load_state_dict(newest.arrays, newest.progress.num_steps)
    return newest.progress


def describe(experiment: Experiment, system: System, num_samples: int, progress: Progress) -> str:
    """What is about to happen, in a line."""
    sizes = ", ".join(f"{name} {count_parameters(net) / 1e6:.1f} M" for name, net in system.networks.items())
    start = f"going on from image {progress.nimg}" if progress.nimg else "from the start"
    return f"{experiment.system} ({sizes} parameters) on {num_samples} samples, {start} to {experiment.run.total_nimg}"


class Snapshots:
    """Writes the sample grid and the checkpoint of a moment.

    The grid shows the same inputs every time: input, ours, real.
    """

    def __init__(self, system: System, samples, run: RunConfig, options: dict, run_dir: Path):
        self.system, self.run, self.options, self.run_dir = system, run, options, run_dir
        self.batch, self.before, self.after = grid_inputs(samples, run.grid_rows, system.batch_kind)

    def __call__(self, progress: Progress) -> None:
        arrays = {name: var.numpy() for name, var in self.system.state_dict().items()}
        require_finite(arrays, progress.nimg)
        images = to_pixels(self.system.generate(self.batch, Noise(self.run.seed)))
        save_grid(self.run_dir / f"grid-{progress.nimg:09d}.png", [self.before, images, self.after])
        path = checkpoint_path(self.run_dir, progress.nimg)
        save_checkpoint(path, Checkpoint(arrays, progress, self.options))
        prune(path, self.run.keep_snapshots)


def grid_inputs(samples, num_rows: int, batch_kind: str):
    """A batch spread over the set, and the pictures beside it: inputs [N, H, W, 3], photos [N, H, W, 3]."""
    positions = np.linspace(0, len(samples) - 1, min(num_rows, len(samples))).astype(int)
    first, second = (np.stack(arrays) for arrays in zip(*(samples.at(position) for position in positions)))
    index = range(len(positions))
    if batch_kind == "unpaired":
        return UnpairedBatch(to_image(first), to_image(second), index), first, second
    colours = np.stack([colorize(label) for label in second])
    return PairedBatch(one_hot(second, samples.num_classes), None, index), colours, first
