"""`select`: write the lists of pairs of each split."""

from __future__ import annotations

import argparse
import math
import re
import sys
from pathlib import Path
from typing import Dict, Tuple

from data_tools.basics.invocation import program
from data_tools.basics.table import read_table
from data_tools.commands.options import add_command, at_least
from data_tools.curation.default_rules import DEFAULT_RULES, DISPUTED, Settings, with_limits
from data_tools.curation.manual import read_manual


def add(commands) -> None:
    parser = add_command(
        commands,
        "select",
        run,
        "make the splits Total, Selection I and Selection II from the table that scan wrote",
        "python -m data_tools select --out curation --keep 8116,7331\n\n"
        "rules and their limits (a pair whose signal is above the limit is dropped):\n" + _rules(),
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder that scan wrote")
    add_select_options(parser)


def add_select_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `select` that `curate` has too."""
    defaults = Settings()
    parser.add_argument(
        "--keep",
        type=_two_counts,
        metavar="N1,N2",
        help="keep exactly N1 pairs in Selection I and N2 in Selection II, those with the lowest severity "
        "(default: all pairs within the limits)",
    )
    parser.add_argument(
        "--limit",
        type=_limit,
        action="append",
        default=[],
        metavar="RULE=X",
        help="set the limit of a rule; may be given several times",
    )
    parser.add_argument(
        "--disagreement",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="table with the share of pixels in which a segmenter disagrees with the label map (columns stem, "
        "disagreement); adds the rule 'disputed'; may be given several times",
    )
    parser.add_argument(
        "--manual", type=Path, metavar="FILE", help="file of lines 'keep STEM' or 'drop STEM', which override the rules"
    )
    parser.add_argument(
        "--agreement",
        type=_share,
        default=defaults.agreement,
        metavar="P",
        help=f"share of equal cells that makes label maps equivalent (default: {defaults.agreement})",
    )
    parser.add_argument("--flips", action="store_true", help="treat a label map and its mirror image as equivalent")
    parser.add_argument(
        "--class-size",
        type=at_least(1),
        default=defaults.class_size,
        metavar="K",
        help=f"number of pairs to keep of an equivalence class (default: {defaults.class_size})",
    )
    parser.add_argument(
        "--difference",
        type=_number,
        default=defaults.difference,
        metavar="D",
        help=f"thin a class if its photos differ by more than this (CIE Lab, default: {defaults.difference:g})",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--link", type=Path, metavar="DIR", help="write the splits to DIR as folders of links")
    group.add_argument("--copy", type=Path, metavar="DIR", help="write the splits to DIR as folders of copies")


def run(args: argparse.Namespace) -> int:
    from data_tools.curation.folder import PAGE

    status, page = make_selection(args), args.out / PAGE
    if page.exists():
        again = f"`{program('data_tools')} report --out {args.out}` writes it anew"
        print(f"{page}: shows the selection before this one; {again}", file=sys.stderr)
    return status


def check(args: argparse.Namespace) -> Tuple[Settings, Dict[str, bool]]:
    """Return the rules and the marks of a person that the options name. No pair is read.

    Raises:
        InputError: A rule is unknown, or one of the files is missing or malformed.
    """
    rules = DEFAULT_RULES + ((DISPUTED,) if args.disagreement else ())
    settings = Settings(
        rules, agreement=args.agreement, flips=args.flips, class_size=args.class_size, difference=args.difference
    )
    for path in args.disagreement:
        read_table(path)
    return with_limits(settings, dict(args.limit)), read_manual(args.manual) if args.manual else {}


def make_selection(args: argparse.Namespace) -> int:
    """Make the splits and say how many pairs they have. Return the exit status."""
    from data_tools.curation.folder import DECISIONS, counts, find_scanned, rules_left_out, select_splits
    from data_tools.sets.layout import lay_out

    settings, manual = check(args)
    selection = select_splits(args.out, settings, manual, args.keep, args.disagreement)
    not_measured = rules_left_out(args.out, settings)
    if not_measured:
        print(
            f"rules left out, because no class of this set is named sky: {', '.join(not_measured)}",
            file=sys.stderr,
        )
    print(f"{counts(selection)}; the reasons are in {args.out / DECISIONS}", file=sys.stderr)
    folder = args.link or args.copy
    if folder:
        pairs = find_scanned(args.out)
        lay_out(
            folder,
            {split: [pairs[stem] for stem in stems] for split, stems in selection.splits.items()},
            copy=args.copy is not None,
        )
    return 0


def _rules() -> str:
    return "\n".join(f"  {rule.name:14s} {rule.limit:<6g} {rule.meaning}" for rule in DEFAULT_RULES)


def _two_counts(text: str) -> Tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,9}),([0-9]{1,9})", text)
    if not match or int(match[2]) > int(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is not N1,N2 with N2 at most N1, such as 8116,7331")
    return int(match[1]), int(match[2])


def _limit(text: str) -> Tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, _number(value)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not RULE=NUMBER, such as backlit=0.3") from None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def _share(text: str) -> float:
    try:
        value = _number(text)
    except argparse.ArgumentTypeError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and up to 1")
    return value
