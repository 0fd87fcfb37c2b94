"""Options and value parsers that several commands use."""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from pathlib import Path
from typing import Callable, Tuple

from data_tools.basics import command_line
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH


def add_command(commands, name: str, run: Callable, summary: str, example: str) -> argparse.ArgumentParser:
    """Add the parser of one command of data_tools; see `command_line.add_command`."""
    return command_line.add_command(commands, name, lambda args: _run(run, args), summary, example)


def _run(run: Callable, args: argparse.Namespace) -> int:
    # Our own messages name faulty files; Pillow's warnings would repeat them.
    warnings.filterwarnings("ignore", module="PIL")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # the replacements that tests install have no such method
            stream.reconfigure(errors="backslashreplace")  # some terminals cannot show every file name
    return run(args)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the option --data, which names a data set."""
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="holds train/imgs and train/labels, or imgs and labels"
    )


def at_least(minimum: int) -> Callable[[str], int]:
    """Return a function that converts the text of an option to a whole number of at least `minimum`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {minimum}")
        return int(text)

    return parse


def size(text: str) -> Tuple[int, int]:
    """Convert the text of an option, such as 512x384, to (width, height)."""
    match = re.fullmatch(r"([0-9]{1,6})x([0-9]{1,6})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, such as {IMAGE_WIDTH}x{IMAGE_HEIGHT}")
    return int(match[1]), int(match[2])
