"""`python -m data_tools COMMAND`: parse the command line and call the command."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import Optional, Sequence

from data_tools import __version__
from data_tools.basics.errors import exit_status
from data_tools.commands import check, curate, plant, report, scan, select, stats, synth

COMMANDS = (check, stats, scan, select, report, curate, synth, plant)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit status: 0 success, 1 faulty data or a bug, 2 wrong input, 130 interrupted."""
    return exit_status(lambda: _run(argv))


def _run(argv: Optional[Sequence[str]]) -> int:
    args = parser().parse_args(argv)
    # Our own messages name faulty files; Pillow's warnings would repeat them.
    warnings.filterwarnings("ignore", module="PIL")
    return args.run(args)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line with all commands."""
    top = argparse.ArgumentParser("python -m data_tools", description="Landscape data sets.")
    top.add_argument("--version", action="version", version=f"data_tools {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return top


if __name__ == "__main__":
    sys.exit(main())
