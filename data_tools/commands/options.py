"""Options and value parsers that several commands use."""

from __future__ import annotations

import argparse
import re
import warnings
from pathlib import Path
from typing import Callable, List, Sequence

from data_tools.basics import command_line
from data_tools.sets.class_list import LANDSCAPE, MAX_CLASSES, ClassList, given_classes
from data_tools.sets.classes import NUM_CLASSES


def add_command(
    commands, name: str, run: Callable, summary: str, example: str, writes_files: bool = False
) -> argparse.ArgumentParser:
    """Add the parser of one command of data_tools; see `command_line.add_command`."""
    return command_line.add_command(
        commands, name, lambda args: _without_warnings(run, args), summary, example, writes_files
    )


def _without_warnings(run: Callable, args: argparse.Namespace) -> int:
    # Our own messages name faulty files; Pillow's warnings would repeat them.
    warnings.filterwarnings("ignore", module="PIL")
    return run(args)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the option --data, which names a data set."""
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="holds train/imgs and train/labels, or imgs and labels"
    )


CLASS_OPTIONS = ("num_classes", "unknown_id")  # also accepted as train takes them, such as num_classes=150


def add_classes(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe the classes of a data set."""
    parser.add_argument(
        "--num-classes",
        type=at_least(1),
        metavar="N",
        help=f"number of classes of the set, up to {MAX_CLASSES}; default: as many as --class-names has, or the "
        f"{NUM_CLASSES} landscape classes; num_classes=N means the same",
    )
    parser.add_argument(
        "--unknown-id",
        type=at_least(0),
        metavar="ID",
        help="id of pixels without a class, such as 255; with 0, classes are numbered from 1; unknown_id=ID means the "
        "same",
    )
    parser.add_argument(
        "--class-names",
        type=Path,
        metavar="FILE",
        help="text file with the name of one class a line, in the order of their ids, and optionally its colour: "
        "sky #96cefa",
    )


def classes_of(args: argparse.Namespace) -> ClassList:
    """Return the list of classes that the options of `add_classes` describe.

    Raises:
        InputError: A number is out of range, or the file of names is faulty.
    """
    return given_classes(args.num_classes, args.unknown_id, args.class_names) or LANDSCAPE


def with_class_options(words: Sequence[str]) -> List[str]:
    """Turn words such as num_classes=150 into the options --num-classes=150, and return all words."""
    return [f"--{word.replace('_', '-', 1)}" if word.split("=")[0] in CLASS_OPTIONS else word for word in words]


def at_least(minimum: int) -> Callable[[str], int]:
    """Return a function that converts the text of an option to a whole number of at least `minimum`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {minimum}")
        return int(text)

    return parse
