"""Read split lists, and select the pairs that they name."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Collection, Iterable, Optional, Sequence

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_text
from data_tools.basics.names import composed
from data_tools.sets.formats import IMAGES
from data_tools.sets.pairing import Pair


def read_split(path: Path) -> list[str]:
    """Read the stems of a split list: one stem a line. Blank lines and lines that start with # are ignored.

    Raises:
        InputError: The file cannot be read, names a stem twice, or names none.
    """
    lines: dict[str, int] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        stem = line.strip()
        if not stem or stem.startswith("#"):
            continue
        if stem in lines:
            raise InputError(f"{path}: line {number} names {stem} again (first on line {lines[stem]})")
        lines[stem] = number
    if not lines:
        raise InputError(f"{path}: names no stems; write one stem on each line")
    return list(lines)


def select_stems(pairs: Sequence[Pair], stems: Iterable[str]) -> list[Pair]:
    """Return the pairs with the given stems, in the order of `pairs`.

    Args:
        stems: Stems of pairs, or names or paths of their files, such as imgs/p0.jpg.

    Raises:
        InputError: Some of the stems belong to no pair.
    """
    stems = list(dict.fromkeys(stems))
    known = {composed(pair.stem) for pair in pairs}
    wanted = {stem: _known_stem(stem, known) for stem in stems}
    unknown = [stem for stem, found in wanted.items() if found is None]
    if unknown:
        raise InputError(
            f"{len(unknown)} of {len(stems)} stems (file names without ending) are not among the {len(known)} pairs, "
            f"the first is {unknown[0]}; the first pair is {min(known, default='missing')}"
        )
    return [pair for pair in pairs if composed(pair.stem) in wanted.values()]


def _known_stem(name: str, known: Collection[str]) -> Optional[str]:
    """Return the stem that a line of a split list means: the line itself, or a file name without folder and ending."""
    name = composed(name)
    if name in known:
        return name
    path = PurePosixPath(name.replace("\\", "/"))
    stem = path.stem if IMAGES.includes(Path(path)) else path.name
    return stem if stem in known else None
