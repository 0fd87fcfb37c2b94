"""The command `train`: train a model, or resume a run that was stopped.

Its flags are below. Options given as `field=value` are in config/options.py and in the `Config` of each system.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.similar_names import nearest
from data_tools.sets.class_list import read_class_names
from jittor_tsit.commands.dry_run import show_options, show_plan
from jittor_tsit.commands.early_checks import check_experiment, fetch_hub_weights
from jittor_tsit.commands.path_checks import require_folder
from jittor_tsit.commands.sample_set import SAMPLE_SET, render_sample_set
from jittor_tsit.commands.shared_options import add_command, add_device, add_experiment, add_processes
from jittor_tsit.config import CONFIGS, ON_NAN, Experiment, SystemConfig
from jittor_tsit.config.experiment_files import Runs, find_experiment, load_experiment, load_runs
from jittor_tsit.config.overrides import override
from jittor_tsit.runs.demo_model import DEMO
from jittor_tsit.runs.own_options import OPTIONS, own_experiment
from jittor_tsit.runtime.import_jittor import start_jittor

RUNS = Path("runs")
PLACES = ("root", "second_root", "split", "cache")  # data options that are found again from any working folder
COUNT_OPTIONS = ("num_classes=", "data.num_classes=")  # two spellings of one option
NOTHING = "none"  # value of --from-weights for random weights


def add(commands) -> None:
    """Add the command `train` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "train",
        run,
        "train a model; run the same command again to resume, or only with --run-dir DIR",
        "python -m jittor_tsit train --data data/landscape --run-dir runs/mine width=32 weights.vgg=10\n"
        "Any option of the experiment can be set as field=value; the command `options` lists them.",
        accepts="",
        check=check,
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="data set with train/imgs/*.jpg and train/labels/*.png; default: a rendered sample set",
    )
    add_experiment(parser, f"tsit_landscape; without --data quickstart; with --from-weights {DEMO} demo_tuning")
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
        help="checkpoint of train, convert or average with the initial weights of a new run, without its optimizers; "
        f"{DEMO}: the demo model; {NOTHING}: random weights, where the experiment has others",
    )
    parser.add_argument(
        "--on-nan",
        type=str.lower,
        choices=ON_NAN,
        help="if a loss or a gradient is not finite: stop, or skip the step; default: the experiment's option, stop",
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="also write event files for TensorBoard into the run's folder"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="check options and files without training; print all options, and the steps, hours, disk space and memory",
    )
    add_processes(parser)
    add_device(parser)


class RunPlan(NamedTuple):
    """The runs that the options ask for: one, or those of a file that defines several."""

    experiments: Dict[str, Tuple[Experiment, Path]]  # name -> experiment, run folder; the name of a single run is empty
    runs: Optional[Runs]  # the functions of a file that defines several runs
    data: Path  # the data set
    needs_samples: bool  # whether the data set is the sample set, which is rendered first


def check(args: argparse.Namespace) -> None:
    """Check all options and paths without Jittor, and print the plan if --dry-run asks for it.

    Raises:
        InputError: See `check_experiment`; or the perceptual loss has no weights.
    """
    require_folder("--data", args.data)
    plan = args.run_plan = plan_runs(args)
    samples = {
        name: check_experiment(experiment, folder, has_data=not (plan.needs_samples or plan.runs))
        for name, (experiment, folder) in plan.experiments.items()
    }
    if args.dry_run:
        show_options({name: experiment for name, (experiment, _) in plan.experiments.items()})
        for name, (experiment, folder) in plan.experiments.items():
            print(f"{name}:" if name else "plan:", file=sys.stderr)
            show_plan(experiment, samples[name], folder, args.procs)
        return
    for experiment, _ in plan.experiments.values():
        fetch_hub_weights(experiment)


def run(args: argparse.Namespace) -> int:
    """Train with parsed options. Render the sample set first if no data set is given. Return the exit status."""
    if args.dry_run:  # `check` has printed the plan
        return 0
    plan = args.run_plan if hasattr(args, "run_plan") else plan_runs(args)  # of several processes, none calls `check`
    start_jittor(args.device != "cpu")
    from jittor_tsit.runtime.parallel import on_first_process
    from jittor_tsit.training.session import run_training, say

    if plan.needs_samples:
        on_first_process(render_sample_set)
    runs = plan.runs
    if runs:
        on_first_process(lambda: runs.prepare(plan.data, derived_data(run_folder(args))))
    for name, (experiment, folder) in plan.experiments.items():
        if name:
            say(f"{name}:")
        status = run_training(experiment, folder)
        if status:
            return status
    return 0


def plan_runs(args: argparse.Namespace) -> RunPlan:
    """Load the experiment file that the options name, and apply the options to its experiments.

    Raises:
        InputError: The file or an option is faulty.
    """
    options = {"split": args.split, "on_nan": args.on_nan, "initial": args.from_weights}
    options["tensorboard"] = args.tensorboard
    overrides = [*args.overrides, *(f"{name}={value}" for name, value in options.items() if value)]
    if str(args.from_weights) == NOTHING:
        overrides[overrides.index(f"initial={NOTHING}")] = "initial="
    folder = run_folder(args)
    own = own_experiment(folder) if args.run_dir and not args.experiment else None
    if args.run_dir and own is None and not args.experiment and not args.data:
        require_no_similar_run(folder)
    file = experiment_file(args)
    runs, data = load_runs(file) if own is None else None, args.data or SAMPLE_SET
    if runs:
        experiments = runs.experiments(data.absolute(), derived_data(folder))
        each = {
            name: (with_class_names(override(one, overrides), args.class_names, overrides), folder / name)
            for name, one in experiments.items()
        }
        return RunPlan(each, runs, data.absolute(), args.data is None)
    loaded = own or load_experiment(file)
    experiment = adapt(loaded, args.data, overrides, args.class_names)
    has_root = bool(experiment.data.root)
    if not has_root:
        experiment = adapt(loaded, SAMPLE_SET, overrides, args.class_names)
    if own and not Path(experiment.data.root).is_dir():
        raise InputError(f"{experiment.data.root}: the data set of {folder} is not there; --data DIR says where it is")
    return RunPlan({"": (experiment, folder)}, None, Path(experiment.data.root), not has_root)


def require_no_similar_run(folder: Path) -> None:
    """Check that a folder without a run, named by --run-dir alone, is not meant to be another one beside it.

    Raises:
        InputError: Folders of runs with a similar name lie beside it.
    """
    runs = [path.name for path in folder.parent.glob("*") if (path / OPTIONS).is_file()]
    similar = nearest(folder.name, [name for name in runs if name != folder.name])
    if similar:
        raise InputError(
            f"--run-dir {folder}: holds no run; similar ones are {', '.join(similar)}; to begin a new run there, name "
            "--data or --experiment"
        )


def experiment_file(args: argparse.Namespace) -> Path:
    """Return the path of the experiment file that the options name."""
    if args.experiment or args.data is None:
        return find_experiment(args.experiment or "quickstart")
    return find_experiment("demo_tuning" if str(getattr(args, "from_weights", "")) == DEMO else "tsit_landscape")


def run_folder(args: argparse.Namespace) -> Path:
    """Return the folder of the results."""
    return args.run_dir or RUNS / experiment_file(args).stem


def derived_data(run_dir: Path) -> Path:
    """Return the folder of the data that a file with several runs derives from the data set."""
    return (run_dir / "data").absolute()


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


def adapt(
    experiment: Experiment, data: Optional[Path], assignments: List[str], class_names: Optional[Path] = None
) -> Experiment:
    """Apply the data folder, class names and overrides of the command line to an experiment. Make paths absolute.

    Raises:
        InputError: An override is faulty, or there is no such system.
    """
    if data is not None:
        experiment = dataclasses.replace(experiment, data=dataclasses.replace(experiment.data, root=str(data)))
    if isinstance(experiment.config, SystemConfig) and experiment.system not in CONFIGS:
        raise InputError(f"no system {experiment.system}; there are {', '.join(CONFIGS)}")
    experiment = with_class_names(override(experiment, assignments), class_names, assignments)
    places: Dict[str, Any] = {name: getattr(experiment.data, name) for name in PLACES}
    places = {name: str(Path(place).absolute()) for name, place in places.items() if place}
    run = experiment.run
    if run.evaluate_every and Path(run.judges).is_dir():
        run = dataclasses.replace(run, judges=str(Path(run.judges).absolute()))
    return dataclasses.replace(experiment, data=dataclasses.replace(experiment.data, **places), run=run)
