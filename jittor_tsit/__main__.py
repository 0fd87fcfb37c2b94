"""`python -m jittor_tsit train|test|score|average|doctor`: parse, import Jittor, call."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

from data_tools.errors import InputError, exit_status
from jittor_tsit.experiment_files import shipped_experiment
from jittor_tsit.launch import inside_mpi, run_member, run_processes
from jittor_tsit.start import start_jittor

RUNS = Path("runs")
SAMPLE_SET = Path("data/sample")  # made when no data is named
BOARDS = ("2022a", "2022b", "2023a")  # the contest's formulas, metrics.contest.BOARDS
SAMPLE_PAIRS, SAMPLE_LABELS, SAMPLE_SEED = 64, 16, 0


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit status: 0 done, 2 wrong input, 130 interrupted."""
    top = parser()
    args, rest = top.parse_known_args(argv)  # field=value may stand anywhere among train's options
    unknown = [word for word in rest if word.startswith("-") or args.command is not command_train]
    if unknown:
        top.error(f"unrecognized arguments: {' '.join(unknown)}")
    args.overrides = rest
    if inside_mpi():
        return run_member(lambda: args.command(args))
    if getattr(args, "procs", 1) > 1 and not getattr(args, "dry_run", False):
        words = sys.argv[1:] if argv is None else argv
        return exit_status(lambda: run_processes(words, args.procs, args.hostfile, args.device != "cpu"))
    return exit_status(lambda: args.command(args))


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
    from jittor_tsit.train import configure, run_training

    overrides = [*args.overrides, *([f"split={args.split}"] if args.split else [])]
    experiment = configure(experiment_file, args.data, overrides)
    if not experiment.data.root:
        experiment = configure(experiment_file, SAMPLE_SET, overrides)
        if not args.dry_run:
            on_first_process(render_sample_set)
    run_dir = args.run_dir or RUNS / experiment_file.stem
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
    from jittor_tsit.generate import find_checkpoint, newest_run_dir, run_test

    run_dir = args.run_dir or (args.checkpoint.parent if args.checkpoint else newest_run_dir(RUNS))
    checkpoint = find_checkpoint(run_dir, args.checkpoint)
    return run_test(checkpoint, args.data, args.out or run_dir / "test", args.seed, args.references, args.compare)


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


def command_doctor(args: argparse.Namespace) -> int:
    """Print what was found."""
    from jittor_tsit.doctor import report

    return report()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser("python -m jittor_tsit", description="Landscape photographs from label maps.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    train = add_command(
        commands,
        "train",
        command_train,
        "train a model; the same command again goes on",
        "python -m jittor_tsit train --data data/landscape --run-dir runs/mine width=32 weights.vgg=10\n"
        "Any option of the experiment can be set as field=value; --dry-run lists them.",
    )
    train.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="train/imgs/*.jpg and train/labels/*.png; default: a rendered sample set",
    )
    train.add_argument(
        "--experiment", type=Path, metavar="FILE", help="default: tsit_landscape, or quickstart without --data"
    )
    train.add_argument(
        "--split",
        type=Path,
        metavar="PATH",
        help="train on the stems listed in it, one a line; or the folder of the phases' lists; default: all",
    )
    train.add_argument("--run-dir", type=Path, metavar="DIR", help="where results go; default: runs/<experiment>")
    train.add_argument("--dry-run", action="store_true", help="print all options, and the plan of the phases, and stop")
    add_processes(train)
    train.add_argument("--device", choices=("auto", "cpu"), default="auto", help="auto: the GPU where there is one")

    test = add_command(
        commands,
        "test",
        command_test,
        "make images for label maps, and a checked submission.zip",
        "python -m jittor_tsit test --data data/landscape/test --run-dir runs/mine --compare",
    )
    test.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of label maps; default: test labels of the training set"
    )
    test.add_argument("--run-dir", type=Path, metavar="DIR", help="a run of train; default: the latest in runs/")
    test.add_argument("--checkpoint", type=Path, metavar="FILE", help="default: the newest of the run")
    test.add_argument("--out", type=Path, metavar="DIR", help="default: <run-dir>/test")
    test.add_argument("--seed", type=natural_number, default=0, metavar="N", help="of the styles drawn; default: 0")
    test.add_argument(
        "--references", type=Path, metavar="DIR", help="photos named by label_to_img.json, to take the style from"
    )
    test.add_argument("--compare", action="store_true", help="also write compare.png, labels beside images")
    add_processes(test)
    test.add_argument("--device", choices=("auto", "cpu"), default="auto", help="auto: the GPU where there is one")

    score = add_command(
        commands,
        "score",
        command_score,
        "judge images as the contest does, as far as the judges are at hand",
        "python -m jittor_tsit score --images runs/mine/test/images --labels data/landscape/test "
        "--real data/landscape --report score.html",
    )
    for name, what in (("images", "the images to judge"), ("labels", "their label maps"), ("real", "photographs")):
        score.add_argument(f"--{name}", type=Path, required=True, metavar="DIR", help=what)
    score.add_argument(
        "--judges",
        type=Path,
        default=Path("judges"),
        metavar="DIR",
        help="weights of the judges: inception.pth, vgg16.pth, segmenter.safetensors; default: judges",
    )
    score.add_argument(
        "--segmenter", type=Path, metavar="FILE", help="a segmenter's checkpoint, or a Python file with segment(photo)"
    )
    score.add_argument("--references", type=Path, metavar="DIR", help="photos named by label_to_img.json")
    score.add_argument("--board", choices=BOARDS, default=BOARDS[0], help=f"the formula; default: {BOARDS[0]}")
    score.add_argument("--out", type=Path, metavar="FILE", help="default: score-<images>.json beside the images")
    score.add_argument("--report", type=Path, metavar="FILE", help="also a page with the worst and best images")
    score.add_argument("--device", choices=("auto", "cpu"), default="auto", help="auto: the GPU where there is one")

    average = add_command(
        commands,
        "average",
        command_average,
        "average the weights of several checkpoints",
        "python -m jittor_tsit average --run-dir runs/mine --last 3",
    )
    average.add_argument("files", nargs="*", type=Path, metavar="FILE", help="checkpoints, the newest last")
    average.add_argument("--run-dir", type=Path, metavar="DIR", help="take the last ones of this run")
    average.add_argument("--last", type=positive_number, default=3, metavar="N", help="how many of a run; default: 3")
    average.add_argument("--out", type=Path, metavar="FILE", help="default: average-… beside the last one")

    add_command(
        commands, "doctor", command_doctor, "say what was found on this machine", "python -m jittor_tsit doctor"
    )
    return top


def add_command(commands, name: str, run, summary: str, example: str) -> argparse.ArgumentParser:
    """A subcommand with its example in --help."""
    added = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.set_defaults(command=run)
    return added


def add_processes(command: argparse.ArgumentParser) -> None:
    """Options of a command that several processes can share."""
    command.add_argument(
        "--procs",
        type=positive_number,
        default=1,
        metavar="N",
        help="processes of Open MPI, on a GPU each if there are",
    )
    command.add_argument(
        "--hostfile", type=Path, metavar="FILE", help="machines for them, a line each: NAME slots=PROCESSES"
    )


def positive_number(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def natural_number(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
