"""`python -m jittor_tsit train|test|score|average|convert|export|doctor`: parse, import Jittor, call."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

from data_tools.errors import InputError, exit_status
from jittor_tsit.command_line import parser
from jittor_tsit.experiment_files import load_runs, shipped_experiment
from jittor_tsit.launch import inside_mpi, run_member, run_processes
from jittor_tsit.start import start_jittor

RUNS = Path("runs")
SAMPLE_SET = Path("data/sample")  # made when no data is named
SAMPLE_PAIRS, SAMPLE_LABELS, SAMPLE_SEED = 64, 16, 0


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit status: 0 done, 1 a bug, 2 wrong input, 130 interrupted."""
    return run_member(lambda: _run(argv)) if inside_mpi() else exit_status(lambda: _run(argv))


def _run(argv: Optional[Sequence[str]]) -> int:
    top = parser(COMMANDS)
    args, rest = top.parse_known_args(argv)  # field=value may stand anywhere among the options
    unknown = [word for word in rest if word.startswith("-") or not word.startswith(FIELDS.get(args.command, ()))]
    if unknown:
        top.error(f"unrecognized arguments: {' '.join(unknown)}")
    args.overrides = rest
    if getattr(args, "procs", 1) > 1 and not inside_mpi() and not getattr(args, "dry_run", False):
        words = sys.argv[1:] if argv is None else argv
        return run_processes(words, args.procs, args.hostfile, args.device != "cpu")
    return args.command(args)


def command_train(args: argparse.Namespace) -> int:
    """Train, rendering the sample set first when no data is named."""
    name = "quickstart" if args.data is None else "tsit_landscape"
    experiment_file = args.experiment or shipped_experiment(name)
    if args.data is not None and not args.data.is_dir():
        raise InputError(f"--data {args.data}: no such folder")
    start_jittor(args.device != "cpu")
    from jittor_tsit.config import to_json
    from jittor_tsit.parallel import on_first_process
    from jittor_tsit.show_plan import show_plan
    from jittor_tsit.train import configure, run_each, run_training

    named = {"split": args.split, "on_nan": args.on_nan, "initial": args.from_weights}
    overrides = [*args.overrides, *(f"{name}={value}" for name, value in named.items() if value)]
    run_dir = args.run_dir or RUNS / experiment_file.stem
    runs = load_runs(experiment_file)
    if runs:
        data = args.data or SAMPLE_SET
        if not args.data and not args.dry_run:
            on_first_process(render_sample_set)
        return run_each(runs, data.absolute(), run_dir, overrides, args.dry_run)
    experiment = configure(experiment_file, args.data, overrides)
    if not experiment.data.root:
        experiment = configure(experiment_file, SAMPLE_SET, overrides)
        if not args.dry_run:
            on_first_process(render_sample_set)
    if args.dry_run:
        print(to_json(experiment), end="")
        if experiment.phases:
            show_plan(experiment, run_dir, args.procs)
        return 0
    return run_training(experiment, run_dir)


def render_sample_set() -> None:
    """Rendered landscapes with label maps, unless they are there."""
    from data_tools.synthetic import write_set

    print(f"no --data: rendering {SAMPLE_PAIRS} landscapes to {SAMPLE_SET}", file=sys.stderr)
    write_set(SAMPLE_SET, SAMPLE_PAIRS, SAMPLE_SEED, test_count=SAMPLE_LABELS)


def command_test(args: argparse.Namespace) -> int:
    """Make images and a submission."""
    start_jittor(args.device != "cpu")
    from jittor_tsit.config import DataConfig
    from jittor_tsit.generate import run_test
    from jittor_tsit.judges import Judges
    from jittor_tsit.models import find_checkpoint, newest_run_dir
    from jittor_tsit.overrides import override_fields
    from jittor_tsit.screen import Judging, run_screening

    if args.checkpoint and args.checkpoints:
        raise InputError("--checkpoint and --checkpoints: one of them is needed")
    named = args.checkpoints or ([args.checkpoint] if args.checkpoint else [])
    run_dir = args.run_dir or (named[0].parent if named else newest_run_dir(RUNS))
    checkpoints = named or [find_checkpoint(run_dir)]
    side_by_side = override_fields(DataConfig(), args.overrides).side_by_side
    common = args.data, args.out or run_dir / "test", args.seed, args.references, args.compare
    if args.candidates == len(checkpoints) == 1:
        if args.improve or args.measure_by or args.segmenter or args.real:
            given = "--improve, --measure-by, --segmenter and --real"
            raise InputError(f"{given}: there is no choice to make; add --candidates K or --checkpoints A,B")
        return run_test(checkpoints[0], *common, args.back, side_by_side)
    if args.back:
        raise InputError("--back: not with --candidates or --checkpoints, which choose among images for label maps")
    judging = Judging(Judges(args.judges, args.segmenter), args.measure_by, args.real, args.improve)
    return run_screening(checkpoints, args.candidates, *common, judging, side_by_side)


def command_score(args: argparse.Namespace) -> int:
    """Judge a folder of images."""
    start_jittor(args.device != "cpu")
    from jittor_tsit.judges import Judges
    from jittor_tsit.score import run_score

    judges = Judges(args.judges, args.segmenter)
    out = args.out or args.images.parent / f"score-{args.images.name}.json"
    return run_score(args.images, args.labels, args.real, judges, args.references, args.board, out, args.report)


def command_average(args: argparse.Namespace) -> int:
    """Average checkpoints."""
    from jittor_tsit.average import run_average

    if bool(args.files) == bool(args.run_dir):
        raise InputError("average: name either checkpoint files or a run by --run-dir")
    return run_average(args.files, args.run_dir, args.last, args.out)


def command_convert(args: argparse.Namespace) -> int:
    """Make a checkpoint from published files."""
    start_jittor(use_gpu=False)
    from jittor_tsit.convert_command import run_convert

    return run_convert(args.files, args.system, args.out, args.overrides)


def command_export(args: argparse.Namespace) -> int:
    """Write a checkpoint as official files."""
    start_jittor(use_gpu=False)
    from jittor_tsit.export_command import run_export

    return run_export(args.checkpoint, args.out)


def command_doctor(args: argparse.Namespace) -> int:
    """Print what was found."""
    from jittor_tsit.doctor import report

    return report()


FIELDS = {command_train: "", command_convert: "", command_test: "side_by_side="}  # that may stand as field=value
COMMANDS = {
    "train": command_train,
    "test": command_test,
    "score": command_score,
    "average": command_average,
    "convert": command_convert,
    "export": command_export,
    "doctor": command_doctor,
}


if __name__ == "__main__":
    sys.exit(main())
