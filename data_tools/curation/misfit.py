"""Whether a label belongs to its photo: does it suit this photo better than other photos, and than other labels do?

Suiting is measured twice: by the share of the photo's variance that lies between the label's regions (their shape),
and by the probability of the label's classes (`appearance`). Some labels suit every photo and some photos every
label, so what a label has on average over other photos, and a photo over other labels, is taken off first. What
is left of the pair's own value, in standard deviations of the same for strangers, tells whether they belong together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data_tools.signals.sketches import CHANNELS

STRANGERS = 64  # other pairs to compare with: the deviations are then known to a tenth


class Strangers(NamedTuple):
    """Pairs that all others are compared with.

    Shapes:
        rows [s]; labels [s, cells] uint8; photos [s, cells, CHANNELS] float32, standardised; log_shares
        [s, cells, classes] float32.
        regions [r, cells] float32 of 0 and 1: all regions of the labels, one label's after the other's, each
        label's from first [s] on.
        label_level, photo_level [2, s], level [2]: means over each other, by shape and by class.
    """

    rows: np.ndarray
    labels: np.ndarray
    photos: np.ndarray
    log_shares: np.ndarray
    regions: np.ndarray
    first: np.ndarray
    label_level: np.ndarray
    photo_level: np.ndarray
    level: np.ndarray


def strangers(rows: np.ndarray, classes: np.ndarray, features: np.ndarray, log_shares: np.ndarray) -> Strangers:
    """Prepare the pairs to compare with: `classes` [s, R, C], `features` [s, R, C, CHANNELS], both uint8."""
    labels, photos = classes.reshape(len(classes), -1), standardised(features)
    suits = np.array([[shape_fit(label, photos), class_fit(label, log_shares)] for label in labels])  # [s, 2, s]
    suits = suits.transpose(1, 0, 2)  # [2, labels, photos]
    other = ~np.eye(len(labels), dtype=bool)
    count = max(1, len(labels) - 1)
    regions = [regions_of(label) for label in labels]
    first = np.cumsum([0] + [len(part) for part in regions[:-1]])
    return Strangers(
        rows,
        labels,
        photos,
        log_shares,
        np.concatenate(regions),
        first,
        (suits * other).sum(axis=2) / count,
        (suits * other).sum(axis=1) / count,
        (suits * other).sum(axis=(1, 2)) / count / len(labels),
    )


def misfit(row: int, label: np.ndarray, photo: np.ndarray, log_shares: np.ndarray, others: Strangers) -> float:
    """How little a label belongs to its photo, in standard deviations of strangers: below -2 a sure match.

    Args:
        label: [cells] uint8; photo: [cells, CHANNELS] float32, standardised; log_shares: [cells, classes].
    """
    keep = others.rows != row
    own = np.array([shape_fit(label, photo[None])[0], class_fit(label, log_shares[None])[0]])
    by_photo = np.array([shape_fit(label, others.photos), class_fit(label, others.log_shares)])[:, keep]
    by_label = np.array([shape_fits(others.regions, others.first, photo), class_fits(others.labels, log_shares)])[
        :, keep
    ]
    rest = own - by_photo.mean(axis=1) - by_label.mean(axis=1) + others.level
    spread = np.sqrt(
        (by_photo - others.photo_level[:, keep]).std(axis=1) * (by_label - others.label_level[:, keep]).std(axis=1)
    )
    return float(-np.mean(rest / (spread + 1e-6)))


def standardised(features: np.ndarray) -> np.ndarray:
    """Each channel of each photo with mean 0 and mean square of nearly 1: [n, R, C, F] uint8 -> [n, cells, F]."""
    cells = features.reshape(len(features), -1, CHANNELS).astype(np.float32)
    cells -= cells.mean(axis=1, keepdims=True)
    return cells / (np.sqrt((cells**2).mean(axis=1, keepdims=True)) + 1)  # +1 of 255 levels: an even channel stays 0


def shape_fit(label: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """Share of the photos' variance between the label's regions: [cells], [n, cells, CHANNELS] -> [n]."""
    regions = regions_of(label)
    sums = np.matmul(regions, photos)  # [n, present, CHANNELS]
    between = (sums**2 / regions.sum(axis=1)[:, None]).sum(axis=1)
    return between.mean(axis=1) / len(label)


def shape_fits(regions: np.ndarray, first: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """The same of many labels with one photo: [r, cells], [n], [cells, CHANNELS] -> [n]."""
    between = ((regions @ photo) ** 2 / regions.sum(axis=1)[:, None]).mean(axis=1)
    return np.add.reduceat(between, first) / len(photo)


def regions_of(label: np.ndarray) -> np.ndarray:
    """Where each class of a label is: [cells] -> [present, cells] float32 of 0 and 1."""
    return (label == np.unique(label)[:, None]).astype(np.float32)


def class_fit(label: np.ndarray, log_shares: np.ndarray) -> np.ndarray:
    """Mean log probability of the label's classes in each photo: [cells], [n, cells, classes] -> [n]."""
    return log_shares[:, np.arange(len(label)), label].mean(axis=1)


def class_fits(labels: np.ndarray, log_shares: np.ndarray) -> np.ndarray:
    """The same of many labels in one photo: [n, cells], [cells, classes] -> [n]."""
    return log_shares[np.arange(labels.shape[1]), labels].mean(axis=1)
