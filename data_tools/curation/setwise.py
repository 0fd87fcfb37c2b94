"""Compute the signals of a pair that depend on the other pairs of the set: class_surprise, misfit and the twins."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import lru_cache
from pathlib import Path
from typing import Callable, Dict, NamedTuple, Sequence

import numpy as np

from data_tools.basics.files import file_version
from data_tools.basics.pools import run_in_order
from data_tools.curation.appearance import (
    ClassModel,
    class_surprise,
    fit_class_model,
    fold_of,
    log_posterior,
    sample_rows,
)
from data_tools.curation.misfit import NUM_REFERENCES, References, make_references, misfit, standardise
from data_tools.curation.neighbours import nearest_hashes, nearest_maps
from data_tools.signals.sketches import HASH_BITS, open_sketches

NAMES = ("class_surprise", "misfit", "photo_twin", "label_twin")

_FEWEST_PAIRS = 10  # a smaller set is too small to learn from, and all four signals stay empty
_CHUNK = 32  # pairs a task: half a second of work
_LEAST_AGREEMENT = 0.8  # share of equal cells; maps that agree less are not near, and the signal is 0
_HASH_RADIUS = 43  # bits (30 %); unrelated photos differ in 50 % with a deviation of 6, so this is 3 deviations away
_JUDGE_FILE = "judge.npz"


class Judge(NamedTuple):
    """The fitted class model and the reference pairs, with which each task computes the signals of its pairs."""

    model: ClassModel
    others: References


def set_signals(
    folder: Path,
    stems: Sequence[str],
    looks: np.ndarray,
    pool: Executor,
    ahead: int,
    progress: Callable[[int], object],
) -> Dict[str, np.ndarray]:
    """Compute the signals in `NAMES` of all pairs.

    class_surprise: see `appearance.class_surprise`, in nats. misfit: see `misfit.misfit`, in standard deviations.
    photo_twin: share of equal hash bits with the most similar *earlier* photo of the set, so that the first of several
    equal photos has no twin. label_twin: share of equal cells with the most similar label map. Both are 0 if nothing
    similar is found.

    Args:
        folder: Holds the sketches, in the order of `stems`.
        looks: `ClassList.looks` of the set.
        pool, ahead: Worker processes, and the number of tasks to submit ahead (`basics.pools.Pool`).
        progress: Called with the number of pairs just finished.

    Returns:
        name -> [n] float64; all NaN for a set of fewer than ten pairs.
    """
    sketches = open_sketches(folder)
    if len(stems) < _FEWEST_PAIRS:
        return {name: np.full(len(stems), np.nan) for name in NAMES}
    # In a worker process, which always uses one thread, so that sums do not depend on the number of cores.
    digest = pool.submit(_make_judge, folder, list(stems), looks).result()
    starts = range(0, len(stems), _CHUNK)
    tasks = ((folder, digest, start, [fold_of(s) for s in stems[start : start + _CHUNK]]) for start in starts)
    judged = []
    for values in run_in_order(pool, _judge_pairs, tasks, ahead):
        judged.append(values)
        progress(values.shape[1])
    surprise, misfits = np.concatenate(judged, axis=1)
    codes = sketches.classes.reshape(len(stems), -1)
    agreement = nearest_maps(codes, _LEAST_AGREEMENT).agreement
    index, distance = nearest_hashes(np.asarray(sketches.hashes), _HASH_RADIUS, earlier_only=True)
    photo_twin = np.where(index >= 0, 1 - distance / HASH_BITS, 0.0)
    return dict(zip(NAMES, (surprise, misfits, photo_twin, np.nan_to_num(agreement))))


def _make_judge(folder: Path, stems: Sequence[str], looks: np.ndarray) -> str:
    """Fit the model, choose the reference pairs, and write both to a file in `folder`.

    Returns:
        Text that changes when the file changes, so that worker processes know when to read it again.
    """
    sketches = open_sketches(folder)
    model = fit_class_model(sketches, stems, looks)
    rows = sample_rows(stems, NUM_REFERENCES)
    features, classes = sketches.features[rows], sketches.classes[rows]
    log_probs = log_posterior(model, features, np.array([fold_of(stems[row]) for row in rows]))
    return _save_judge(folder / _JUDGE_FILE, Judge(model, make_references(rows, classes, features, log_probs)))


def _judge_pairs(task) -> np.ndarray:
    """Compute the signals class_surprise and misfit for the pairs of one task: [2, pairs]. Runs in any process."""
    folder, digest, start, folds = task
    judge, sketches = _load_judge(folder, digest)
    features = sketches.features[start : start + len(folds)]
    classes = sketches.classes[start : start + len(folds)]
    log_probs = log_posterior(judge.model, features, np.array(folds))
    labels, photos = classes.reshape(len(folds), -1), standardise(features)
    misfits = [misfit(start + i, labels[i], photos[i], log_probs[i], judge.others) for i in range(len(folds))]
    return np.array([class_surprise(log_probs, classes, judge.model.looks), misfits])


def _save_judge(path: Path, judge: Judge) -> str:
    parts = (judge.model._asdict(), judge.others._asdict())
    arrays = {f"{i}-{name}": value for i, part in enumerate(parts) for name, value in part.items()}
    with open(path, "wb") as file:
        np.savez(file, **arrays)
    version = file_version(path)
    return f"{version.changed_ns}-{version.size}"


@lru_cache(maxsize=1)
def _load_judge(folder: Path, digest: str):
    with np.load(folder / _JUDGE_FILE, allow_pickle=False) as arrays:
        model = ClassModel(*(arrays[f"0-{name}"] for name in ClassModel._fields))
        others = References(*(arrays[f"1-{name}"] for name in References._fields))
    return Judge(model, others), open_sketches(folder)
