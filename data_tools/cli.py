"""The command line: `python -m data_tools synth|check`."""

from __future__ import annotations

import argparse
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Callable, Optional, Sequence, Tuple

from PIL import Image

from data_tools.checking import check_pairs
from data_tools.classes import IMAGE_HEIGHT, IMAGE_WIDTH
from data_tools.errors import exit_status
from data_tools.pairing import match_files
from data_tools.synthetic import write_set

_EXIT_PROBLEMS = 1  # the command ran, and found faults in the data


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit status: 0 done, 1 faulty data, 2 wrong input, 130 interrupted."""
    args = _parser().parse_args(argv)
    # Such a file is refused with its name, so Pillow's own words would only come on top.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    return exit_status(lambda: args.run(args))


def _run_synth(args: argparse.Namespace) -> int:
    width, height = args.size
    write_set(args.out, args.count, args.seed, width, height, args.test_count)
    maps = f" and {args.test_count} label maps for testing" if args.test_count else ""
    print(f"{args.out}: {args.count} pairs{maps}")
    return 0


def _run_check(args: argparse.Namespace) -> int:
    matching = match_files(args.data)
    problems = [(path.stem, f"{path}: has no label") for path in matching.lone_photos]
    problems += [(path.stem, f"{path}: has no photo") for path in matching.lone_labels]
    problems += check_pairs(matching.pairs, workers=os.cpu_count() or 1)
    for _, problem in sorted(problems):
        print(problem)
    print(f"{len(matching.pairs)} pairs read, {len(problems)} problems", file=sys.stderr)
    return _EXIT_PROBLEMS if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m data_tools", description="Landscape data sets.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    synth = _add_command(
        commands, "synth", _run_synth, "render landscapes with exact label maps",
        "python -m data_tools synth --out data/synth --count 200 --seed 0 --test-count 20\n"
        "The same command again goes on where it stopped; a larger --count adds pairs.")
    synth.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write the set to")
    synth.add_argument("--count", type=_at_least(1), required=True, metavar="N", help="number of pairs")
    synth.add_argument("--seed", type=_at_least(0), required=True, metavar="S", help="which set; 0 or more")
    synth.add_argument("--size", type=_size, default=(IMAGE_WIDTH, IMAGE_HEIGHT), metavar="WxH",
                       help=f"in pixels (default: the contest's {IMAGE_WIDTH}x{IMAGE_HEIGHT})")
    synth.add_argument("--test-count", type=_at_least(0), default=0, metavar="M",
                       help="number of further label maps, without photos (default: 0)")

    check = _add_command(
        commands, "check", _run_check, "read every photo and label map and list what is wrong",
        "python -m data_tools check --data data/landscape\n"
        "One line a problem; exit status 1 if there are any, 0 if there are none.")
    check.add_argument("--data", type=Path, required=True, metavar="DIR",
                       help="holds train/imgs and train/labels, or imgs and labels")
    return parser


def _add_command(commands, name: str, run: Callable, summary: str, example: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary, epilog=f"example:\n  {example}",
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(run=run)
    return parser


def _at_least(minimum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {minimum}")
        return int(text)

    return parse


def _size(text: str) -> Tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,6})x([0-9]{1,6})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, such as {IMAGE_WIDTH}x{IMAGE_HEIGHT}")
    return int(match[1]), int(match[2])
