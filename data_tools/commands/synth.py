"""`synth`: render a data set."""

from __future__ import annotations

import argparse
from pathlib import Path

from data_tools.basics.command_line import image_size
from data_tools.commands.options import add_command, at_least
from data_tools.planting.synthetic_set import write_planted_set
from data_tools.planting.truth import TRUTH_FILE, read_truth, summary
from data_tools.rendering.write_set import write_set
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH


def add(commands) -> None:
    parser = add_command(
        commands,
        "synth",
        run,
        "render landscapes with exact label maps",
        "python -m data_tools synth --out data/synth --count 200 --seed 0 --test-count 20\n"
        "If it is interrupted, run the same command again to go on. A larger --count adds pairs, except with\n"
        "--defects, because the defects are distributed over all pairs.",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write the set to")
    parser.add_argument("--count", type=at_least(1), required=True, metavar="N", help="number of pairs")
    parser.add_argument(
        "--seed",
        type=at_least(0),
        required=True,
        metavar="S",
        help="random seed, 0 or more: another seed gives another set",
    )
    parser.add_argument(
        "--size",
        type=image_size,
        default=(IMAGE_WIDTH, IMAGE_HEIGHT),
        metavar="WxH",
        help=f"in pixels (default: the contest's {IMAGE_WIDTH}x{IMAGE_HEIGHT})",
    )
    parser.add_argument(
        "--test-count",
        type=at_least(0),
        default=0,
        metavar="M",
        help="number of additional label maps without photos, for testing (default: 0)",
    )
    parser.add_argument(
        "--defects",
        type=float,
        nargs="?",
        const=0.2,
        metavar="SHARE",
        help="put defects into this share of the pairs (0.2 if no number is given) and list them in OUT/truth.csv",
    )


def run(args: argparse.Namespace) -> int:
    width, height = args.size
    if args.defects is None:
        write_set(args.out, args.count, args.seed, width, height, args.test_count)
        found = f"{args.count} pairs"
    else:
        write_planted_set(args.out, args.count, args.seed, width, height, args.test_count, args.defects)
        found = summary(read_truth(args.out / TRUTH_FILE))
    maps = f" and {args.test_count} label maps for testing" if args.test_count else ""
    print(f"{args.out}: {found}{maps}")
    return 0
