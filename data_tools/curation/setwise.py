"""The signals of a pair that need the rest of its set: odd classes, strangers' labels, twins."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import lru_cache
from pathlib import Path
from typing import Callable, Dict, NamedTuple, Sequence

import numpy as np

from data_tools.basics.files import file_version
from data_tools.basics.pools import run_in_order
from data_tools.curation.appearance import ClassModel, class_surprise, drawn, fit_class_model, fold_of, log_posterior
from data_tools.curation.misfit import STRANGERS, Strangers, misfit, standardised, strangers
from data_tools.curation.neighbours import nearest_hashes, nearest_maps
from data_tools.signals.sketches import HASH_BITS, open_sketches

NAMES = ("class_surprise", "misfit", "photo_twin", "label_twin")

_FEWEST_PAIRS = 10  # with fewer there is no set to learn from, and all four stay empty
_CHUNK = 32  # pairs a task: half a second's work
_LEAST_AGREEMENT = 0.8  # of label cells; below, maps are not called near, and the signal is 0
_HASH_RADIUS = 43  # bits, 30 %: strangers differ in 50 % give or take 6, so this is 3 deviations from chance
_JUDGE_FILE = "judge.npz"


class Judge(NamedTuple):
    """What the tasks of all processes share."""

    model: ClassModel
    others: Strangers


def set_signals(
    folder: Path, stems: Sequence[str], pool: Executor, ahead: int, progress: Callable[[int], object]
) -> Dict[str, np.ndarray]:
    """The signals in `NAMES` of all pairs: name -> [n] float64, NaN in a set of fewer than ten.

    class_surprise: `appearance.class_surprise`, nats. misfit: `misfit.misfit`, standard deviations. photo_twin: share
    of equal hash bits with the most similar photo *before* it in the set, so that the first of several has none;
    label_twin: share of equal cells with the most similar label map; both 0 where nothing is near.

    Args:
        folder: Holds the sketches, in the order of `stems`.
        progress: Called with the number of pairs done.
    """
    sketches = open_sketches(folder)
    if len(stems) < _FEWEST_PAIRS:
        return {name: np.full(len(stems), np.nan) for name in NAMES}
    digest = pool.submit(_make_judge, folder, list(stems)).result()  # there, since workers use one thread, always
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


def _make_judge(folder: Path, stems: Sequence[str]) -> str:
    """Learn from the set, and write what was learned; returns what tells it from the file of an earlier scan."""
    sketches = open_sketches(folder)
    model = fit_class_model(sketches, stems)
    rows = drawn(stems, STRANGERS)
    features, classes = sketches.features[rows], sketches.classes[rows]
    log_shares = log_posterior(model, features, np.array([fold_of(stems[row]) for row in rows]))
    return _save_judge(folder / _JUDGE_FILE, Judge(model, strangers(rows, classes, features, log_shares)))


def _judge_pairs(task) -> np.ndarray:
    """class_surprise and misfit of one chunk: [2, pairs]. Runs in any process that sees the folder."""
    folder, digest, start, folds = task
    judge, sketches = _load_judge(folder, digest)
    features = sketches.features[start : start + len(folds)]
    classes = sketches.classes[start : start + len(folds)]
    log_shares = log_posterior(judge.model, features, np.array(folds))
    labels, photos = classes.reshape(len(folds), -1), standardised(features)
    misfits = [misfit(start + i, labels[i], photos[i], log_shares[i], judge.others) for i in range(len(folds))]
    return np.array([class_surprise(log_shares, classes), misfits])


def _save_judge(path: Path, judge: Judge) -> str:
    arrays = {f"{i}-{name}": value for i, part in enumerate(judge) for name, value in part._asdict().items()}
    with open(path, "wb") as file:
        np.savez(file, **arrays)
    version = file_version(path)
    return f"{version.changed_ns}-{version.size}"


@lru_cache(maxsize=1)
def _load_judge(folder: Path, digest: str):
    with np.load(folder / _JUDGE_FILE, allow_pickle=False) as arrays:
        parts = [[arrays[f"{i}-{name}"] for name in kind._fields] for i, kind in enumerate((ClassModel, Strangers))]
    return Judge(ClassModel(*parts[0]), Strangers(*parts[1])), open_sketches(folder)
