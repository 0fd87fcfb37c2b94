"""Describe what lies in a folder, for the message about a data set whose folders have other names."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Dict

from data_tools.basics.names import printable

DEPTH = 3  # levels of sub-folders that are looked at; a folder of sets has SET/train/imgs
LOOKED_AT = 100  # folders at most, so that a mistyped folder such as / is no long search
SHOWN_FOLDERS = 6  # folders that the text names; more would not be read
SHOWN_SUFFIXES = 3  # the same for suffixes in one folder


def describe(root: Path) -> str:
    """Return which files lie in a folder and its sub-folders, in one line: "12 .jpg; images: 9 .png", or "no files".

    Hidden files and folders are left out, and folders that cannot be read.
    """
    found = {name: text for name, text in _contents(Path(root)).items() if text}
    parts = [text if name == "." else f"{name}: {text}" for name, text in list(found.items())[:SHOWN_FOLDERS]]
    if len(found) > SHOWN_FOLDERS:
        parts.append(f"and more in {len(found) - SHOWN_FOLDERS} other folders")
    return printable("; ".join(parts)) or "no files"


def _contents(root: Path) -> Dict[str, str]:
    """Return folder, relative to `root` -> its files, counted by suffix; an empty text if it holds none."""
    found: Dict[str, str] = {}
    for place, folders, files in os.walk(root):
        here = Path(place).relative_to(root)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if len(here.parts) < DEPTH else []
        found[str(here)] = _suffixes(Counter(Path(name).suffix.lower() for name in files if not name.startswith(".")))
        if len(found) == LOOKED_AT:
            break
    return found


def _suffixes(counts: Counter) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [f"{count} {suffix or 'without ending'}" for suffix, count in ordered[:SHOWN_SUFFIXES]]
    rest = sum(count for _, count in ordered[SHOWN_SUFFIXES:])
    return ", ".join([*words, f"{rest} others"] if rest else words)
