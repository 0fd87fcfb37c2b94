"""Write a data set again with known defects in some of its pairs."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Set

import numpy as np
from tqdm import tqdm

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder
from data_tools.basics.output_folder import copy_file, require_only, require_same_record, write_record
from data_tools.planting.fields import seeded
from data_tools.planting.journal import Journal
from data_tools.planting.kinds import KINDS, Pixels, Planted, added_stems
from data_tools.planting.truth import TRUTH_FILE, Truth, read_truth, write_truth
from data_tools.sets.image_io import write_label, write_photo
from data_tools.sets.pairing import Pair, find_pairs

VERSION = 1  # raised whenever the same seed plants other defects, so that two kinds never mix in one folder

_RECORD = "plant.json"
_JOURNAL = ".planted.jsonl"  # hidden, and gone when the set is complete


def plant_set(data: Path, out: Path, kinds: Sequence[str], share: float, seed: int) -> None:
    """Copy the pairs of `data` to `out/train`, with one defect in each of a random `share` of them.

    The kinds take turns, so that all come equally often; a pair that does not suit a kind is left to the
    others. What is not changed is copied byte for byte. `out/truth.csv` says what was done (`read_truth`),
    `out/plant.json` which set it is; the same command again goes on where it stopped.

    Args:
        kinds: Names of `KINDS`.
        share: Of the pairs, 0 < share <= 1; at least one pair is chosen.

    Raises:
        InputError: An unknown kind, a share or seed out of range; `data` is no data set, or a pair cannot be
            read; `out` lies in `data`, holds another set or other files, or may not be written to.
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
    known = require_same_record(out / _RECORD, record)
    require_only(out, {"train", TRUTH_FILE, _RECORD}, known)
    require_planted_only(pairs, out, known)
    make_folder(out)
    write_record(out / _RECORD, record)
    plant_pairs(pairs, out, kinds, share, seed)


def plant_pairs(pairs: Sequence[Pair], out: Path, kinds: Sequence[str], share: float, seed: int) -> None:
    """As `plant_set`, for pairs and a folder that were looked at already."""
    if is_complete(out):
        return
    target = _target(out)
    for folder in target:
        make_folder(folder)
    journal = Journal(out / _JOURNAL)
    count = max(1, round(share * len(pairs)))
    turns = [kinds[i % len(kinds)] for i in range(count)]
    truth: List[Truth] = []
    with tqdm(total=len(pairs), desc="plant", unit="pair", file=sys.stderr) as bar:
        for rows in _planted(pairs, target, journal, turns, seed):
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
    """Whether an earlier run came to its end and nothing was lost since."""
    if not (out / TRUTH_FILE).exists():
        return False
    stems = set(read_truth(out / TRUTH_FILE))
    return all(_visible_stems(folder) == stems for folder in _target(out))


def require_plan(kinds: Sequence[str], share: float, seed: int) -> None:
    """Refuse kinds that do not exist or come twice, and a share or seed out of range."""
    for kind in kinds:
        if kind not in KINDS:
            raise InputError(f"kinds: {kind!r} is none of {', '.join(KINDS)}")
        if list(kinds).count(kind) > 1:
            raise InputError(f"kinds: {kind} is given {list(kinds).count(kind)} times, and once is enough")
    if not kinds:
        raise InputError(f"kinds: none is given; they are {', '.join(KINDS)}")
    if not 0 < share <= 1:
        raise InputError(f"share {share} is not in 0 < share <= 1")
    if seed < 0:
        raise InputError(f"seed {seed} is not 0 or more")


def require_planted_only(pairs: Sequence[Pair], out: Path, known: bool) -> None:
    """Refuse photos and labels in `out` that planting `pairs` could not have put there."""
    stems = [stem for pair in pairs for stem in (pair.stem, *added_stems(pair.stem))]
    for folder, suffixes in (
        ("imgs", {p.photo.suffix for p in pairs} | {".jpg"}),
        ("labels", {p.label.suffix for p in pairs} | {".png"}),
    ):
        require_only(out / "train" / folder, {stem + suffix for stem in stems for suffix in suffixes}, known)


class _Target(NamedTuple):
    photos: Path
    labels: Path


def _target(out: Path) -> _Target:
    return _Target(out / "train" / "imgs", out / "train" / "labels")


def _planted(
    pairs: Sequence[Pair], target: _Target, journal: Journal, turns: Sequence[str], seed: int
) -> Iterator[List[Truth]]:
    """Plant and write one pair a turn; gives the truth about it and what was added beside it."""
    by_lot = sorted(pairs, key=lambda pair: hashlib.sha256(f"{seed}/{pair.stem}".encode()).digest())
    candidates: Dict[str, Iterator[Pair]] = {kind: iter(by_lot) for kind in turns}  # what does not suit never will
    names, taken = {pair.stem for pair in pairs}, set()
    for kind in turns:
        for pair in candidates[kind]:
            if pair.stem in taken or (KINDS[kind].changes == "adds" and not names.isdisjoint(added_stems(pair.stem))):
                continue  # where "x-2" is there already, it might be a copy of "x" itself
            rows = journal.find(kind, pair.stem) or _plant(kind, pair, by_lot, target, seed)
            if rows:
                journal.add(kind, pair.stem, rows)
                taken.add(pair.stem)
                yield rows
                break


def _plant(kind: str, pair: Pair, pairs: Sequence[Pair], target: _Target, seed: int) -> List[Truth]:
    """Plant one defect and write what comes of it: nothing if the pair does not suit."""

    def others(rng: np.random.Generator) -> Iterator[Pixels]:
        return (Pixels(pairs[i]) for i in rng.permutation(len(pairs)) if pairs[i].stem != pair.stem)

    planted = KINDS[kind].plant(Pixels(pair), others, seeded(seed, kind, pair.stem))
    return [_write(target, pair, one) for one in planted or ()]


def _write(target: _Target, pair: Pair, planted: Planted) -> Truth:
    """Write one pair; a file that is not changed is the original's, under the planted pair's stem."""
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
    """Names and sizes of all files, so that a set that has changed is not taken for the one begun with."""
    names = [f"{path.name} {os.stat(path).st_size}" for pair in pairs for path in (pair.photo, pair.label)]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _require_apart(data: Path, out: Path) -> None:
    if data.resolve() in (out.resolve(), *out.resolve().parents):
        raise InputError(f"out {out} lies in the data set {data}, which is never changed; give another folder")
