"""The command `train`: train a model, or resume a run that was stopped.

Its flags are below. Options given as `field=value` are in config/options.py and in the `Config` of each system.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

from data_tools.basics.errors import InputError
from jittor_tsit.commands.shared_options import add_command, add_device, add_processes
from jittor_tsit.config import ON_NAN, Experiment
from jittor_tsit.config.experiment_files import Runs, load_experiment, load_runs, shipped_experiment
from jittor_tsit.config.overrides import override
from jittor_tsit.runtime.import_jittor import start_jittor

RUNS = Path("runs")
PLACES = ("root", "second_root", "split", "cache")  # data options that are found again from any working folder
SAMPLE_SET = Path("data/sample")  # rendered if --data is not given
SAMPLE_PAIRS, SAMPLE_LABELS, SAMPLE_SEED = 64, 16, 0


def add(commands) -> None:
    """Add the command `train` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "train",
        run,
        "train a model; run the same command again to resume, or only with --run-dir DIR",
        "python -m jittor_tsit train --data data/landscape --run-dir runs/mine width=32 weights.vgg=10\n"
        "Any option of the experiment can be set as field=value; --dry-run lists them.",
        accepts="",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="data set with train/imgs/*.jpg and train/labels/*.png; default: a rendered sample set",
    )
    parser.add_argument(
        "--experiment",
        type=Path,
        metavar="FILE",
        help="experiment file; default: tsit_landscape, or quickstart without --data",
    )
    parser.add_argument(
        "--split",
        type=Path,
        metavar="PATH",
        help="file with the stems to train on, one a line; or the folder with such files of the phases; default: all",
    )
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="folder of the results; default: runs/<experiment>")
    parser.add_argument(
        "--from-weights",
        type=Path,
        metavar="FILE",
        help="checkpoint of train, convert or average with the initial weights of a new run, without its optimizers",
    )
    parser.add_argument(
        "--on-nan",
        choices=ON_NAN,
        help="if a loss or a gradient is not finite: stop, or skip the step; default: the experiment's option, stop",
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="also write event files for TensorBoard into the run's folder"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print all options and the plan of the phases, without training"
    )
    add_processes(parser)
    add_device(parser)


def run(args: argparse.Namespace) -> int:
    """Train with parsed options. Render the sample set first if no data set is given. Return the exit status."""
    name = "quickstart" if args.data is None else "tsit_landscape"
    experiment_file = args.experiment or shipped_experiment(name)
    if args.data is not None and not args.data.is_dir():
        raise InputError(f"--data {args.data}: no such folder")
    start_jittor(args.device != "cpu")
    from jittor_tsit.commands.dry_run import show_plan
    from jittor_tsit.config import to_json
    from jittor_tsit.runs.own_options import own_experiment
    from jittor_tsit.runtime.parallel import on_first_process
    from jittor_tsit.training.session import run_training

    options = {"split": args.split, "on_nan": args.on_nan, "initial": args.from_weights}
    options["tensorboard"] = args.tensorboard
    overrides = [*args.overrides, *(f"{name}={value}" for name, value in options.items() if value)]
    run_dir = args.run_dir or RUNS / experiment_file.stem
    own = own_experiment(run_dir) if args.run_dir and not args.experiment else None
    runs = load_runs(experiment_file) if own is None else None
    if runs:
        data = args.data or SAMPLE_SET
        if not args.data and not args.dry_run:
            on_first_process(render_sample_set)
        return run_each(runs, data.absolute(), run_dir, overrides, args.dry_run)
    loaded = own or load_experiment(experiment_file)
    experiment = adapt(loaded, args.data, overrides)
    if not experiment.data.root:
        experiment = adapt(loaded, SAMPLE_SET, overrides)
        if not args.dry_run:
            on_first_process(render_sample_set)
    if own and not Path(experiment.data.root).is_dir():
        raise InputError(f"{experiment.data.root}: the data set of {run_dir} is not there; --data DIR says where it is")
    if args.dry_run:
        print(to_json(experiment), end="")
        if experiment.phases:
            show_plan(experiment, run_dir, args.procs)
        return 0
    return run_training(experiment, run_dir)


def render_sample_set() -> None:
    """Render the sample set, landscapes with label maps, into its folder. Keep the files that exist."""
    from data_tools.rendering.write_set import write_set

    print(f"no --data: rendering {SAMPLE_PAIRS} landscapes to {SAMPLE_SET}", file=sys.stderr)
    write_set(SAMPLE_SET, SAMPLE_PAIRS, SAMPLE_SEED, test_count=SAMPLE_LABELS)


def configure(experiment_file: Path, data: Optional[Path], assignments: List[str]) -> Experiment:
    """Load an experiment file and apply the data folder and the overrides of the command line.

    Raises:
        InputError: The file or an override is faulty.
    """
    return adapt(load_experiment(experiment_file), data, assignments)


def adapt(experiment: Experiment, data: Optional[Path], assignments: List[str]) -> Experiment:
    """Apply the data folder and the overrides of the command line to an experiment. Make folders absolute.

    Raises:
        InputError: An override is faulty, or there is no such system.
    """
    from jittor_tsit.systems import SYSTEMS

    if data is not None:
        experiment = dataclasses.replace(experiment, data=dataclasses.replace(experiment.data, root=str(data)))
    experiment = override(experiment, assignments)
    places: Dict[str, Any] = {name: getattr(experiment.data, name) for name in PLACES}
    places = {name: str(Path(place).absolute()) for name, place in places.items() if place}
    experiment = dataclasses.replace(experiment, data=dataclasses.replace(experiment.data, **places))
    if experiment.system not in SYSTEMS:
        raise InputError(f"no system {experiment.system}; there are {', '.join(SYSTEMS)}")
    return experiment


def run_each(runs: Runs, data: Path, run_dir: Path, assignments: List[str], only_shows: bool) -> int:
    """Train all experiments of a file that defines several, each in its own folder. Return the exit status.

    Args:
        runs: The experiments of the file.
        only_shows: Whether to print the options without training.

    Raises:
        InputError: See `run_training`.
    """
    from jittor_tsit.runtime.parallel import on_first_process
    from jittor_tsit.training.session import run_training, say

    prepared = (run_dir / "data").absolute()
    experiments = {name: override(each, assignments) for name, each in runs.experiments(data, prepared).items()}
    if only_shows:
        print(json.dumps({name: dataclasses.asdict(each) for name, each in experiments.items()}, indent=2))
        return 0
    on_first_process(lambda: runs.prepare(data, prepared))
    for name, experiment in experiments.items():
        say(f"{name}:")
        status = run_training(experiment, run_dir / name)
        if status:
            return status
    return 0
