"""`check`: read all pairs and list broken and odd ones."""

from __future__ import annotations

import argparse
import os
import sys

from data_tools.basics.errors import EXIT_PROBLEMS
from data_tools.commands.options import add_classes, add_command, add_data, classes_of
from data_tools.sets.checking import inspect_pairs
from data_tools.sets.pairing import match_files


def add(commands) -> None:
    parser = add_command(
        commands,
        "check",
        run,
        "read every photo and label map and list broken and odd ones",
        "python -m data_tools check --data data/landscape\n"
        "Prints one line for each problem. Exit status: 1 if there are problems, 0 if there are none. A `broken` file\n"
        "cannot be used and stops training. An `odd` file can be used; the line says how it is treated.",
    )
    add_data(parser)
    add_classes(parser)


def run(args: argparse.Namespace) -> int:
    classes = classes_of(args)
    matching = match_files(args.data)
    found = inspect_pairs(matching.pairs, classes.num_classes, os.cpu_count() or 1, unknown=classes.unknown)
    problems = matching.problems + found
    for problem in sorted(problems, key=lambda p: (not p.broken, p.stem, p.reason)):
        print(problem)
    broken = sum(problem.broken for problem in problems)
    print(f"{len(matching.pairs)} pairs read, {broken} broken, {len(problems) - broken} odd", file=sys.stderr)
    return EXIT_PROBLEMS if problems else 0
