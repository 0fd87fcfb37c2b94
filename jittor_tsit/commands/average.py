"""The command `average`: average the weights of several checkpoints (stochastic weight averaging, arXiv 1803.05407)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.invocation import typed
from data_tools.basics.names import quantity
from data_tools.basics.progress import progress_bar
from jittor_tsit.commands.path_checks import FILE, require_checkpoints, require_run, require_writable
from jittor_tsit.commands.shared_options import add_command, positive_number
from jittor_tsit.runs.checkpoint import Checkpoint, check_arrays, checkpoint_paths, save_checkpoint
from jittor_tsit.runtime.import_jittor import start_jittor

POWER_ITERATIONS = 20  # for the singular vectors of the averaged weights; about ten already reach an error of 1e-6


def add(commands) -> None:
    """Add the command `average` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "average",
        run,
        "average the weights of several checkpoints",
        "python -m jittor_tsit average --run-dir runs/mine --last 3",
        check=check,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="checkpoints, the newest last")
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="average the last checkpoints of this run")
    parser.add_argument(
        "--last", type=positive_number, default=3, metavar="N", help="number of checkpoints of the run; default: 3"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the averaged checkpoint; default: average-… beside the last one"
    )


def check(args: argparse.Namespace) -> None:
    """Check the paths that the options name.

    Raises:
        InputError: One is missing or not a checkpoint, or the result cannot be written.
    """
    if bool(args.files) == bool(args.run_dir):
        raise InputError("average: name either checkpoint files or a run by --run-dir")
    require_checkpoints(FILE, args.files)
    require_run("--run-dir", args.run_dir)
    if args.out:
        require_writable("--out", args.out)


def run(args: argparse.Namespace) -> int:
    """Average the weights of the checkpoints that the options name, and write the result. Return the exit status."""
    start_jittor(use_gpu=False)
    return run_average(args.files, args.run_dir, args.last, args.out)


def run_average(files: Sequence[Path], run_dir: Optional[Path], last: int, out: Optional[Path]) -> int:
    """Write the average of the given checkpoints, or of the last ones of a run. Return the exit status.

    Raises:
        InputError: There are fewer than two checkpoints, they are of different models, or one is damaged. Nothing is
            written.
    """
    paths = list(files) if files or run_dir is None else checkpoint_paths(run_dir)[-last:]
    if len(paths) < 2:
        where = f"{run_dir}: holds {quantity(len(paths), 'checkpoint')}" if not files else f"{paths[0]}: one checkpoint"
        raise InputError(f"{where}; an average needs at least two (a run keeps `keep_snapshots` of them)")
    target = out or paths[-1].with_name(paths[-1].name.replace("state-", "average-"))
    if target in paths or target.suffix != ".safetensors":
        raise InputError(f"--out {target}: must end in .safetensors and must not be one of the averaged files")
    try:
        average = average_of(paths)
    except InputError as error:
        advice = "" if files else "; to average the others, name them in place of --run-dir"
        raise InputError(f"{error}{advice}") from None
    save_checkpoint(target, average)
    print(f"{target}: the average of {', '.join(path.name for path in paths)}; {typed('test')} --checkpoint {target}")
    return 0


def average_of(paths: Sequence[Path]) -> Checkpoint:
    """Average weights and running statistics. Take options and progress from the last file.

    Raises:
        InputError: A checkpoint is damaged or of another model.
    """
    from jittor_tsit.runs.loading import load_networks

    newest = load_networks(paths[-1])
    totals = {name: array.astype(np.float64) for name, array in newest.arrays.items()}
    for path in progress_bar(paths[:-1], unit="file", desc="averaging", leave=False):
        other = load_networks(path)
        if any(other.experiment.get(part) != newest.experiment.get(part) for part in ("system", "config")):
            raise InputError(f"{path}: was trained with other options than {paths[-1].name}")
        check_arrays(path, other.arrays, {name: array.shape for name, array in totals.items()})
        for name, array in other.arrays.items():
            totals[name] += array
    arrays = {name: total / len(paths) for name, total in totals.items()}
    renew_vectors(arrays, newest.arrays, paths[-1])
    return Checkpoint(
        {name: array.astype(np.float32) for name, array in arrays.items()}, newest.progress, newest.experiment
    )


def renew_vectors(arrays: Dict[str, np.ndarray], newest: Dict[str, np.ndarray], path: Path) -> None:
    """Replace the averaged singular vectors of spectral norm by the singular vectors of the averaged weights.

    Args:
        arrays: Averaged arrays, changed in place.
        newest: Arrays of the newest checkpoint, whose vectors start the power iteration.
        path: Path of the newest checkpoint, for error messages.

    Raises:
        InputError: A vector has no weight with the same number of rows.
    """
    layers: List[str] = [name[: -len(".u")] for name in arrays if name.endswith(".u")]
    for layer in layers:
        weight, u = arrays.get(f"{layer}.weight"), newest[f"{layer}.u"].astype(np.float64)
        if weight is None or weight.shape[:1] != u.shape:
            raise InputError(f"{path}: {layer}.u has shape {u.shape}, and there is no weight of as many rows")
        matrix = weight.reshape(len(weight), -1)
        for _ in range(POWER_ITERATIONS):
            v = matrix.T @ u
            v /= np.linalg.norm(v)
            u = matrix @ v
            u /= np.linalg.norm(u)
        arrays[f"{layer}.u"], arrays[f"{layer}.v"] = u, v
