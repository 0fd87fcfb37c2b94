"""Command line of the package: `python -m jittor_tsit train|test|score|average|convert|export|fetch|doctor`."""

from __future__ import annotations

import argparse
import sys
from typing import Optional, Sequence

from data_tools.basics.errors import exit_status
from jittor_tsit import __version__
from jittor_tsit.commands import average, convert, doctor, export, fetch, score, test, train
from jittor_tsit.runtime.mpirun import inside_mpi, run_member, run_processes
from jittor_tsit.runtime.out_of_memory import ADVICE

COMMANDS = (train, test, score, average, convert, export, fetch, doctor)  # in the order of --help


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit status: 0 success, 1 internal error, 2 wrong input, 130 interrupted."""
    return run_member(lambda: _run(argv)) if inside_mpi() else exit_status(lambda: _run(argv), ADVICE)


def _run(argv: Optional[Sequence[str]]) -> int:
    top = parser()
    args, rest = top.parse_known_args(argv)  # field=value is allowed anywhere among the options
    unknown = [
        word for word in rest if word.startswith("-") or args.accepts is None or not word.startswith(args.accepts)
    ]
    if unknown:
        top.error(f"unrecognized arguments: {' '.join(unknown)}")
    args.overrides = rest
    if getattr(args, "procs", 1) > 1 and not inside_mpi() and not getattr(args, "dry_run", False):
        words = sys.argv[1:] if argv is None else argv
        return run_processes(words, args.procs, args.hostfile, args.device != "cpu")
    return args.run(args)


def parser() -> argparse.ArgumentParser:
    """Build the parser. Each module of `commands` adds its own options. None imports Jittor before it runs."""
    top = argparse.ArgumentParser("python -m jittor_tsit", description="Landscape photographs from label maps.")
    top.add_argument("--version", action="version", version=f"jittor_tsit {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return top


if __name__ == "__main__":
    sys.exit(main())
