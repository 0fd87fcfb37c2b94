"""Read and write the file of `--manual`: a person's decisions on single pairs, made by hand or on the review page."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Mapping

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_text, write_atomic
from data_tools.basics.names import printable, unlistable

HEADING = "# One pair a line: keep STEM or drop STEM. Lines that begin with # are comments."

_KEPT = {"keep": True, "drop": False}
_SHOWN = 60  # characters of a wrong line that an error message quotes


def read_manual(path: Path) -> Dict[str, bool]:
    """Read a person's decisions: stem -> True to keep the pair, False to drop it.

    Blank lines and lines that begin with # are ignored.

    Raises:
        InputError: The file cannot be read; a line is neither `keep STEM` nor `drop STEM`; a stem has both.
    """
    marks: Dict[str, bool] = {}
    lines: Dict[str, int] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        word, stem = [*line.split(None, 1), ""][:2]
        if word not in _KEPT or not stem:
            raise InputError(f"{path}: line {number} is {line[:_SHOWN]!r}; it must be 'keep STEM' or 'drop STEM'")
        if marks.get(stem, _KEPT[word]) != _KEPT[word]:
            raise InputError(
                f"{path}: line {number} says {word} {stem}, and line {lines[stem]} the opposite; remove one of them"
            )
        marks[stem] = _KEPT[word]
        lines.setdefault(stem, number)
    return marks


def write_manual(path: Path, marks: Mapping[str, bool]) -> None:
    """Write decisions in the format of `read_manual`, sorted by stem.

    Raises:
        InputError: The file cannot hold one of the stems; the folder is missing or may not be written to.
    """
    for stem in sorted(marks):
        if unlistable(stem):
            raise InputError(f"{path}: cannot name {printable(stem)}: {unlistable(stem)}")
    words = {kept: word for word, kept in _KEPT.items()}
    lines = [HEADING, *(f"{words[marks[stem]]} {stem}" for stem in sorted(marks))]
    write_atomic(path, "".join(f"{line}\n" for line in lines).encode("utf-8"))
