"""`check`: read everything and list what is wrong."""

from __future__ import annotations

import argparse
import os
import sys

from data_tools.checking import check_pairs
from data_tools.commands.options import add_command, add_data
from data_tools.pairing import match_files

_EXIT_PROBLEMS = 1  # the command ran, and found faults in the data


def add(commands) -> None:
    parser = add_command(
        commands, "check", run, "read every photo and label map and list what is wrong",
        "python -m data_tools check --data data/landscape\n"
        "One line a problem; exit status 1 if there are any, 0 if there are none.")
    add_data(parser)


def run(args: argparse.Namespace) -> int:
    matching = match_files(args.data)
    problems = [(path.stem, f"{path}: has no label") for path in matching.lone_photos]
    problems += [(path.stem, f"{path}: has no photo") for path in matching.lone_labels]
    problems += check_pairs(matching.pairs, workers=os.cpu_count() or 1)
    for _, problem in sorted(problems):
        print(problem)
    print(f"{len(matching.pairs)} pairs read, {len(problems)} problems", file=sys.stderr)
    return _EXIT_PROBLEMS if problems else 0
