"""Read and write the curation folder: `scan` writes it, `select` makes the splits from it, `report` the review page."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_json, write_atomic
from data_tools.basics.names import printable
from data_tools.basics.table import Table, read_rows, read_table, write_rows, write_table
from data_tools.curation.default_rules import DISAGREEMENT, REDUNDANCY, Settings, write_settings
from data_tools.curation.equivalence import (
    ClassMember,
    equivalence_classes,
    read_classes,
    relative_ranks,
    write_classes,
)
from data_tools.curation.rules import SPLITS, write_decisions
from data_tools.curation.selection import Selection, select
from data_tools.sets.class_list import LANDSCAPE, ClassList, class_list_from_json
from data_tools.sets.pairing import Pair, Problem, match_files
from data_tools.signals.left_out import signals_left_out
from data_tools.signals.sketches import open_sketches

_PROBLEM_COLUMNS = ("stem", "problem")
TABLE, PROBLEMS, RECORD, SKETCHES = "scan.csv", "problems.csv", "scan.json", "sketches"
DECISIONS, CLASSES, SETTINGS, PAGE = "decisions.csv", "classes.csv", "rules.json", "report.html"
DISAGREEMENT_FILE = "disagreement.csv"
_FAULTS = ("underexposure", "overexposure", "backlight", "blur")  # their sum ranks the pairs of a class
_THUMBNAIL = 2  # every second cell in each direction is enough to measure how much photos differ


def invalidate_scan(out: Path) -> None:
    """Delete the record of an earlier scan, so that the folder counts as an incomplete scan until `write_scan`."""
    if (out / RECORD).exists():
        (out / RECORD).unlink()


def write_scan(
    out: Path, data: Path, table: Table, broken: Sequence[Problem], class_list: ClassList = LANDSCAPE
) -> None:
    """Write the results of a scan. The record is written last: its presence means that the results are complete.

    Args:
        class_list: The classes of the set, which the record keeps for `select` and `report`.

    Raises:
        InputError: The folder may not be written to.
    """
    write_rows(out / PROBLEMS, _PROBLEM_COLUMNS, ((printable(p.stem), p.reason) for p in broken))
    write_table(out / TABLE, table)
    record = {"data": str(data.absolute()), "pairs": len(table.stems), "classes": class_list.as_json()}
    write_atomic(out / RECORD, (json.dumps(record) + "\n").encode())


def select_splits(
    out: Path,
    settings: Settings,
    manual: Mapping[str, bool],
    keep: Optional[Tuple[int, int]] = None,
    disagreement: Sequence[Path] = (),
) -> Selection:
    """Make the splits from the results of `scan` in `out`.

    Writes one list of stems for each split, `decisions.csv`, `classes.csv` and `rules.json`.

    Args:
        manual, keep: As in `selection.select`.
        disagreement: Tables with the signal `disagreement`. They are joined and saved as `disagreement.csv`.

    Raises:
        InputError: `out` holds no complete scan; a table names a pair that is not in the set; as in
            `selection.select`.
    """
    not_measured = rules_left_out(out, settings)
    settings = settings._replace(rules=tuple(rule for rule in settings.rules if rule.name not in not_measured))
    table = read_table(out / TABLE)
    broken = read_problems(out / PROBLEMS)
    sketches = open_sketches(out / SKETCHES)
    classes = equivalence_classes(np.asarray(sketches.classes), settings.agreement, settings.flips)
    faults = reduce(np.add, (np.nan_to_num(table.columns[name]) for name in _FAULTS if name in table.columns))
    redundant = relative_ranks(
        classes, _thumbnails(sketches.features), faults, settings.class_size, settings.difference
    )
    write_classes(out / CLASSES, table.stems, classes, redundant, settings.class_size)
    table.columns[REDUNDANCY] = redundancy_signal(table.stems, read_classes(out / CLASSES), settings.class_size)
    _add_disagreement(out, table, disagreement)
    selection = select(table, broken, settings, manual, keep)
    for split, stems in selection.splits.items():
        write_atomic(out / f"{split}.txt", "".join(f"{stem}\n" for stem in stems).encode("utf-8"))
    write_settings(out / SETTINGS, settings)
    write_decisions(out / DECISIONS, selection.decisions)
    return selection


def _add_disagreement(out: Path, table: Table, paths: Sequence[Path]) -> None:
    """Read the signal `disagreement` from the tables at `paths`, and add it to `table` as a column.

    The column is NaN for pairs that no table lists. If several tables list a pair, the last one wins. The column is
    also saved as `disagreement.csv` in `out`. Without paths, only an older `disagreement.csv` is deleted.

    Raises:
        InputError: A table lacks the column or names an unknown pair.
    """
    if not paths:
        if (out / DISAGREEMENT_FILE).exists():
            (out / DISAGREEMENT_FILE).unlink()
        return
    places = {stem: place for place, stem in enumerate(table.stems)}
    values = np.full(len(table.stems), np.nan)
    for path in paths:
        added = read_table(path)
        unknown = sorted(set(added.stems) - set(places))
        if DISAGREEMENT not in added.columns or unknown:
            fault = f"names {unknown[0]}, which is not a pair here" if unknown else f"has no column {DISAGREEMENT}"
            raise InputError(f"--disagreement {path}: {fault}")
        values[[places[stem] for stem in added.stems]] = added.columns[DISAGREEMENT]
    table.columns[DISAGREEMENT] = values
    write_table(out / DISAGREEMENT_FILE, Table(table.stems, {DISAGREEMENT: values}))


def find_scanned(out: Path) -> Dict[str, Pair]:
    """Return the pairs, by stem, of the data set whose scan is in `out`.

    Raises:
        InputError: `out` holds no scan, or the data set is gone.
    """
    return {pair.stem: pair for pair in match_files(scanned_folder(out)).pairs}


def counts(selection: Selection) -> str:
    """Return one line of text with the number of pairs in each split."""
    names = dict(zip(SPLITS, ("Total", "Selection I", "Selection II")))
    return ", ".join(f"{names[split]} {len(stems)}" for split, stems in selection.splits.items())


def rules_left_out(out: Path, settings: Settings) -> List[str]:
    """Return the names of the rules whose signals are not measured in a set with the classes of the scan in `out`.

    Raises:
        InputError: `out` holds no scan.
    """
    signals = signals_left_out(scanned_classes(out))
    return [rule.name for rule in settings.rules if rule.signal in signals]


def scanned_folder(out: Path) -> Path:
    """Return the folder of the data set whose scan is in `out`.

    Raises:
        InputError: `out` holds no scan.
    """
    return Path(_read_record(out)["data"])


def scanned_classes(out: Path) -> ClassList:
    """Return the classes of the data set whose scan is in `out`. Older scans know the landscape classes only.

    Raises:
        InputError: `out` holds no scan.
    """
    record = _read_record(out)
    try:
        return class_list_from_json(record["classes"]) if "classes" in record else LANDSCAPE
    except InputError as error:
        raise InputError(f"{out / RECORD}: {error}; run scan again") from None


def _read_record(out: Path) -> dict:
    path = out / RECORD
    try:
        record = read_json(path)
    except InputError as error:
        raise InputError(f"{error}; run scan first and let it finish") from None
    if not isinstance(record, dict) or not isinstance(record.get("data"), str):
        raise InputError(f"{path}: is not a file that scan wrote; run scan again")
    return record


def read_problems(path: Path) -> List[Problem]:
    """Read the list of broken pairs that `scan` wrote.

    Raises:
        InputError: The file cannot be read, or has other columns.
    """
    rows = iter(read_rows(path))
    header = next(rows)
    if tuple(header) != _PROBLEM_COLUMNS:
        raise InputError(f"{path}: has the columns {', '.join(header)}; they must be {', '.join(_PROBLEM_COLUMNS)}")
    return [Problem(stem, reason, broken=True) for stem, reason in rows]


def _thumbnails(features: np.ndarray) -> np.ndarray:
    """Return small photos: the Lab colour of every second cell in each direction, uint8.

    Shapes:
        features [n, R, C, CHANNELS] -> [n, R / 2, C / 2, 3]
    """
    return np.ascontiguousarray(features[:, ::_THUMBNAIL, ::_THUMBNAIL, :3])


def redundancy_signal(stems: Sequence[str], classes: Sequence[Sequence[ClassMember]], keep: int) -> np.ndarray:
    """Compute the signal `redundancy` of each pair: (rank in its class + 1) / `keep`; 0 for rank 0 and outside classes.

    Pairs that are not kept have a value above 1.

    Args:
        classes: The members of each class, as `read_classes` returns them.
        keep: Number of pairs to keep of a class.

    Returns:
        [len(stems)] float64.
    """
    place = {member.stem: (member.rank + 1) / keep for row in classes for member in row if member.rank > 0}
    return np.array([place.get(stem, 0.0) for stem in stems])
