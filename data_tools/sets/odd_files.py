"""Count unusual files by what is unusual, and check that all photos of a set are scaled alike."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterable, List, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.names import printable, quantity
from data_tools.sets.image_io import read_depth
from data_tools.sets.oddities import Unusual

_MAY_BE_DEEP = (".png", ".tif", ".tiff")  # formats with more than 8 bits a channel


class OddFiles:
    """Counter of unusual files: for each note the number of files and the first one."""

    def __init__(self) -> None:
        self.counts: Dict[str, Tuple[int, Path]] = {}
        self.depths: Dict[Tuple[int, int], Tuple[int, Path]] = {}  # (stored, used) bits -> number of files, first one

    def add(self, file: Unusual) -> None:
        """Count one file."""
        for note in file.notes:
            number, first = self.counts.get(note, (0, file.path))
            self.counts[note] = number + 1, first
        if file.depth is not None and file.depth.stored > 8 and file.depth.used:
            number, first = self.depths.get(file.depth, (0, file.path))
            self.depths[file.depth] = number + 1, first

    def lines(self, ending: str = "") -> List[str]:
        """Return one line for each note, the most frequent one first.

        Args:
            ending: How to list all files.
        """
        ordered = sorted(self.counts.items(), key=lambda item: -item[1][0])
        return [
            printable(f"{quantity(number, 'file')}: {note}, such as {first}{ending}")
            for note, (number, first) in ordered
        ]

    def require_one_scale(self) -> None:
        """Check that the photos of more than 8 bits all use the same number of bits.

        Otherwise a dark photo of 16 bits cannot be told from a bright one of 12.

        Raises:
            InputError: They do not. The message names a file of each kind and the remedy.
        """
        by_stored: Dict[int, Dict[int, Tuple[int, Path]]] = {}
        for (stored, used), files in self.depths.items():
            by_stored.setdefault(stored, {})[used] = files
        for stored, found in by_stored.items():
            if len(found) > 1:
                raise InputError(_not_one_scale(stored, found))


def _not_one_scale(stored: int, found: Dict[int, Tuple[int, Path]]) -> str:
    """Return the message about photos of `stored` bits that use different numbers of bits.

    Args:
        found: Number of used bits -> number of files, and the first one.
    """
    parts = "; ".join(
        f"{used} bits: {quantity(found[used][0], 'file')}, such as {found[used][1]}" for used in sorted(found)
    )
    bits = max(found)
    gain = f"-evaluate multiply {1 << (16 - bits)} " if bits < 16 else ""  # to the full range of 16 bits
    return printable(
        f"photos of {stored} bits a channel use different numbers of bits and would be scaled differently ({parts}); "
        f"if all are of {bits} bits, save them with 8: mogrify {gain}-depth 8 FILES"
    )


def count_depths(paths: Iterable[Path]) -> OddFiles:
    """Count photos by the bits of their channels.

    Raises:
        InputError: As in `read_depth` and `OddFiles.require_one_scale`.
    """
    odd = OddFiles()
    for path in paths:
        if path.suffix.lower() in _MAY_BE_DEEP:
            odd.add(Unusual(path, [], read_depth(path)))
    odd.require_one_scale()
    return odd


def depth_remarks(paths: Iterable[Path]) -> List[str]:
    """Return one line for each way in which photos of more than 8 bits a channel are scaled. Errors: `count_depths`."""
    odd = count_depths(paths)
    lines = []
    for (stored, used), (number, first) in odd.depths.items():
        files = f"{quantity(number, 'file')} of {stored} bits"
        lines.append(printable(f"{files} use {used} bits, and only the upper 8 are read; the first is {first}"))
    return lines
