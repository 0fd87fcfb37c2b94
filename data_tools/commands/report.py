"""`report`: write the review page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from data_tools.commands.options import add_command, at_least

_EXAMPLES = 12  # pairs in each list; they fill one screen


def add(commands) -> None:
    parser = add_command(
        commands,
        "report",
        run,
        "write one HTML page that shows the pairs that each rule dropped, for a person to review",
        "python -m data_tools report --out curation\n"
        "Open curation/report.html, mark pairs, save manual.txt, then run: select --manual manual.txt",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder that scan and select wrote")
    add_report_options(parser)


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report` that `curate` has too."""
    parser.add_argument(
        "--examples",
        type=at_least(1),
        default=_EXAMPLES,
        metavar="N",
        help=f"pairs in each list of the page (default: {_EXAMPLES})",
    )


def run(args: argparse.Namespace) -> int:
    from data_tools.report.from_folder import make_report

    print(make_report(args.out, args.examples), file=sys.stderr)
    return 0
