"""`check`: read all pairs and list broken and odd ones."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Sequence

from data_tools.basics.errors import EXIT_PROBLEMS
from data_tools.basics.names import printable, quantity
from data_tools.commands.options import add_classes, add_command, add_data, classes_of
from data_tools.sets.checking import inspect_pairs
from data_tools.sets.formats import IMAGES, LABELS
from data_tools.sets.pairing import LayoutError, Problem, match_files
from data_tools.sets.sufficient_classes import sufficient_classes
from data_tools.sets.unpaired import find_image_folders, inspect_images


def add(commands) -> None:
    parser = add_command(
        commands,
        "check",
        run,
        "read every photo and label map and list broken and odd ones",
        "python -m data_tools check --data data/landscape\n"
        "Prints one line for each problem. Exit status: 1 if there are problems, 0 if there are none. A `broken` file\n"
        "cannot be used and stops training. An `odd` file can be used; the line says how it is treated.\n"
        "Of sets without pairs of photos and label maps (trainA and trainB, photos alone, folders of classes), every\n"
        "image is read.",
    )
    add_data(parser)
    add_classes(parser)


def run(args: argparse.Namespace) -> int:
    classes, workers = classes_of(args), os.cpu_count() or 1
    try:
        matching = match_files(args.data)
    except LayoutError:
        folders = find_image_folders(args.data)
        if not folders:
            raise
        for folder in folders:
            kind = LABELS if folder.holds_labels else IMAGES
            print(printable(f"{folder.path}: {quantity(len(folder.files), kind.word)}"), file=sys.stderr)
        number = quantity(sum(len(folder.files) for folder in folders), "image")
        return _report(inspect_images(folders, workers, classes), f"no pairs of photos and label maps; {number}")
    found = inspect_pairs(matching.pairs, classes.num_classes, workers, unknown=classes.unknown)
    broken = {problem.stem for problem in found if problem.broken}
    needed = sufficient_classes((pair.label for pair in matching.pairs if pair.stem in broken), classes.unknown)
    if needed.num_classes > classes.num_classes:  # sound pairs have no larger ids
        print(f"num_classes={needed.num_classes} suffices for all label maps that can be read", file=sys.stderr)
    return _report(matching.problems + found, quantity(len(matching.pairs), "pair"))


def _report(problems: Sequence[Problem], what: str) -> int:
    """Print the problems, and the numbers on stderr. Return the exit status."""
    for problem in sorted(problems, key=lambda p: (not p.broken, p.stem, p.reason)):
        print(problem)
    broken = sum(problem.broken for problem in problems)
    print(f"{what} read, {broken} broken, {len(problems) - broken} odd", file=sys.stderr)
    return EXIT_PROBLEMS if problems else 0
