"""Learn from a data set what its classes look like, and compute the signal `class_surprise` of a pair.

The features of a cell are its colour and texture, those of its surroundings, its position, and the overall light of the
photo. Ridge regression on random cosine features of these predicts the probability of each class. Eight models are
fitted, each without one fold (an eighth of the pairs), and each pair is judged by the model that was fitted without
it. The models are fitted twice: the second time without the quarter of the pairs with the largest surprise, so that
wrong labels have little influence.

Source: Rahimi and Recht, Random features for large-scale kernel machines (2007); judging by held-out folds as in
    Northcutt et al., Confident learning (2021).
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Sequence

import cv2
import numpy as np

from data_tools.sets.classes import LOOKS
from data_tools.signals.sketches import CHANNELS, COLUMNS, ROWS, Sketches

FOLDS = 8  # each model is fitted on 7/8 of the set; ten folds were no better on sets of 24 to 150 pairs
_COSINES = 300  # number of random features; 600 were no better, and fitting took four times as long
_BANDWIDTH = 0.5  # of the kernel, for standardised features; 0.7 and 1 were worse on the smallest set
_RIDGE = 0.1  # relative to the mean eigenvalue; large, because the independent samples are photos and not cells
TRIMMED = 0.25  # share of the pairs that the second fit leaves out
FIT_PAIRS = 1000  # largest number of pairs to fit on: 400,000 cells, which takes ten seconds
_STRIDE = 2  # fit on every second cell only, because neighbouring cells are nearly equal
_FLOOR = 0.005  # smallest probability; smaller predictions are noise
_SMALLEST_REGION = 0.02  # share of the picture; smaller regions have few cells
_MOST_SURPRISE = 1.5  # nats; limits the influence of a single region
CHUNK = 32  # pairs processed at a time: 30 MB of random features


class ClassModel(NamedTuple):
    """One ridge regression model for each fold, on the same random cosine features.

    Shapes:
        mean, scale [F] standardise the F features; projection [F, D] and phase [D] define the D random cosines;
        weights [FOLDS, D + 1, classes]. All float32.
        looks [classes] uint8: id of the class that represents each class's group of classes that look alike.
    """

    mean: np.ndarray
    scale: np.ndarray
    projection: np.ndarray
    phase: np.ndarray
    weights: np.ndarray
    looks: np.ndarray


def fold_of(stem: str) -> int:
    """Return the fold of a pair, 0 to FOLDS - 1. It depends on the stem only."""
    return _hash(stem) % FOLDS


def sample_rows(stems: Sequence[str], count: int) -> np.ndarray:
    """Choose at most `count` of the pairs at random. Return their positions in `stems`, ascending int64.

    The choice depends on the stems only.
    """
    by_hash = sorted(range(len(stems)), key=lambda row: (_hash(stems[row]), stems[row]))
    return np.sort(np.array(by_hash[:count], np.int64))


def fit_class_model(sketches: Sketches, stems: Sequence[str], looks: np.ndarray = LOOKS) -> ClassModel:
    """Learn what the classes look like from at most 1,000 of the pairs.

    Args:
        sketches: The sketches of all pairs of the set, in the order of `stems`.
        looks: [classes] uint8, `ClassList.looks` of the set.
    """
    rows = sample_rows(stems, FIT_PAIRS)
    folds = np.array([fold_of(stems[row]) for row in rows])
    model = _fit(_initial_model(sketches, rows, looks), sketches, rows, folds)
    surprise = np.concatenate(
        [
            class_surprise(
                log_posterior(model, sketches.features[rows[part]], folds[part]), sketches.classes[rows[part]], looks
            )
            for part in _chunks(np.arange(len(rows)))
        ]
    )
    usual = np.sort(np.argsort(surprise, kind="stable")[: max(1, round(len(rows) * (1 - TRIMMED)))])
    return _fit(model, sketches, rows[usual], folds[usual])


def log_posterior(model: ClassModel, features: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Predict the logarithm of the probability of each class in each cell.

    Args:
        folds: Fold of each pair, which selects the model that was fitted without the pair.

    Shapes:
        features [n, ROWS, COLUMNS, CHANNELS] uint8, folds [n] -> [n, ROWS * COLUMNS, classes] float32
    """
    shares = np.matmul(_cosines(model, contexts(features)), model.weights[folds])
    shares = np.maximum(shares, _FLOOR)
    return np.log(shares / shares.sum(axis=-1, keepdims=True))


def class_surprise(log_probs: np.ndarray, classes: np.ndarray, looks: np.ndarray = LOOKS) -> np.ndarray:
    """Measure by how much other classes would fit the regions of a label map better than its own classes.

    A region is all cells of one class, whether they are connected or not. Classes that look alike (such as lake and
    river) count as one class. For each region of at least 2 % of the picture: the mean log probability of the class
    that fits best, minus the mean log probability of the region's own class, at most 1.5 nats. The result is the sum
    over these regions, each times its share of the picture. It is 0 if every region looks most like its own class.

    Args:
        log_probs: Log probability of each class in each cell, the result of `log_posterior`.
        classes: Class ids of the label maps.
        looks: Id of the class that represents each class's group of classes that look alike.

    Shapes:
        log_probs [n, ROWS * COLUMNS, K], classes [n, ROWS, COLUMNS] uint8, looks [K] uint8 -> [n] float64
    """
    result = np.zeros(len(classes))
    look_of = np.eye(len(looks), dtype=np.float32)[looks]  # [classes, looks]
    log_looks = np.log(np.exp(log_probs) @ look_of + 1e-6)  # unused columns stay far below the others
    for i, (shares, label) in enumerate(zip(log_looks, looks[classes].reshape(len(classes), -1))):
        for c in np.unique(label):
            region = label == c
            area = region.mean()
            if area >= _SMALLEST_REGION:
                mean = shares[region].mean(axis=0)
                result[i] += area * min(_MOST_SURPRISE, mean.max() - mean[c])
    return result


def contexts(features: np.ndarray) -> np.ndarray:
    """Compute the 49 features of each cell from which the model predicts the cell's class.

    They are: colour and texture of the cell, means over 3 x 3 and 9 x 9 cells, the 3 x 3 mean standardised within the
    photo, the rank of its brightness in the photo (-1 to 1), the position, the mean colours above and below, and the
    mean of the whole photo.

    Args:
        features: Colour and texture of the cells of n photos, as in `Sketches`.

    Shapes:
        features [n, ROWS, COLUMNS, CHANNELS] uint8 -> [n, ROWS * COLUMNS, 49] float32
    """
    result = np.stack([_context(photo.astype(np.float32) / 64) for photo in features])
    return result.reshape(len(features), ROWS * COLUMNS, -1)


def _context(cells: np.ndarray) -> np.ndarray:
    flat = cells.reshape(-1, CHANNELS)
    mean, deviation = flat.mean(axis=0), flat.std(axis=0) + 0.15  # 10 of 255 levels, the noise of a uniform photo
    near, wide = cv2.blur(cells, (3, 3)), cv2.blur(cells, (9, 9))
    color = np.ascontiguousarray(cells[..., :3])
    above, below = (cv2.blur(np.roll(color, shift, axis=0), (5, 9)) for shift in (6, -6))
    rank = np.argsort(np.argsort(near[..., 0], axis=None, kind="stable"), kind="stable").reshape(ROWS, COLUMNS, 1)
    everywhere = np.broadcast_to(mean, (ROWS, COLUMNS, CHANNELS))
    return np.concatenate(
        [cells, near, wide, (near - mean) / deviation, 2 * rank / rank.size - 1, _PLACE, above, below, everywhere],
        axis=-1,
    ).astype(np.float32)


def _initial_model(sketches: Sketches, rows: np.ndarray, looks: np.ndarray) -> ClassModel:
    """Return a model that is not fitted: random cosines, mean and scale of the features, and weights 0."""
    total, squares = np.zeros(1), np.zeros(1)
    for part in _chunks(rows):
        context = contexts(sketches.features[part])
        total = total + context.mean(axis=1, dtype=np.float64).sum(axis=0)
        squares = squares + (context**2).mean(axis=1, dtype=np.float64).sum(axis=0)
    mean = total / len(rows)
    scale = np.sqrt(np.maximum(squares / len(rows) - mean**2, 0)) + 1e-3
    rng = np.random.default_rng(0)  # fixed seed: equal sets give equal tables
    projection = rng.normal(size=(len(mean), _COSINES)) * _BANDWIDTH / np.sqrt(len(mean))
    phase = rng.uniform(0, 2 * np.pi, _COSINES)
    weights = np.zeros((FOLDS, _COSINES + 1, len(looks)))
    arrays = (array.astype(np.float32) for array in (mean, scale, projection, phase, weights))
    return ClassModel(*arrays, looks)  # type: ignore[call-arg]  # mypy cannot count the arrays


def _cosines(model: ClassModel, context: np.ndarray) -> np.ndarray:
    """Compute the D random cosine features of each cell and append a constant 1, all float32.

    Shapes:
        context [n, cells, F] -> [n, cells, D + 1]
    """
    cosines = np.cos((context - model.mean) / model.scale @ model.projection + model.phase)
    cosines *= np.float32(np.sqrt(2 / cosines.shape[-1]))
    return np.concatenate([cosines, np.ones((*cosines.shape[:-1], 1), np.float32)], axis=-1)


def _fit(model: ClassModel, sketches: Sketches, rows: np.ndarray, folds: np.ndarray) -> ClassModel:
    """Return a copy of `model` whose weights are fitted by ridge regression on the one-hot labels of the pairs `rows`.

    The sums of the regression are computed for each fold. The weights of a fold use the sums of all other folds.

    Args:
        folds: Fold of each pair in `rows`.
    """
    size, num_ids = model.weights.shape[1:]
    products, targets = np.zeros((FOLDS, size, size)), np.zeros((FOLDS, size, num_ids))
    one_hot = np.eye(num_ids, dtype=np.float32)
    for part in _chunks(np.arange(len(rows))):
        cosines = _cosines(model, contexts(sketches.features[rows[part]])[:, ::_STRIDE])
        labels = one_hot[sketches.classes[rows[part]].reshape(len(part), -1)[:, ::_STRIDE]]
        for fold in np.unique(folds[part]):
            inside = folds[part] == fold
            x, y = cosines[inside].reshape(-1, size), labels[inside].reshape(-1, num_ids)
            products[fold] += x.T @ x
            targets[fold] += x.T @ y
    products, targets = products.sum(axis=0) - products, targets.sum(axis=0) - targets
    ridge = [_RIDGE * (np.trace(p) / size + 1e-6) * np.eye(size) for p in products]  # 1e-6: if all are in one fold
    weights = [np.linalg.solve(p + r, t) for p, r, t in zip(products, ridge, targets)]
    return model._replace(weights=np.array(weights, np.float32))


def _place() -> np.ndarray:
    """Return the position of each cell in the picture, [ROWS, COLUMNS, 2] float32.

    The first number is the vertical position, from -1 (top) to 1 (bottom). The second is the horizontal distance from
    the centre of the picture, from 0 to 1 (left and right edge).
    """
    y, x = np.meshgrid(np.linspace(-1, 1, ROWS), np.abs(np.linspace(-1, 1, COLUMNS)), indexing="ij")
    return np.dstack([y, x]).astype(np.float32)


_PLACE = _place()


def _chunks(rows: np.ndarray):
    return [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]


def _hash(stem: str) -> int:
    return int.from_bytes(hashlib.blake2b(stem.encode("utf-8"), digest_size=8).digest(), "big")
