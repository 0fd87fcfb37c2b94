"""`scan`: measure all pairs."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Iterator

from data_tools.basics.errors import EXIT_PROBLEMS, InputError
from data_tools.commands.options import add_classes, add_command, add_data, at_least, classes_of
from data_tools.curation.folder import PROBLEMS
from data_tools.sets.pairing import passed_over_in
from data_tools.signals.left_out import signals_left_out


def add(commands) -> None:
    parser = add_command(
        commands,
        "scan",
        run,
        "measure the quality signals of every pair and write a table; larger values are worse",
        "python -m data_tools scan --data data/landscape --out curation\n"
        "The same command again measures only new pairs. On several machines:\n"
        "  mpirun -n 4 python -m mpi4py.futures -m data_tools scan --mpi --data data/landscape --out curation",
    )
    add_scan_options(parser)


def add_scan_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `scan` that `curate` has too."""
    add_data(parser)
    add_classes(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    parser.add_argument(
        "--workers",
        type=at_least(1),
        default=os.cpu_count() or 1,
        metavar="N",
        help="number of processes (default: number of cores)",
    )
    parser.add_argument("--mpi", action="store_true", help="use the processes that mpirun started")


def run(args: argparse.Namespace) -> int:
    with needing_opencv():
        from data_tools.basics.pools import local_pool, mpi_pool
        from data_tools.curation.scan import scan
    classes = classes_of(args)
    make_pool = mpi_pool if args.mpi else partial(local_pool, args.workers)
    for line in passed_over_in(args.data):
        print(line, file=sys.stderr)
    count, broken = scan(args.data, args.out, make_pool, classes)
    print(f"{args.out}: {count} pairs measured", file=sys.stderr)
    left_out = signals_left_out(classes)
    if left_out:
        print(
            f"signals left out, because no class of this set is named sky: {', '.join(left_out)}; "
            "scan --class-names FILE names the classes",
            file=sys.stderr,
        )
    if broken:
        print(
            f"{len(broken)} cannot be read, the first: {broken[0].reason}; all are in {args.out / PROBLEMS}",
            file=sys.stderr,
        )
    return EXIT_PROBLEMS if broken else 0


@contextmanager
def needing_opencv() -> Iterator[None]:
    """Turn an ImportError of OpenCV inside the `with` block into an InputError that says what to install.

    OpenCV needs two libraries that small systems do not have.
    """
    try:
        yield
    except ImportError as error:
        raise InputError(
            f"OpenCV cannot be loaded ({error}); pip install opencv-python, and on Debian or Ubuntu: "
            "sudo apt-get install libgl1 libglib2.0-0"
        ) from error
