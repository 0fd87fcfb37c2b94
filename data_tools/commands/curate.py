"""`curate`: scan, select and report in one go."""

from __future__ import annotations

import argparse

from data_tools.commands import report, scan, select
from data_tools.commands.options import add_command


def add(commands) -> None:
    parser = add_command(
        commands,
        "curate",
        run,
        "scan, select and report in one go",
        "python -m data_tools curate --data data/landscape --out curation\n"
        "then look at curation/report.html, and train with --split curation/selection_2.txt",
    )
    scan.add_scan_options(parser)
    select.add_select_options(parser)
    report.add_report_options(parser)


def run(args: argparse.Namespace) -> int:
    select.check(args)  # before the pairs are measured, which can take hours
    status = scan.run(args)
    select.make_selection(args)
    report.run(args)
    return status
