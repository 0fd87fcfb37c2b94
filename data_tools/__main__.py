"""`python -m data_tools COMMAND`: parse the command line and call the command."""

from __future__ import annotations

import argparse
import sys
from typing import Optional, Sequence

from data_tools import __version__
from data_tools.basics.command_line import Parser, quiet, with_help_option
from data_tools.basics.errors import exit_status
from data_tools.basics.invocation import program
from data_tools.commands import check, curate, labels, plant, references, report, scan, select, stats, synth
from data_tools.commands.options import with_class_options

COMMANDS = (check, stats, labels, scan, select, report, curate, references, synth, plant)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit status: 0 success, 1 faulty data or a bug, 2 wrong input, 130 interrupted."""
    return exit_status(lambda: run(argv))


def run(argv: Optional[Sequence[str]]) -> int:
    """Parse the words of a command line, run the command and return its exit status."""
    words = with_help_option(sys.argv[1:] if argv is None else argv)
    args, unknown = parser().parse_known_args(with_class_options(words))
    if unknown:  # reported by the command's parser, which knows similar options
        args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    with quiet(args.quiet, args.only_warnings):
        return args.run(args)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line with all commands."""
    top = Parser(program("data_tools"), description="Landscape data sets.")
    top.add_argument("--version", action="version", version=f"data_tools {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return top


if __name__ == "__main__":
    sys.exit(main())
