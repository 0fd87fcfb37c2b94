"""What the commands' options have in common."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable, List, Optional

Run = Callable[[argparse.Namespace], int]


def add_command(
    commands, name: str, run: Run, summary: str, example: str, accepts: Optional[str] = None
) -> argparse.ArgumentParser:
    """Add a subcommand with its example in --help.

    Args:
        commands: The subparsers of the command line.
        run: Called with the parsed options; returns the exit status.
        accepts: Beginning of the words that may stand among the options as field=value; None: no such words.
    """
    added = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.set_defaults(run=run, accepts=accepts)
    return added


def add_judges(command: argparse.ArgumentParser) -> None:
    """Options of a command that judges images."""
    command.add_argument(
        "--judges",
        type=Path,
        default=Path("judges"),
        metavar="DIR",
        help="weights of the judges: inception, nima, vgg16, lpips, segmenter (.pth, .npz, ...); default: judges",
    )
    command.add_argument(
        "--segmenter", type=Path, metavar="FILE", help="a segmenter's checkpoint, or a Python file with segment(photo)"
    )


def add_processes(command: argparse.ArgumentParser) -> None:
    """Options of a command that several processes can share."""
    command.add_argument(
        "--procs",
        type=positive_number,
        default=1,
        metavar="N",
        help="processes of Open MPI, on a GPU each if there are",
    )
    command.add_argument(
        "--hostfile", type=Path, metavar="FILE", help="machines for them, a line each: NAME slots=PROCESSES"
    )


def positive_number(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def natural_number(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def path_list(text: str) -> List[Path]:
    """File names with commas between them."""
    names = text.split(",")
    if not all(names) or len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of different files with commas between them")
    return [Path(name) for name in names]
