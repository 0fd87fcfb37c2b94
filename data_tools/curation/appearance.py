"""What each class looks like in this set, learned from the set itself, and how odd a pair's classes are by that.

A cell's colour and texture, those of its surroundings, its place, and the photo's overall light are put through
random cosines; ridge regression on these gives each class's share of probability. It is fitted eight times, each time
without an eighth of the pairs, so that every pair is judged by a model that never saw it; and twice over, the
second time without the quarter of the pairs that the first found oddest, so that wrong labels teach little.

Source: Rahimi and Recht, Random features for large-scale kernel machines (2007); the judging by held-out parts as in
    Northcutt et al., Confident learning (2021).
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Sequence

import cv2
import numpy as np

from data_tools.sets.classes import LOOKS, NUM_CLASSES
from data_tools.signals.sketches import CHANNELS, COLUMNS, ROWS, Sketches

FOLDS = 8  # each model sees 7/8 of the set; ten were no better on sets of 24 to 150 pairs
_COSINES = 300  # 600 were no better, and cost four times the fit
_BANDWIDTH = 0.5  # of the kernel, against standardised features; 0.7 and 1 were worse on the smallest set
_RIDGE = 0.1  # of the mean eigenvalue: photos, not cells, are the independent samples, so it is large
_TRIMMED = 0.25  # of the pairs left out of the second fit
_FIT_PAIRS = 1000  # fitted on at most so many, evenly drawn: 400,000 cells, in ten seconds
_STRIDE = 2  # every second cell is fitted on: neighbours are nearly equal
_FLOOR = 0.005  # probability, below which regression is noise
_SMALLEST_REGION = 0.02  # share of the picture: smaller ones fall between the cells
_MOST_SURPRISE = 1.5  # nats a region counts at most: one absurd region should not outweigh a wrong map
_CHUNK = 32  # pairs whose cosines are held at a time: 30 MB


class ClassModel(NamedTuple):
    """Weights of one model a fold.

    Shapes:
        mean, scale [F]; projection [F, D]; phase [D] float32: of the random cosines.
        weights [FOLDS, D + 1, classes] float32.
    """

    mean: np.ndarray
    scale: np.ndarray
    projection: np.ndarray
    phase: np.ndarray
    weights: np.ndarray


def fold_of(stem: str) -> int:
    """The fold of a pair, 0 .. FOLDS - 1, by its name alone."""
    return _lot(stem) % FOLDS


def drawn(stems: Sequence[str], count: int) -> np.ndarray:
    """Rows of at most `count` of the pairs, drawn by their names alone: sorted int64."""
    by_lot = sorted(range(len(stems)), key=lambda row: (_lot(stems[row]), stems[row]))
    return np.sort(np.array(by_lot[:count], np.int64))


def fit_class_model(sketches: Sketches, stems: Sequence[str]) -> ClassModel:
    """Learn the classes' appearance from (at most 1,000 of) the pairs."""
    rows = drawn(stems, _FIT_PAIRS)
    folds = np.array([fold_of(stems[row]) for row in rows])
    model = _fit(_unfitted(sketches, rows), sketches, rows, folds)
    surprise = np.concatenate(
        [
            class_surprise(
                log_posterior(model, sketches.features[rows[part]], folds[part]), sketches.classes[rows[part]]
            )
            for part in _chunks(np.arange(len(rows)))
        ]
    )
    usual = np.sort(np.argsort(surprise, kind="stable")[: max(1, round(len(rows) * (1 - _TRIMMED)))])
    return _fit(model, sketches, rows[usual], folds[usual])


def log_posterior(model: ClassModel, features: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Logarithm of each class's probability in each cell, by the model that did not see the pair.

    Shapes:
        features [n, ROWS, COLUMNS, CHANNELS] uint8, folds [n] -> [n, ROWS * COLUMNS, classes] float32
    """
    shares = np.matmul(_cosines(model, contexts(features)), model.weights[folds])
    shares = np.maximum(shares, _FLOOR)
    return np.log(shares / shares.sum(axis=-1, keepdims=True))


def class_surprise(log_shares: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """By how much other classes would suit the regions better than those that the label gives them.

    Classes that look alike (a lake and a river) count as one. For each class of a label, the mean logarithm of the
    best class over its cells minus that of the class itself, at most 1.5 nats; averaged over the picture. 0: every
    region looks most like its own class.

    Shapes:
        log_shares [n, ROWS * COLUMNS, classes], classes [n, ROWS, COLUMNS] uint8 -> [n] float64
    """
    result = np.zeros(len(classes))
    log_looks = np.log(np.exp(log_shares) @ _LOOK_OF + 1e-6)  # a look that no class has stays far below the others
    for i, (shares, label) in enumerate(zip(log_looks, LOOKS[classes].reshape(len(classes), -1))):
        for c in np.unique(label):
            region = label == c
            area = region.mean()
            if area >= _SMALLEST_REGION:
                mean = shares[region].mean(axis=0)
                result[i] += area * min(_MOST_SURPRISE, mean.max() - mean[c])
    return result


def contexts(features: np.ndarray) -> np.ndarray:
    """A cell with its surroundings: [n, ROWS, COLUMNS, CHANNELS] uint8 -> [n, ROWS * COLUMNS, 49] float32."""
    result = np.stack([_context(photo.astype(np.float32) / 64) for photo in features])
    return result.reshape(len(features), ROWS * COLUMNS, -1)


def _context(cells: np.ndarray) -> np.ndarray:
    flat = cells.reshape(-1, CHANNELS)
    mean, deviation = flat.mean(axis=0), flat.std(axis=0) + 0.15  # 10 of 255 levels: noise of an even photo
    near, wide = cv2.blur(cells, (3, 3)), cv2.blur(cells, (9, 9))
    color = np.ascontiguousarray(cells[..., :3])
    above, below = (cv2.blur(np.roll(color, shift, axis=0), (5, 9)) for shift in (6, -6))
    rank = np.argsort(np.argsort(near[..., 0], axis=None, kind="stable"), kind="stable").reshape(ROWS, COLUMNS, 1)
    everywhere = np.broadcast_to(mean, (ROWS, COLUMNS, CHANNELS))
    return np.concatenate(
        [cells, near, wide, (near - mean) / deviation, 2 * rank / rank.size - 1, _PLACE, above, below, everywhere],
        axis=-1,
    ).astype(np.float32)


def _unfitted(sketches: Sketches, rows: np.ndarray) -> ClassModel:
    """A model whose cosines are drawn and that knows mean and deviation of what it will see."""
    total = squares = 0.0
    for part in _chunks(rows):
        context = contexts(sketches.features[part])
        total += context.mean(axis=1, dtype=np.float64).sum(axis=0)
        squares += (context**2).mean(axis=1, dtype=np.float64).sum(axis=0)
    mean = total / len(rows)
    scale = np.sqrt(np.maximum(squares / len(rows) - mean**2, 0)) + 1e-3
    rng = np.random.default_rng(0)  # always the same cosines, so that equal sets give equal tables
    projection = rng.normal(size=(len(mean), _COSINES)) * _BANDWIDTH / np.sqrt(len(mean))
    phase = rng.uniform(0, 2 * np.pi, _COSINES)
    weights = np.zeros((FOLDS, _COSINES + 1, NUM_CLASSES))
    return ClassModel(*(a.astype(np.float32) for a in (mean, scale, projection, phase, weights)))


def _cosines(model: ClassModel, context: np.ndarray) -> np.ndarray:
    """[n, cells, F] float32 -> [n, cells, D + 1] float32."""
    cosines = np.cos((context - model.mean) / model.scale @ model.projection + model.phase)
    cosines *= np.float32(np.sqrt(2 / cosines.shape[-1]))
    return np.concatenate([cosines, np.ones((*cosines.shape[:-1], 1), np.float32)], axis=-1)


def _fit(model: ClassModel, sketches: Sketches, rows: np.ndarray, folds: np.ndarray) -> ClassModel:
    """Ridge regression on one-hot labels: sums for each fold first, then a solution without each."""
    size = model.weights.shape[1]
    products, targets = np.zeros((FOLDS, size, size)), np.zeros((FOLDS, size, NUM_CLASSES))
    one_hot = np.eye(NUM_CLASSES, dtype=np.float32)
    for part in _chunks(np.arange(len(rows))):
        cosines = _cosines(model, contexts(sketches.features[rows[part]])[:, ::_STRIDE])
        labels = one_hot[sketches.classes[rows[part]].reshape(len(part), -1)[:, ::_STRIDE]]
        for fold in np.unique(folds[part]):
            inside = folds[part] == fold
            x, y = cosines[inside].reshape(-1, size), labels[inside].reshape(-1, NUM_CLASSES)
            products[fold] += x.T @ x
            targets[fold] += x.T @ y
    products, targets = products.sum(axis=0) - products, targets.sum(axis=0) - targets
    ridge = [_RIDGE * (np.trace(p) / size + 1e-6) * np.eye(size) for p in products]  # 1e-6: a set of one fold
    weights = [np.linalg.solve(p + r, t) for p, r, t in zip(products, ridge, targets)]
    return model._replace(weights=np.array(weights, np.float32))


def _place() -> np.ndarray:
    """Height in the picture and distance from its middle line: [ROWS, COLUMNS, 2] float32."""
    y, x = np.meshgrid(np.linspace(-1, 1, ROWS), np.abs(np.linspace(-1, 1, COLUMNS)), indexing="ij")
    return np.dstack([y, x]).astype(np.float32)


_PLACE = _place()
_LOOK_OF = np.eye(NUM_CLASSES, dtype=np.float32)[LOOKS]  # [classes, looks]


def _chunks(rows: np.ndarray):
    return [rows[i : i + _CHUNK] for i in range(0, len(rows), _CHUNK)]


def _lot(stem: str) -> int:
    return int.from_bytes(hashlib.blake2b(stem.encode("utf-8"), digest_size=8).digest(), "big")
