"""Check that every file of a data set can be read, before training starts. Imports no Jittor.

Files that an earlier start of the same run has checked are skipped if they have not changed.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from functools import partial
from pathlib import Path
from typing import Callable, Iterable, Sequence, Set, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version, make_folder
from data_tools.basics.invocation import typed
from data_tools.basics.progress import progress_bar
from data_tools.sets.checking import check_pairs
from data_tools.sets.classes import NUM_CLASSES
from data_tools.sets.image_io import read_photo
from data_tools.sets.odd_files import OddFiles
from data_tools.sets.oddities import unusual_photo
from data_tools.sets.pairing import Pair
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.samples import AlignedSamples, PairedSamples, Samples

CHECKED = "checked.txt"  # file name in a run's folder

Group = Tuple[Sequence[Path], Callable[[], object]]  # (files, function that reads them)


class CheckedFiles:
    """List of groups of files that passed the check, kept in a text file with one line a group.

    A group counts as checked as long as the paths, sizes and times of change of its files stay the same.

    Args:
        kept_in: The text file. It may be missing.
        method: Name of the check. Groups that passed a check of another name do not count.

    Raises:
        InputError: The text file cannot be read; from `add`: it cannot be written.
    """

    def __init__(self, kept_in: Path, method: str):
        self.kept_in, self.method, self.known = kept_in, method, _read_lines(kept_in)

    def key(self, paths: Iterable[Path]) -> bytes:
        """Return a digest of the paths, sizes and times of change of a group of files; empty if a file is missing."""
        digest = hashlib.blake2b(self.method.encode(), digest_size=16)  # long enough to exclude collisions
        for path in paths:
            try:
                version = file_version(path)
            except OSError:
                return b""
            digest.update(b"\0%s\0%d %d" % (os.fsencode(path), *version))
        return digest.hexdigest().encode()

    def add(self, key: bytes) -> None:
        """Record a group that passed the check, at once.

        Args:
            key: `key` of the group, taken before the group was read.
        """
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


def check_all_pairs(
    samples: Sequence[PairedSamples], maps: LabelMaps, kept_in: Path, tell: Callable[[str], None] = lambda line: None
) -> None:
    """Read every pair and, if needed, its instance map.

    Args:
        kept_in: The text file of `CheckedFiles`.
        tell: Called with one line for each kind of unusual files among those that are read.

    Raises:
        InputError: A pair is faulty. The message names the first one and says how many there are.
    """
    checked = CheckedFiles(kept_in, f"pairs {maps.num_classes} {maps.unknown}")
    pairs = sorted({pair for each in samples for pair in each.pairs})
    keys = {pair: checked.key((pair.photo, pair.label)) for pair in pairs}
    left = [pair for pair in pairs if keys[pair] not in checked.known]
    odd = OddFiles()
    problems = check_pairs(
        left, maps.num_classes, unknown=maps.unknown, sound=lambda pair: checked.add(keys[pair]), unusual=odd.add
    )
    ending = f"; `{_check_command(pairs[0], maps)}` lists all" if pairs else ""
    for line in odd.lines(ending):
        tell(line)
    if problems:
        more = f" ({len(problems)} faulty pairs{ending})" if len(problems) > 1 else ""
        raise InputError(f"{problems[0][1]}{more}")
    _require_one_scale(odd, kept_in)
    if maps.has_edges:
        groups = [(maps.paths(pair.label), partial(maps.read, pair.label, 1, 1)) for pair in pairs]
        _read_each(groups, CheckedFiles(kept_in, f"instances {maps}"), "map")


def _require_one_scale(odd: OddFiles, kept_in: Path) -> None:
    """Raise InputError if photos would be scaled differently. The next start then checks all files again."""
    try:
        odd.require_one_scale()
    except InputError:
        kept_in.unlink()
        raise


def _check_command(pair: Pair, maps: LabelMaps) -> str:
    """Return the command that checks the data set of a pair, as the user types it."""
    base = pair.photo.parent.parent  # holds `imgs` and `labels`
    words = ["check-data", "--data", str(base.parent if base.name == "train" else base)]
    words += [] if maps.num_classes == NUM_CLASSES else ["--num-classes", str(maps.num_classes)]
    words += [] if maps.unknown is None else ["--unknown-id", str(maps.unknown)]
    return typed(" ".join(map(shlex.quote, words)))


def check_photos(samples: Sequence[Samples], kept_in: Path, tell: Callable[[str], None] = lambda line: None) -> None:
    """Read every photo, and split every file that shows two images side by side.

    Args:
        kept_in: The text file of `CheckedFiles`.
        tell: As in `check_all_pairs`.

    Raises:
        InputError: A photo cannot be read or split.
    """
    for each in samples:
        if not isinstance(each, AlignedSamples):
            continue
        groups = [(files, partial(each.unaugmented, position)) for position, files in enumerate(each.files)]
        _read_each(groups, CheckedFiles(kept_in, "aligned"), "pair")
    odd = OddFiles()

    def read(path: Path) -> None:
        read_photo(path)
        odd.add(unusual_photo(path, has_label=False))

    paths = sorted({path for each in samples for path in each.paths()})
    try:
        _read_each([((path,), partial(read, path)) for path in paths], CheckedFiles(kept_in, "photos"), "photo")
    finally:
        for line in odd.lines():
            tell(line)
    _require_one_scale(odd, kept_in)


def _read_each(groups: Sequence[Group], checked: CheckedFiles, unit: str) -> None:
    keys = [checked.key(files) for files, _ in groups]
    left = [(key, read) for key, (_, read) in zip(keys, groups) if key not in checked.known]
    for key, read in progress_bar(left, unit=unit, desc="check", leave=False):
        read()
        checked.add(key)
