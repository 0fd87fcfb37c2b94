"""Copy a data set and put known defects into some of its pairs.

The defects themselves are in photos.py, labels.py, watermark.py and pairs.py; kinds.py lists them by name.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Set

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder
from data_tools.basics.output_folder import copy_file, require_only, require_same_record, write_record
from data_tools.basics.progress import progress_bar
from data_tools.planting.fields import make_generator
from data_tools.planting.journal import Journal
from data_tools.planting.kinds import KINDS, Pixels, Planted, added_stems
from data_tools.planting.truth import TRUTH_FILE, Truth, read_truth, write_truth
from data_tools.sets.image_io import write_label, write_photo
from data_tools.sets.pairing import Pair, find_pairs

VERSION = 1  # increase when a seed gives other defects, so that no folder mixes two versions

_RECORD = "plant.json"
_JOURNAL = ".planted.jsonl"  # hidden; deleted when the set is complete


def plant_set(data: Path, out: Path, kinds: Sequence[str], share: float, seed: int) -> None:
    """Copy the pairs of `data` to `out/train` and put one defect into each of a random `share` of them.

    All kinds occur equally often. A pair that is not suitable for a kind is left to the other kinds. Unchanged files
    are copied byte for byte. `out/truth.csv` lists the defects (`read_truth`), and `out/plant.json` records the
    arguments, so that an interrupted call can be repeated.

    Args:
        kinds: Names of `KINDS`.
        share: Share of the pairs, 0 < share <= 1; at least one pair gets a defect.

    Raises:
        InputError: A kind is unknown, the share or the seed is out of range; `data` is not a data set, or a pair
            cannot be read; `out` lies in `data`, holds another set or other files, or may not be written to.
        OSError: The disk is full.
    """
    data, out = Path(data), Path(out)
    require_plan(kinds, share, seed)
    pairs = find_pairs(data)
    _require_apart(data, out)
    record = {
        "version": VERSION,
        "pairs": len(pairs),
        "data": _fingerprint(pairs),
        "kinds": list(kinds),
        "share": share,
        "seed": seed,
    }
    is_ours = require_same_record(out / _RECORD, record)
    require_only(out, {"train", TRUTH_FILE, _RECORD}, is_ours)
    require_planted_only(pairs, out, is_ours)
    make_folder(out)
    write_record(out / _RECORD, record)
    plant_pairs(pairs, out, kinds, share, seed)


def plant_pairs(pairs: Sequence[Pair], out: Path, kinds: Sequence[str], share: float, seed: int) -> None:
    """Copy the pairs to `out/train`, plant the defects and write `truth.csv`, as `plant_set` does.

    Does not check the arguments and the folder. Resumes an interrupted call, and does nothing if the set is complete.
    """
    if is_complete(out):
        return
    target = _target(out)
    for folder in target:
        make_folder(folder)
    journal = Journal(out / _JOURNAL)
    count = max(1, round(share * len(pairs)))
    kinds_to_plant = [kinds[i % len(kinds)] for i in range(count)]
    truth: List[Truth] = []
    with progress_bar(total=len(pairs), desc="plant", unit="pair") as bar:
        for rows in _plant_defects(pairs, target, journal, kinds_to_plant, seed):
            truth += rows
            bar.update()
        changed = {row.stem for row in truth}
        for pair in pairs:
            if pair.stem not in changed:
                truth.append(_write(target, pair, Planted(Truth(pair.stem, "", "", ""))))
                bar.update()
    write_truth(out / TRUTH_FILE, truth)
    journal.remove()


def is_complete(out: Path) -> bool:
    """Return whether the folder `out` holds the whole result of an earlier run, with all of its files."""
    if not (out / TRUTH_FILE).exists():
        return False
    stems = set(read_truth(out / TRUTH_FILE))
    return all(_visible_stems(folder) == stems for folder in _target(out))


def require_plan(kinds: Sequence[str], share: float, seed: int) -> None:
    """Check the arguments of `plant_set`.

    Raises:
        InputError: There is no kind, an unknown one or one twice; the share or the seed is out of range.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise InputError(f"kinds: {kind!r} is unknown; the kinds are {', '.join(KINDS)}")
        if list(kinds).count(kind) > 1:
            raise InputError(f"kinds: {kind} is given {list(kinds).count(kind)} times; give it once")
    if not kinds:
        raise InputError(f"kinds: none is given; the kinds are {', '.join(KINDS)}")
    if not 0 < share <= 1:
        raise InputError(f"share {share} is not in 0 < share <= 1")
    if seed < 0:
        raise InputError(f"seed {seed} is not 0 or more")


def require_planted_only(pairs: Sequence[Pair], out: Path, is_ours: bool) -> None:
    """Check that `out` holds no photos and labels besides those that planting `pairs` can write.

    Args:
        is_ours: As in `require_only`.

    Raises:
        InputError: There are other files.
    """
    stems = [stem for pair in pairs for stem in (pair.stem, *added_stems(pair.stem))]
    for folder, suffixes in (
        ("imgs", {p.photo.suffix for p in pairs} | {".jpg"}),
        ("labels", {p.label.suffix for p in pairs} | {".png"}),
    ):
        require_only(out / "train" / folder, {stem + suffix for stem in stems for suffix in suffixes}, is_ours)


class _Target(NamedTuple):
    photos: Path
    labels: Path


def _target(out: Path) -> _Target:
    return _Target(out / "train" / "imgs", out / "train" / "labels")


def _plant_defects(
    pairs: Sequence[Pair], target: _Target, journal: Journal, kinds_to_plant: Sequence[str], seed: int
) -> Iterator[List[Truth]]:
    """For each kind to plant, put the defect into a suitable pair, write the result, and yield its truth rows.

    Args:
        kinds_to_plant: Name of a kind for each pair that gets a defect; a name occurs as often as its kind is planted.
    """
    by_hash = sorted(pairs, key=lambda pair: hashlib.sha256(f"{seed}/{pair.stem}".encode()).digest())
    candidates: Dict[str, Iterator[Pair]] = {
        kind: iter(by_hash) for kind in kinds_to_plant
    }  # pairs that a kind has not tried
    names, taken = {pair.stem for pair in pairs}, set()
    for kind in kinds_to_plant:
        for pair in candidates[kind]:
            if pair.stem in taken or (KINDS[kind].changes == "adds" and not names.isdisjoint(added_stems(pair.stem))):
                continue  # the set holds a pair of this name already, such as "x-2" for "x"
            rows = journal.find(kind, pair.stem) or _plant(kind, pair, by_hash, target, seed)
            if rows:
                journal.add(kind, pair.stem, rows)
                taken.add(pair.stem)
                yield rows
                break


def _plant(kind: str, pair: Pair, pairs: Sequence[Pair], target: _Target, seed: int) -> List[Truth]:
    """Put the defect `kind` into one pair, write the resulting files and return its rows of the truth file.

    Return an empty list if the pair is not suitable. `pairs` are those from which partners are drawn.
    """

    def others(rng: np.random.Generator) -> Iterator[Pixels]:
        return (Pixels(pairs[i]) for i in rng.permutation(len(pairs)) if pairs[i].stem != pair.stem)

    planted = KINDS[kind].plant(Pixels(pair), others, make_generator(seed, kind, pair.stem))
    return [_write(target, pair, one) for one in planted or ()]


def _write(target: _Target, pair: Pair, planted: Planted) -> Truth:
    """Write the files of one resulting pair into the target folder and return its row of the truth file.

    A file that the defect does not change is copied from the original `pair`.
    """
    stem = planted.truth.stem
    if planted.photo is None:
        copy_file(pair.photo, target.photos / f"{stem}{pair.photo.suffix}")
    else:
        write_photo(target.photos / f"{stem}.jpg", planted.photo, planted.quality)
    if planted.label is None:
        copy_file(pair.label, target.labels / f"{stem}{pair.label.suffix}")
    else:
        write_label(target.labels / f"{stem}.png", planted.label)
    return planted.truth


def _visible_stems(folder: Path) -> Set[str]:
    names = os.listdir(folder) if folder.is_dir() else []
    return {Path(name).stem for name in names if not name.startswith(".")}


def _fingerprint(pairs: Sequence[Pair]) -> str:
    """Return a digest of the names and sizes of all files of the pairs. It tells whether the data set has changed."""
    names = [f"{path.name} {os.stat(path).st_size}" for pair in pairs for path in (pair.photo, pair.label)]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _require_apart(data: Path, out: Path) -> None:
    if data.resolve() in (out.resolve(), *out.resolve().parents):
        raise InputError(f"out {out} lies in the data set {data}, which is never changed; give another folder")
