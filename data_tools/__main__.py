"""`python -m data_tools COMMAND`: parse the command line and call the command."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import Optional, Sequence

from data_tools.basics.errors import exit_status
from data_tools.commands import check, curate, plant, report, scan, select, stats, synth

COMMANDS = (check, stats, scan, select, report, curate, synth, plant)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit status: 0 done, 1 faulty data or a bug, 2 wrong input, 130 interrupted."""
    return exit_status(lambda: _run(argv))


def _run(argv: Optional[Sequence[str]]) -> int:
    args = parser().parse_args(argv)
    # Faulty files are named by us, so Pillow's own words would only come on top.
    warnings.filterwarnings("ignore", module="PIL")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not the stand-ins of tests
            stream.reconfigure(errors="backslashreplace")  # for a terminal that cannot show a name
    return args.run(args)


def parser() -> argparse.ArgumentParser:
    """The command line with every command."""
    top = argparse.ArgumentParser("python -m data_tools", description="Landscape data sets.")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return top


if __name__ == "__main__":
    sys.exit(main())
