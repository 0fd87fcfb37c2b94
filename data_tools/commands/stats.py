"""`stats`: count sizes and classes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from data_tools.basics.errors import EXIT_PROBLEMS
from data_tools.basics.files import write_atomic
from data_tools.commands.options import add_classes, add_command, add_data, classes_of
from data_tools.sets.listing import require_folder
from data_tools.sets.pairing import match_files, passed_over_in
from data_tools.sets.stats import as_json, as_text, collect


def add(commands) -> None:
    parser = add_command(
        commands,
        "stats",
        run,
        "count the sizes of photos and label maps and the share of each class",
        "python -m data_tools stats --data data/landscape --json stats.json\n"
        "Broken pairs are left out and named on stderr. Exit status: 1 if there are broken pairs, 0 if there are none.",
    )
    add_data(parser)
    add_classes(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers to FILE as JSON")


def run(args: argparse.Namespace) -> int:
    classes = classes_of(args)
    if args.json:
        require_folder(args.json.parent)  # before all label maps are read
    matching = match_files(args.data)
    stats = collect(matching.pairs, workers=os.cpu_count() or 1, class_list=classes)
    stats.broken.extend(problem for problem in matching.problems if problem.broken)
    sys.stdout.write(as_text(stats))
    for line in passed_over_in(args.data):
        print(line, file=sys.stderr)
    for problem in sorted(stats.broken):
        print(problem, file=sys.stderr)
    if stats.broken:
        print(f"broken pairs, which are not counted: {len(stats.broken)}", file=sys.stderr)
    if args.json:
        write_atomic(args.json, (json.dumps(as_json(stats), indent=2) + "\n").encode())
    return EXIT_PROBLEMS if stats.broken else 0
