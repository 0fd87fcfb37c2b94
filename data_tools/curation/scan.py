"""Measure every pair of a data set; write a table of signals, and the sketches that comparisons of pairs need."""

from __future__ import annotations

from pathlib import Path
from typing import ContextManager, List, NamedTuple, Optional, Sequence, Set, Tuple

import cv2
import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder
from data_tools.basics.names import printable
from data_tools.basics.pools import Pool, run_in_order
from data_tools.basics.progress import Bar, progress_bar
from data_tools.basics.table import Table
from data_tools.curation.folder import SKETCHES, invalidate_scan, write_scan
from data_tools.curation.scan_cache import ScanCache, cached_keys, code_version, content_key, for_classes
from data_tools.curation.setwise import set_signals
from data_tools.sets.checking import read_pair
from data_tools.sets.class_list import LANDSCAPE, ClassList
from data_tools.sets.odd_files import count_depths
from data_tools.sets.pairing import Pair, Problem, match_files
from data_tools.signals.cells import sketch
from data_tools.signals.left_out import signals_left_out
from data_tools.signals.sketches import SHAPES, Sketches, create_sketches, flush_sketches
from data_tools.signals.table import NAMES, pair_signals
from data_tools.signals.view import View

_CACHE = "cache.sqlite"
_CHUNK = 16  # pairs a task: about half a second of work, which is lost in each process if the scan is killed


class Measurement(NamedTuple):
    """Result of a worker for one pair: its key in the cache and its record, or its problem.

    `record` is None if the cache holds it already, or if there is a problem.
    """

    stem: str
    key: bytes
    record: Optional[bytes]
    problem: Optional[str]


def scan(data: Path, out: Path, make_pool, class_list: ClassList = LANDSCAPE) -> Tuple[int, List[Problem]]:
    """Measure all pairs of `data` and write `scan.csv`, `problems.csv`, `scan.json` and the sketches to `out`.

    Pairs whose files have not changed since an earlier scan are not measured again, even if that scan was killed.

    Args:
        make_pool: `make_pool(start, arguments)` opens the worker processes and returns a context with a `Pool`.
        class_list: The classes of the set. Signals in `signals_left_out(class_list)` are not measured.

    Returns:
        The number of pairs measured, and the broken pairs, including files without a partner.

    Raises:
        InputError: `data` is not a data set, holds no readable pair, or its photos would be scaled differently
            (`count_depths`); `out` cannot be written to, or lies in `data`.
    """
    matching = match_files(data)
    _require_outside(out, data)
    make_folder(out)
    version = for_classes(code_version(), class_list)
    cache = ScanCache(out / _CACHE, version)
    try:
        pool_of: ContextManager[Pool] = make_pool(_start, (out / _CACHE, version, class_list))
        with pool_of as pool:
            measured = _measure_all(matching.pairs, cache, pool)
            readable = [m for m in measured if m.problem is None]
            if not readable:
                raise InputError(
                    f"{data}: none of its {len(measured)} pairs can be read; the first problem: {measured[0].problem}"
                    if measured
                    else f"{data}: holds no pairs"
                )
            stems = {m.stem for m in readable}
            count_depths(pair.photo for pair in matching.pairs if pair.stem in stems)  # refuses photos of two scales
            invalidate_scan(out)
            table = _collect(readable, cache, out)
            for name in signals_left_out(class_list):
                del table.columns[name]
            with _bar(len(readable), "compare") as bar:
                of_set = set_signals(
                    out / SKETCHES, table.stems, class_list.looks, pool.executor, pool.ahead, bar.update
                )
            table.columns.update(of_set)
    finally:
        cache.close()
    broken = [p for p in matching.problems if p.broken]
    broken += [Problem(m.stem, m.problem, broken=True) for m in measured if m.problem is not None]
    broken.sort(key=lambda p: (p.stem, p.reason))
    write_scan(out, data, table, broken, class_list)
    return len(readable), broken


def _measure_all(pairs: Sequence[Pair], cache: ScanCache, pool: Pool) -> List[Measurement]:
    """Return a result for every pair, in order. Measure the pairs that the cache lacks, and put their records into it.

    The results keep only key and problem. Their `record` is None, because the cache now holds it.
    """
    tasks = [pairs[i : i + _CHUNK] for i in range(0, len(pairs), _CHUNK)]
    measured: List[Measurement] = []
    with _bar(len(pairs), "scan") as bar:
        for results in run_in_order(pool.executor, _measure, tasks, pool.ahead):
            new = {m.key: m.record for m in results if m.record is not None}
            if new:
                cache.put(new)
            measured += [m._replace(record=None) for m in results]
            bar.update(len(results))
    return measured


def _collect(readable: Sequence[Measurement], cache: ScanCache, out: Path) -> Table:
    """Return the table of signals and write the sketches, both from the cache and in the order of the pairs."""
    sketches = create_sketches(out / SKETCHES, len(readable))
    values = np.empty((len(readable), len(NAMES)))
    for row, item in enumerate(readable):
        values[row], parts = _from_record(cache.get(item.key))
        for array, part in zip(sketches, parts):
            array[row] = part
    flush_sketches(sketches)
    return Table([m.stem for m in readable], {name: values[:, i] for i, name in enumerate(NAMES)})


class _Worker:
    """State of a worker process as class attributes, which are set when the process starts."""

    version: bytes  # of the measuring code
    keys: Set[bytes]  # of the records that were in the cache
    class_list: ClassList  # of the set


def _start(cache: Path, version: bytes, class_list: ClassList) -> None:
    cv2.setNumThreads(1)  # one process a core is enough
    _Worker.version, _Worker.keys, _Worker.class_list = version, cached_keys(cache), class_list


def _measure(pairs: Sequence[Pair]) -> List[Measurement]:
    return [measure_pair(pair, _Worker.version, _Worker.keys, _Worker.class_list) for pair in pairs]


def measure_pair(pair: Pair, version: bytes, keys: Set[bytes], class_list: ClassList = LANDSCAPE) -> Measurement:
    """Measure one pair, unless its record is in the cache.

    Args:
        version: Version of the measuring code, a part of the key.
        keys: Keys of the records in the cache.
        class_list: The classes of the set.
    """
    try:
        key = content_key(pair, version)
        if key in keys:
            return Measurement(pair.stem, key, None, None)
        view = View(*read_pair(pair, class_list.num_classes, class_list.unknown), class_list)
    except InputError as error:
        return Measurement(pair.stem, b"", None, printable(str(error)))
    cells = sketch(view)
    return Measurement(pair.stem, key, to_record(pair_signals(view, cells), cells), None)


def to_record(signals: np.ndarray, parts: Sketches) -> bytes:
    """Join the signals of one pair and its sketch (`parts`) to bytes, the record that the cache stores."""
    return signals.tobytes() + b"".join(part.tobytes() for part in parts)


def _from_record(record: bytes) -> Tuple[np.ndarray, List[np.ndarray]]:
    """Split the bytes of a record into the signals of a pair and the arrays of its sketch."""
    signals = np.frombuffer(record, np.float64, len(NAMES))
    parts, start = [], signals.nbytes
    for shape in SHAPES:
        size = int(np.prod(shape))
        parts.append(np.frombuffer(record, np.uint8, size, start).reshape(shape))
        start += size
    return signals, parts


def _bar(total: int, name: str) -> Bar:
    return progress_bar(total=total, desc=name, unit="pair", leave=False, delay=2.0)  # seconds


def _require_outside(out: Path, data: Path) -> None:
    inner, outer = out.resolve(), data.resolve()
    if inner == outer or any(inner == part or part in inner.parents for part in _image_folders(outer)):
        raise InputError(f"--out {out}: lies in the data set, which is never changed; give another folder")


def _image_folders(data: Path) -> List[Path]:
    return [data / part / name for part in ("", "train") for name in ("imgs", "labels")]
