"""The command `fetch`: download weights of judges and teachers from their publishers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import List

from data_tools.basics.errors import EXIT_ERROR, InputError
from data_tools.basics.invocation import typed
from data_tools.basics.names import printable
from jittor_tsit.commands.shared_options import add_command
from jittor_tsit.conversion.weight_files import WEIGHT_SUFFIXES, require_weight_file
from jittor_tsit.runtime.download import download, sha256_of
from jittor_tsit.runtime.published_files import FOLDER, PUBLISHED, PublishedFile

ALL = "all"


def add(commands) -> None:
    """Add the command `fetch` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "fetch",
        run,
        "download weights of judges and teachers from their publishers",
        "python -m jittor_tsit fetch vgg19\n"
        "A download that was cut goes on when the command is run again. Size and SHA-256 are checked. Proxies are\n"
        "taken from the variables http_proxy and https_proxy.",
    )
    names = ", ".join(PUBLISHED)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{names}, or {ALL}")
    parser.add_argument("--list", action="store_true", help="print what there is, with size, licence and address")
    parser.add_argument(
        "--judges", type=Path, default=FOLDER, metavar="DIR", help=f"folder for the files; default: {FOLDER}"
    )


def run(args: argparse.Namespace) -> int:
    """Download the files that the options name, or print the list of all. Return the exit status.

    A file that fails does not stop the others. At the end, one line names each.
    """
    if args.list:
        print("\n".join(describe(name, published) for name, published in PUBLISHED.items()))
        return 0
    faults = []
    for name in chosen(args.names):
        try:
            fetch(name, PUBLISHED[name], args.judges)
        except InputError as error:
            faults.append(printable(f"error: {name}: {error}"))
    for fault in faults:
        print(fault, file=sys.stderr)
    return EXIT_ERROR if faults else 0


def chosen(names: List[str]) -> List[str]:
    """Return the names to fetch.

    Raises:
        InputError: No name is given, or one is not known.
    """
    unknown = [name for name in names if name not in (*PUBLISHED, ALL)]
    if unknown or not names:
        what = f"fetch {unknown[0]}: not known" if unknown else "fetch: no name is given"
        raise InputError(f"{what}; there are {', '.join(PUBLISHED)}, and {ALL}; --list shows more")
    return list(PUBLISHED) if ALL in names else list(dict.fromkeys(names))


def describe(name: str, published: PublishedFile) -> str:
    """Return a description of a published file, a few lines."""
    size = f"{published.size / 1e6:.2f} MB" if published.size else "size not published"
    return (
        f"{name}: {published.what}\n  {published.url} ({size})\n  licence: {published.licence}\n"
        f"  source: {published.source}"
    )


def fetch(name: str, published: PublishedFile, folder: Path) -> None:
    """Download one file to a folder, unless it is there, and print where it is and how it is used.

    Raises:
        InputError: Another file takes its place in the folder; or as in `download`.
    """
    target = folder / published.file
    print(describe(name, published))
    if not target.exists():
        _require_place(target)
        download(published.url, target, published.size, published.sha256)
    digest = sha256_of(target)
    if not digest.startswith(published.sha256):
        raise InputError(f"{target}: is another file than the published one (SHA-256 {digest}); move it away")
    require_weight_file(target)
    print(f"{target}: {_checked(published, digest)}; {typed(published.use.format(path=target))}")


def _require_place(target: Path) -> None:
    """Refuse a download beside a judge's file with another suffix: `score` accepts only one of them."""
    other = next((path for path in map(target.with_suffix, WEIGHT_SUFFIXES) if path.exists()), None)
    if other is not None:
        raise InputError(f"{other}: takes the place of {target.name} already; keep it, or move it away first")


def _checked(published: PublishedFile, digest: str) -> str:
    if len(published.sha256) == len(digest):
        return "size and SHA-256 are as published"
    if published.sha256:
        return f"the first {len(published.sha256)} digits of its SHA-256 are as published ({digest})"
    return f"its publisher gives no checksum to compare with; its SHA-256 is {digest}"
