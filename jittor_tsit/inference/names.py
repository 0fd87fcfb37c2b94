"""Names of the result images: one for each input, draw and target, never two alike."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Dict, List, Sequence

from data_tools.basics.errors import InputError


def names_of_inputs(paths: Sequence[Path]) -> List[str]:
    """Return a name for the results of each input file: its name without the ending.

    Where two files would get the same name, the name of the folder is put in front, or the ending is added:
    "a_jpg" and "a_png" for a.jpg and a.png.

    Raises:
        InputError: Two files have the same name all the same. The message names both.
    """
    stems = [path.stem for path in paths]
    names = _where_equal(stems, [f"{path.parent.name}_{path.stem}" for path in paths])
    names = _where_equal(names, [f"{name}_{path.suffix[1:]}" for name, path in zip(stems, paths)])
    found: Dict[str, Path] = {}
    for name, path in zip(names, paths):
        if name in found:
            raise InputError(f"{path} and {found[name]}: their images would have the same name; rename one file")
        found[name] = path
    return names


def _where_equal(names: Sequence[str], others: Sequence[str]) -> List[str]:
    """Return `names`, with those that occur more than once replaced by `others`."""
    counts = Counter(names)
    return [name if counts[name] == 1 else other for name, other in zip(names, others)]


def draws_of(name: str, draws: int) -> List[str]:
    """Return the names of the images of an input: the input's own, or with several draws `<name>_1`, `<name>_2`, …"""
    return [name] if draws == 1 else [f"{name}_{k}" for k in range(1, draws + 1)]


def names_of_targets(names: Sequence[str], targets: Sequence[str]) -> Dict[str, List[str]]:
    """Return the names of each input's images, one for each target: input -> `<input>_<target>`, ….

    Where two of these would be equal, two underscores join all of them; where that does not help either, the images of
    each target get a folder of their own, `<target>/<input>`.
    """
    for pattern in ("{name}_{target}", "{name}__{target}", "{target}/{name}"):
        found = {name: [pattern.format(name=name, target=target) for target in targets] for name in names}
        if len({each for some in found.values() for each in some}) == len(names) * len(targets):
            break
    return found
