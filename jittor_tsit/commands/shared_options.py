"""Options that several commands share, and types of option values."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple, Union

from data_tools.basics import command_line
from data_tools.basics.errors import InputError
from data_tools.sets.class_list import ClassList, given_classes
from jittor_tsit.config.experiment_files import shipped_experiments

JUDGES = Path("judges")  # default folder of the judges' weights
NO_JUDGES = Path("none")  # given as --judges none: score without judges
Run = Callable[[argparse.Namespace], int]
Check = Callable[[argparse.Namespace], None]


def add_command(
    commands,
    name: str,
    run: Run,
    summary: str,
    example: str,
    accepts: Union[str, Tuple[str, ...], None] = None,
    check: Optional[Check] = None,
    writes_files: bool = False,
) -> argparse.ArgumentParser:
    """Add a subcommand with its example in --help, and return its parser.

    Args:
        commands: The subparsers of the command line.
        run: Called with the parsed options; returns the exit status.
        summary: Description of the command.
        example: Command line that --help shows, beginning with `python -m jittor_tsit`; see `command_line.add_command`.
        accepts: Prefix, or prefixes, of the words that are allowed as field=value among the options; None: no such
            words.
        check: Called before `run`, and before other processes are started. It raises InputError if a path is wrong.
            It imports no Jittor.
        writes_files: As for `command_line.add_command`.
    """
    parser = command_line.add_command(commands, name, run, summary, example, writes_files)
    parser.set_defaults(accepts=accepts, **({"check": check} if check else {}))
    return parser


class ListExperiments(argparse.Action):
    """Print the name and the first line of every shipped experiment, and exit."""

    def __call__(self, parser, namespace, values, option_string=None):
        found = shipped_experiments()
        width = max(map(len, found))
        print("\n".join(f"{name:{width}}  {summary}" for name, summary in found.items()))
        parser.exit()


def add_experiment(command: argparse.ArgumentParser, default: str) -> None:
    """Add the options that choose and list experiments."""
    command.add_argument(
        "--experiment",
        metavar="FILE",
        help=f"experiment file, or the name of one that comes with the program; default: {default}",
    )
    add_list_experiments(command)


def add_list_experiments(command: argparse.ArgumentParser) -> None:
    """Add the option that lists experiments."""
    command.add_argument(
        "--list-experiments", action=ListExperiments, nargs=0, help="print the experiments that come with the program"
    )


def add_device(command: argparse.ArgumentParser) -> None:
    """Add the option --device."""
    command.add_argument(
        "--device", type=str.lower, choices=("auto", "cpu"), default="auto", help="auto: the GPU if there is one"
    )


def add_judges(command: argparse.ArgumentParser) -> None:
    """Add the options of a command that scores images."""
    command.add_argument(
        "--judges",
        type=Path,
        default=JUDGES,
        metavar="DIR",
        help="weights of the judges: inception, nima, vgg16, lpips, segmenter (.pth, .npz, ...); none: without them; "
        "default: judges",
    )
    command.add_argument(
        "--segmenter", type=Path, metavar="FILE", help="a segmenter's checkpoint, or a Python file with segment(photo)"
    )


def judges_folder(args: argparse.Namespace) -> Optional[Path]:
    """Return the folder of `--judges`; None for `--judges none`."""
    return None if args.judges == NO_JUDGES else args.judges


CLASS_OPTIONS = ("num_classes", "unknown_id")  # both also as train takes them, such as num_classes=150


def add_classes(command: argparse.ArgumentParser) -> None:
    """Add the options that describe the classes of label maps. `classes_of` reads them."""
    command.add_argument(
        "--num-classes",
        type=positive_number,
        metavar="N",
        help="number of classes of the label maps; also num_classes=N",
    )
    command.add_argument(
        "--unknown-id", type=natural_number, metavar="ID", help="id of pixels without a class; also unknown_id=ID"
    )
    command.add_argument("--class-names", type=Path, metavar="FILE", help="text file with one class name a line")


def classes_of(args: argparse.Namespace) -> Optional[ClassList]:
    """Return the list of classes that the options of `add_classes` describe, or None if none is given.

    Raises:
        InputError: A number is out of range, or the file of names is faulty.
    """
    values: Dict[str, Optional[int]] = {name: getattr(args, name) for name in CLASS_OPTIONS}
    for word in args.overrides:
        name, _, text = word.partition("=")
        if not text.isdigit():
            raise InputError(f"{word}: a whole number is needed, such as {name}=150")
        values[name] = int(text)
    return given_classes(values["num_classes"], values["unknown_id"], args.class_names)


def add_processes(command: argparse.ArgumentParser) -> None:
    """Add the options of a command that can run on several processes."""
    command.add_argument(
        "--procs",
        type=positive_number,
        default=1,
        metavar="N",
        help="number of processes (Open MPI), each on its own GPU if there are GPUs; default: 1",
    )
    command.add_argument(
        "--hostfile", type=Path, metavar="FILE", help="machines of the processes, one a line: NAME slots=PROCESSES"
    )


def positive_number(text: str) -> int:
    """Convert an option value to a whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def class_seeds(text: str) -> Tuple[Tuple[int, int], ...]:
    """Convert an option value such as "12=5,3=0" to (class id, seed) for each class."""
    fields = [field.partition("=") for field in text.split(",")]
    if not all(number.isdecimal() and seed.isdecimal() for number, _, seed in fields):
        raise argparse.ArgumentTypeError(f"{text!r} is not ID=SEED, or several with commas, such as 12=5,3=0")
    return tuple((int(number), int(seed)) for number, _, seed in fields)


def natural_number(text: str) -> int:
    """Convert an option value to a whole number of at least 0."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def path_list(text: str) -> List[Path]:
    """Convert an option value, file names separated by commas, to a list of paths."""
    names = text.split(",")
    if not all(names) or len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of different files with commas between them")
    return [Path(name) for name in names]
