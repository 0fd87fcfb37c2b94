"""The command `train`: train a model, or resume a run that was stopped.

Its flags are below. Options given as `field=value` are in config/options.py and in the `Config` of each system.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import List, Optional

from data_tools.basics.errors import InputError
from data_tools.sets.class_list import read_class_names
from jittor_tsit.commands.shared_options import add_command, add_device, add_processes
from jittor_tsit.config import ON_NAN, Experiment
from jittor_tsit.config.experiment_files import Runs, load_experiment, load_runs, shipped_experiment
from jittor_tsit.config.overrides import override
from jittor_tsit.runtime.import_jittor import start_jittor

RUNS = Path("runs")
COUNT_OPTIONS = ("num_classes=", "data.num_classes=")  # two spellings of one option
SAMPLE_SET = Path("data/sample")  # rendered if --data is not given
SAMPLE_PAIRS, SAMPLE_LABELS, SAMPLE_SEED = 64, 16, 0


def add(commands) -> None:
    """Add the command `train` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "train",
        run,
        "train a model; run the same command again to resume",
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
    parser.add_argument(
        "--class-names",
        type=Path,
        metavar="FILE",
        help="text file with one class name a line, and optionally its colour (sky #96cefa); the model keeps them",
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
    from jittor_tsit.runtime.parallel import on_first_process
    from jittor_tsit.training.session import run_training

    options = {"split": args.split, "on_nan": args.on_nan, "initial": args.from_weights}
    overrides = [*args.overrides, *(f"{name}={value}" for name, value in options.items() if value)]
    run_dir = args.run_dir or RUNS / experiment_file.stem
    runs = load_runs(experiment_file)
    if runs:
        data = args.data or SAMPLE_SET
        if not args.data and not args.dry_run:
            on_first_process(render_sample_set)
        return run_each(runs, data.absolute(), run_dir, overrides, args.dry_run, args.class_names)
    experiment = configure(experiment_file, args.data, overrides, args.class_names)
    if not experiment.data.root:
        experiment = configure(experiment_file, SAMPLE_SET, overrides, args.class_names)
        if not args.dry_run:
            on_first_process(render_sample_set)
    if args.dry_run:
        print(to_json(experiment), end="")
        if experiment.phases:
            show_plan(experiment, run_dir, args.procs)
        return 0
    return run_training(experiment, run_dir)


def with_class_names(experiment: Experiment, path: Optional[Path], assignments: List[str]) -> Experiment:
    """Return the experiment with the class names of a file and, unless it is among `assignments`, their number.

    Raises:
        InputError: See `read_class_names`; or there is another number of names than of classes.
    """
    if path is None:
        return experiment
    lines, data = read_class_names(path), experiment.data
    is_given = any(text.startswith(COUNT_OPTIONS) for text in assignments)
    count = data.num_classes if is_given else len(lines)
    return dataclasses.replace(experiment, data=dataclasses.replace(data, num_classes=count, class_names=lines))


def render_sample_set() -> None:
    """Render the sample set, landscapes with label maps, into its folder. Keep the files that exist."""
    from data_tools.rendering.write_set import write_set

    print(f"no --data: rendering {SAMPLE_PAIRS} landscapes to {SAMPLE_SET}", file=sys.stderr)
    write_set(SAMPLE_SET, SAMPLE_PAIRS, SAMPLE_SEED, test_count=SAMPLE_LABELS)


def configure(
    experiment_file: Path, data: Optional[Path], assignments: list[str], class_names: Optional[Path] = None
) -> Experiment:
    """Load an experiment file and apply the data folder, the overrides and the class names of the command line.

    Raises:
        InputError: The file or an override is faulty.
    """
    from jittor_tsit.systems import SYSTEMS

    experiment = load_experiment(experiment_file)
    if data is not None:
        root = str(data.absolute())  # so that `test` finds it from any folder
        experiment = dataclasses.replace(experiment, data=dataclasses.replace(experiment.data, root=root))
    experiment = with_class_names(override(experiment, assignments), class_names, assignments)
    if experiment.data.second_root:
        root = str(Path(experiment.data.second_root).absolute())
        experiment = dataclasses.replace(experiment, data=dataclasses.replace(experiment.data, second_root=root))
    if experiment.system not in SYSTEMS:
        raise InputError(f"{experiment_file}: no system {experiment.system}; there are {', '.join(SYSTEMS)}")
    return experiment


def run_each(
    runs: Runs,
    data: Path,
    run_dir: Path,
    assignments: List[str],
    only_shows: bool,
    class_names: Optional[Path] = None,
) -> int:
    """Train all experiments of a file that defines several, each in its own folder. Return the exit status.

    Args:
        runs: The experiments of the file.
        only_shows: Whether to print the options without training.
        class_names: Text file with the names of the classes.

    Raises:
        InputError: See `run_training`.
    """
    from jittor_tsit.runtime.parallel import on_first_process
    from jittor_tsit.training.session import run_training, say

    prepared = (run_dir / "data").absolute()
    experiments = {
        name: with_class_names(override(each, assignments), class_names, assignments)
        for name, each in runs.experiments(data, prepared).items()
    }
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
