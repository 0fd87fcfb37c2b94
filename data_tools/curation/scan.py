"""`scan`: measure every pair of a data set, and leave one table and the sketches for what compares pairs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ContextManager, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

import cv2
import numpy as np
from tqdm import tqdm

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder
from data_tools.basics.names import printable
from data_tools.basics.pools import Pool, run_in_order
from data_tools.basics.table import Table
from data_tools.curation.folder import SKETCHES, begin_results, write_scan
from data_tools.curation.scan_cache import ScanCache, code_version, content_key, known_keys
from data_tools.curation.setwise import set_signals
from data_tools.sets.checking import read_pair
from data_tools.sets.pairing import Pair, Problem, match_files
from data_tools.signals.cells import sketch
from data_tools.signals.sketches import SHAPES, Sketches, create_sketches
from data_tools.signals.table import NAMES, pair_signals
from data_tools.signals.view import View

_CACHE = "cache.sqlite"
_CHUNK = 16  # pairs a task: about half a second, the most work that a kill loses in each process


class Measured(NamedTuple):
    """One pair as a worker gives it back: a key and a record that is new, or known already (None), or a problem."""

    stem: str
    key: bytes
    record: Optional[bytes]
    problem: Optional[str]


def scan(data: Path, out: Path, make_pool) -> Tuple[int, List[Problem]]:
    """Measure all pairs of `data` and write `scan.csv`, `problems.csv`, `scan.json` and the sketches to `out`.

    Pairs whose files have not changed since an earlier scan are not measured again; that holds after a kill, too.

    Args:
        make_pool: Opens the processes: `make_pool(start, arguments)` gives a context with a `Pool`.

    Returns:
        The number of pairs measured, and the broken ones: all files that belong to no readable pair.

    Raises:
        InputError: `data` is no data set, or holds no readable pair; `out` cannot be written to, or lies in `data`.
    """
    matching = match_files(data)
    _require_outside(out, data)
    make_folder(out)
    version = code_version()
    cache = ScanCache(out / _CACHE, version)
    try:
        pool_of: ContextManager[Pool] = make_pool(_start, (out / _CACHE, version))
        with pool_of as pool:
            measured = _measure_all(matching.pairs, cache, pool)
            readable = [m for m in measured if m.problem is None]
            if not readable:
                raise InputError(
                    f"{data}: none of its {len(measured)} pairs can be read, the first because {measured[0].problem}"
                    if measured
                    else f"{data}: holds no pairs"
                )
            begin_results(out)
            table = _collect(readable, cache, out)
            with _bar(len(readable), "compare") as bar:
                table.columns.update(set_signals(out / SKETCHES, table.stems, pool.executor, pool.ahead, bar.update))
    finally:
        cache.close()
    broken = [p for p in matching.problems if p.broken]
    broken += [Problem(m.stem, m.problem, broken=True) for m in measured if m.problem is not None]
    broken.sort(key=lambda p: (p.stem, p.reason))
    write_scan(out, data, table, broken)
    return len(readable), broken


def _measure_all(pairs: Sequence[Pair], cache: ScanCache, pool: Pool) -> List[Measured]:
    """Every pair, in order, with the new records put into the cache as they come and left out of the list."""
    tasks = [pairs[i : i + _CHUNK] for i in range(0, len(pairs), _CHUNK)]
    measured: List[Measured] = []
    with _bar(len(pairs), "scan") as bar:
        for results in run_in_order(pool.executor, _measure, tasks, pool.ahead):
            new = {m.key: m.record for m in results if m.record is not None}
            if new:
                cache.put(new)
            measured += [m._replace(record=None) for m in results]
            bar.update(len(results))
    return measured


def _collect(readable: Sequence[Measured], cache: ScanCache, out: Path) -> Table:
    """The table of pair signals, and the sketches on disk, both in the order of the pairs."""
    sketches = create_sketches(out / SKETCHES, len(readable))
    values = np.empty((len(readable), len(NAMES)))
    for row, item in enumerate(readable):
        values[row], parts = _unpacked(cache.get(item.key))
        for array, part in zip(sketches, parts):
            array[row] = part
    for array in sketches:
        array.flush()
    return Table([m.stem for m in readable], {name: values[:, i] for i, name in enumerate(NAMES)})


_worker: Dict[str, object] = {}  # of a working process: the version of the code, and the keys known at the start


def _start(cache: Path, version: bytes) -> None:
    cv2.setNumThreads(1)  # the processes share the cores already
    _worker.update(version=version, known=known_keys(cache))


def _measure(pairs: Sequence[Pair]) -> List[Measured]:
    return [_measure_pair(pair, _worker["version"], _worker["known"]) for pair in pairs]


def _measure_pair(pair: Pair, version: bytes, known: Set[bytes]) -> Measured:
    try:
        key = content_key(pair, version)
        if key in known:
            return Measured(pair.stem, key, None, None)
        view = View(*read_pair(pair))
    except InputError as error:
        return Measured(pair.stem, b"", None, printable(str(error)))
    cells = sketch(view)
    return Measured(pair.stem, key, _packed(pair_signals(view, cells), cells), None)


def _packed(signals: np.ndarray, parts: Sketches) -> bytes:
    return signals.tobytes() + b"".join(part.tobytes() for part in parts)


def _unpacked(record: bytes) -> Tuple[np.ndarray, List[np.ndarray]]:
    signals = np.frombuffer(record, np.float64, len(NAMES))
    parts, start = [], signals.nbytes
    for shape in SHAPES:
        size = int(np.prod(shape))
        parts.append(np.frombuffer(record, np.uint8, size, start).reshape(shape))
        start += size
    return signals, parts


def _bar(total: int, name: str) -> tqdm:
    return tqdm(total=total, desc=name, unit="pair", file=sys.stderr, leave=False, delay=2.0)  # seconds


def _require_outside(out: Path, data: Path) -> None:
    inner, outer = out.resolve(), data.resolve()
    if inner == outer or any(inner == part or part in inner.parents for part in _image_folders(outer)):
        raise InputError(f"--out {out}: lies in the data set; nothing is written there")


def _image_folders(data: Path) -> List[Path]:
    return [data / part / name for part in ("", "train") for name in ("imgs", "labels")]
