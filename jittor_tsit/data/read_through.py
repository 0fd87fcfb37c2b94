"""Read a data set whole before training, but for what an earlier start of the run has read. Imports no Jittor."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path
from typing import Callable, Iterable, Sequence, Set, Tuple

from tqdm import tqdm

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version, make_folder
from data_tools.sets.checking import check_pairs
from data_tools.sets.classes import NUM_CLASSES
from data_tools.sets.image_io import read_photo
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.samples import AlignedSamples, PairedSamples, Samples

CHECKED = "checked.txt"  # in a run's folder

Group = Tuple[Sequence[Path], Callable[[], object]]  # files, and what reads them


class CheckedFiles:
    """Groups of files that were found sound, kept in a file, a line each; each is kept as soon as it is added.

    A group counts as checked while the paths, sizes and times of change of its files are what they were.

    Args:
        kept_in: The file, which need not exist.
        way: How the groups are checked; what was checked in another way does not count.

    Raises:
        InputError: The file cannot be read; from `add`: it cannot be written.
    """

    def __init__(self, kept_in: Path, way: str):
        self.kept_in, self.way, self.known = kept_in, way, _read_lines(kept_in)

    def key(self, paths: Iterable[Path]) -> bytes:
        """Names a group of files as they are now; empty if one is missing."""
        digest = hashlib.blake2b(self.way.encode(), digest_size=16)  # wide enough that no two of any set collide
        for path in paths:
            try:
                version = file_version(path)
            except OSError:
                return b""
            digest.update(b"\0%s\0%d %d" % (os.fsencode(path), *version))
        return digest.hexdigest().encode()

    def add(self, key: bytes) -> None:
        """Keep a group that was found sound; its key is from before it was read."""
        make_folder(self.kept_in.parent)
        try:
            with open(self.kept_in, "ab") as file:
                file.write(key + b"\n")
        except OSError as error:
            raise InputError(f"{self.kept_in}: cannot be written: {error.strerror}") from error


def _read_lines(path: Path) -> Set[bytes]:
    try:
        return set(path.read_bytes().split()) if path.exists() else set()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def check_all_pairs(samples: Sequence[PairedSamples], maps: LabelMaps, kept_in: Path) -> None:
    """Read every pair, and its instances.

    Args:
        kept_in: The file of `CheckedFiles`.

    Raises:
        InputError: Names the first faulty pair and their number.
    """
    checked = CheckedFiles(kept_in, f"pairs {maps.num_classes} {maps.unknown}")
    pairs = sorted({pair for each in samples for pair in each.pairs})
    keys = {pair: checked.key((pair.photo, pair.label)) for pair in pairs}
    left = [pair for pair in pairs if keys[pair] not in checked.known]
    problems = check_pairs(left, maps.num_classes, unknown=maps.unknown, sound=lambda pair: checked.add(keys[pair]))
    if problems:
        where = "; `python -m data_tools check` lists all" if maps == LabelMaps(NUM_CLASSES) else ""
        more = f" ({len(problems)} faulty pairs{where})" if len(problems) > 1 else ""
        raise InputError(f"{problems[0][1]}{more}")
    if maps.has_edges:
        groups = [(maps.paths(pair.label), partial(maps.read, pair.label, 1, 1)) for pair in pairs]
        _read_each(groups, CheckedFiles(kept_in, f"instances {maps}"), "map")


def check_photos(samples: Sequence[Samples], kept_in: Path) -> None:
    """Read every photo, and take apart those that show two.

    Args:
        kept_in: The file of `CheckedFiles`.

    Raises:
        InputError: One cannot be read, or not be taken apart.
    """
    for each in samples:
        if not isinstance(each, AlignedSamples):
            continue
        groups = [(files, partial(each.at, position)) for position, files in enumerate(each.files)]
        _read_each(groups, CheckedFiles(kept_in, "aligned"), "pair")
    paths = sorted({path for each in samples for path in each.paths()})
    _read_each([((path,), partial(read_photo, path)) for path in paths], CheckedFiles(kept_in, "photos"), "photo")


def _read_each(groups: Sequence[Group], checked: CheckedFiles, unit: str) -> None:
    keys = [checked.key(files) for files, _ in groups]
    left = [(key, read) for key, (_, read) in zip(keys, groups) if key not in checked.known]
    for key, read in tqdm(left, unit=unit, desc="check", leave=False):
        read()
        checked.add(key)
