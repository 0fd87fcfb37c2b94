"""`plant`: copy a data set and put known defects into some pairs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from data_tools.commands.options import add_command, add_data, at_least
from data_tools.planting.kinds import KINDS
from data_tools.planting.plant import plant_set
from data_tools.planting.truth import TRUTH_FILE, read_truth, summary
from data_tools.sets.pairing import passed_over_in


def add(commands) -> None:
    parser = add_command(
        commands,
        "plant",
        run,
        "copy a data set and put known defects into some pairs, to measure how well curation finds them",
        "python -m data_tools plant --data data/landscape --out data/planted --kinds shifted,backlit --share 0.1\n"
        f"Kinds that change labels: {_kinds('label')};\n"
        f"photos: {_kinds('photo')};\n"
        f"that add pairs: {_kinds('adds')}.\n"
        "If it is interrupted, run the same command again to go on.",
    )
    add_data(parser)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="output folder, not within --data; gets train/imgs, train/labels, truth.csv and plant.json",
    )
    parser.add_argument("--kinds", default=",".join(KINDS), metavar="A,B,C", help="kinds of defects (default: all)")
    parser.add_argument(
        "--share",
        type=float,
        default=0.2,
        metavar="P",
        help="share of the pairs that get a defect, above 0 and up to 1 (default: 0.2)",
    )
    parser.add_argument(
        "--seed",
        type=at_least(0),
        default=0,
        metavar="S",
        help="random seed: chooses the pairs and their defects (default: 0)",
    )


def run(args: argparse.Namespace) -> int:
    plant_set(args.data, args.out, [kind.strip() for kind in args.kinds.split(",")], args.share, args.seed)
    for line in passed_over_in(args.data):
        print(line, file=sys.stderr)
    print(f"{args.out}: {summary(read_truth(args.out / TRUTH_FILE))}")
    return 0


def _kinds(changes: str) -> str:
    return ", ".join(name for name, kind in KINDS.items() if kind.changes == changes)
