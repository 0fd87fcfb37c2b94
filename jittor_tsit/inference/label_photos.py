"""The command `label`: label maps of photographs by a trained segmenter, with a confidence for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import append_line, file_version, make_folder, write_atomic
from data_tools.basics.names import printable
from data_tools.basics.progress import progress_bar
from data_tools.basics.spacing import evenly_spaced
from data_tools.basics.table import write_rows
from data_tools.sets.class_list import MAX_CLASSES
from data_tools.sets.classes import CLASSES, NUM_CLASSES, colorize
from data_tools.sets.image_io import read_label, read_photo, write_label
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.sheets import SHEET_COLUMNS, SHEET_PAIRS, Row, draw_sheet
from jittor_tsit.evaluation.judges import Segmenter
from jittor_tsit.runtime.status_line import FirstWait

LABELS, TABLE, SHEET = "labels", "labels.csv", "compare.png"  # in the folder of the results
RECORD = "made_by.jsonl"  # one line for each label map, written with it, so that a second call goes on
LARGEST_ID = 255  # of the label maps that this project reads
DIGITS = 4  # of a confidence; more depend on the machine


class LabelRecord(NamedTuple):
    """What a label map was made from, what made it, and which classes it holds."""

    stem: str
    photo: List[int]  # size and time of the last change of the photo, as `file_version` gives them
    segmenter: str
    label: List[int]  # the same of the label map
    confidence: Optional[float]  # None: the segmenter gives no probabilities
    classes: List[int]  # ids in the file, the most frequent first


class Summary(NamedTuple):
    """What a call did."""

    made: int
    kept: int  # label maps of an earlier call that still hold
    by_hand: int  # label maps that were changed since; they are kept
    confidence: Optional[float]  # mean over the set
    damaged: List[str]  # one line for each photo that could not be read


def label_photos(photos: Sequence[Path], segmenter: Segmenter, out: Path, num_classes: int = NUM_CLASSES) -> Summary:
    """Write `labels/<stem>.png` for every photo, `labels.csv` with confidences and classes, and a sheet to look at.

    A label map of an earlier call is kept if photo and segmenter are the same, and if somebody has changed it. A
    damaged photo is passed over. If it has a label map of an earlier call, this stays.

    Args:
        photos: Files with different stems.
        num_classes: Number of classes of a segmenter that does not say which classes it knows.

    Raises:
        InputError: No photo can be read, the segmenter fails, or `out` holds label maps of other photos.
    """
    folder, record = out / LABELS, out / RECORD
    make_folder(folder)
    found = read_record(record)
    require_same_photos(out, [path.stem for path in photos], found)
    first_photo = FirstWait("first photo: new operators are compiled once")
    counts = {"made": 0, "kept": 0, "by_hand": 0}
    damaged: Dict[Path, str] = {}
    for path in progress_bar(photos, unit="img", desc="labels"):
        target = folder / f"{path.stem}.png"
        state = state_of(path, target, segmenter.name, found.get(path.stem))
        try:
            photo = read_photo(path) if state != "kept" else np.empty(0)
        except InputError as error:
            damaged[path] = printable(str(error))
            continue
        counts[state] += 1
        if state == "made":
            with first_photo:
                found[path.stem] = make_label(path, photo, target, segmenter, num_classes)
            append_line(record, json.dumps(found[path.stem]._asdict()))
        elif state == "by_hand":
            found[path.stem] = describe_other(path, target)
    readable = [path for path in photos if path not in damaged]
    if not readable:
        raise InputError(f"none of {len(photos)} photos can be read; the first: {damaged[photos[0]]}")
    made = [found[path.stem] for path in photos if path.stem in found]
    write_atomic(record, "".join(f"{json.dumps(row._asdict())}\n" for row in made if row.segmenter).encode())
    rows = [found[path.stem] for path in readable]
    write_table(out / TABLE, rows)
    draw_labels(out / SHEET, readable, rows, folder, segmenter)
    known = [row.confidence for row in rows if row.confidence is not None]
    return Summary(**counts, confidence=float(np.mean(known)) if known else None, damaged=list(damaged.values()))


def read_record(path: Path) -> Dict[str, LabelRecord]:
    """Read what earlier calls made: stem -> the last line about it. A line that was cut off by a crash is left out."""
    found: Dict[str, LabelRecord] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        try:
            made = LabelRecord(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found[made.stem] = made
    return found


def require_same_photos(out: Path, stems: Sequence[str], found: Dict[str, LabelRecord]) -> None:
    """Check that the folder of results holds no label map of another photo.

    Raises:
        InputError: It does; label maps of two sets must not be mixed.
    """
    others = sorted({path.stem for path in (out / LABELS).glob("*.png")} - set(stems))
    if others:
        what = "made earlier from photos that are not here" if set(others) & set(found) else "of other photos"
        raise InputError(
            f"{out / LABELS}: holds {len(others)} label maps {what}, the first is {others[0]}.png; "
            "name another --out, or remove them"
        )


def state_of(photo: Path, target: Path, segmenter: str, made: Optional[LabelRecord]) -> str:
    """Return what to do for a photo: "made" (anew), "kept", or "by_hand" (kept, because a person has changed it)."""
    if not target.exists():
        return "made"
    if made is None or made.label != list(file_version(target)):
        return "by_hand"
    return "kept" if (made.segmenter, made.photo) == (segmenter, list(file_version(photo))) else "made"


def make_label(path: Path, photo: np.ndarray, target: Path, segmenter: Segmenter, num_classes: int) -> LabelRecord:
    """Segment a photo and write its label map with the ids that the files of the segmenter's own set have.

    Args:
        photo: The pixels of the file `path`, [H, W, 3] uint8 RGB.
        num_classes: As in `label_photos`.

    Raises:
        InputError: The segmenter gives another size, or an id of no class.
    """
    confidence = None
    if segmenter.segment_with_confidence:
        ids, confidence = segmenter.segment_with_confidence(photo)
    else:
        ids = segmenter.segment(photo)
    if ids.shape != photo.shape[:2]:
        raise InputError(f"{segmenter.name}: gave {ids.shape} ids for {path}, which has {photo.shape[:2]} pixels")
    largest = LARGEST_ID if segmenter.label_maps else num_classes - 1
    if segmenter.label_maps:
        ids = ids_in_file(ids, segmenter.label_maps)
    if not 0 <= ids.min() <= ids.max() <= largest:
        raise InputError(
            f"{segmenter.name}: gave ids {ids.min()} to {ids.max()} for {path}; the classes have 0 to {largest}; "
            f"--num-classes N admits more, up to {MAX_CLASSES}"
        )
    write_label(target, ids)
    versions = list(file_version(path)), list(file_version(target))
    return LabelRecord(path.stem, versions[0], segmenter.name, versions[1], confidence, classes_of(ids))


def ids_in_file(ids: np.ndarray, maps: LabelMaps) -> np.ndarray:
    """Return the ids that label maps of a set have in their files: the inverse of `classes.to_classes`."""
    if maps.unknown is None:
        return ids
    first = 1 if maps.unknown == 0 else 0
    return np.where(ids == maps.num_classes, maps.unknown, ids.astype(np.int64) + first)


def classes_of(ids: np.ndarray) -> List[int]:
    """Return the ids of a label map, the most frequent first."""
    counts = np.bincount(ids.ravel())
    return sorted(np.flatnonzero(counts).tolist(), key=lambda id: -counts[id])


def describe_other(photo: Path, label: Path) -> LabelRecord:
    """Read a label map that a person has made or changed, for the table."""
    return LabelRecord(photo.stem, [], "", [], None, classes_of(read_label(label, LARGEST_ID + 1)))


def write_table(path: Path, rows: Iterable[LabelRecord]) -> None:
    """Write one line for each label map: stem, confidence, and the names of the classes, the most frequent first.

    Classes of other sets than the landscapes have numbers.
    """
    listed = list(rows)
    is_landscape = all(id < NUM_CLASSES for row in listed for id in row.classes)
    lines = []
    for row in listed:
        names = [CLASSES[id].name if is_landscape else str(id) for id in row.classes]
        confidence = "" if row.confidence is None else f"{row.confidence:.{DIGITS}f}"
        lines.append((row.stem, confidence, "; ".join(names)))
    write_rows(path, ("stem", "confidence", "classes"), lines)


def draw_labels(
    path: Path, photos: Sequence[Path], rows: Sequence[LabelRecord], folder: Path, segmenter: Segmenter
) -> None:
    """Draw a sheet of photos with their label maps: the least sure ones first, or evenly spaced over the set."""
    known = [place for place, row in enumerate(rows) if row.confidence is not None]
    places = sorted(known, key=lambda place: rows[place].confidence or 0)[:SHEET_PAIRS]
    kind = "the least sure " if len(places) < len(rows) else ""
    if not known:
        places, kind = evenly_spaced(len(rows), SHEET_PAIRS).tolist(), ""
    num_ids = max(NUM_CLASSES, 1 + max(id for row in rows for id in row.classes))
    shown = []
    for place in places:
        stem, sure = rows[place].stem, rows[place].confidence
        ids = read_label(folder / f"{stem}.png", LARGEST_ID + 1)
        name = stem if sure is None else f"{stem}, confidence {sure:.2f}"
        shown.append(Row(name, place + 1, [read_photo(photos[place]), colorize(ids, num_ids)]))
    lines = [f"label maps by {segmenter.name}", f"{kind}{len(shown)} of {len(rows):,} photographs"]
    draw_sheet(lines, ("photograph", "label"), shown, SHEET_COLUMNS).save(path)
