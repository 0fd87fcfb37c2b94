"""Compute the signal `misfit`: whether a label map belongs to its photo.

The fit of a label map to a photo is measured in two ways. The shape fit is the share of the photo's variance that lies
between the regions of the label map. The class fit is the mean log probability of its classes (`appearance`). A label
map should fit its own photo better than it fits other photos, and better than other label maps fit this photo. Some
label maps fit every photo and some photos fit every label map, so the mean fit over other photos and over other label
maps is subtracted first. The remaining value is divided by the standard deviation of the same value for reference
pairs, and the sign is changed, so that larger values are worse.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data_tools.signals.sketches import CHANNELS

NUM_REFERENCES = 64  # reference pairs; the standard deviations are then accurate to a tenth


class References(NamedTuple):
    """Reference pairs, with which all pairs of the set are compared.

    Shapes:
        rows [s] of the set; labels [s, cells] uint8; photos [s, cells, CHANNELS] float32, standardised;
        log_probs [s, cells, classes] float32, predicted log probabilities.
        regions [r, cells] float32 of 0 and 1: masks of all regions of all labels; those of label i begin at first[i].
        label_level, photo_level [2, s]: mean shape fit and class fit of each label over the other photos, and of
        each photo over the other labels; level [2]: mean over all.
    """

    rows: np.ndarray
    labels: np.ndarray
    photos: np.ndarray
    log_probs: np.ndarray
    regions: np.ndarray
    first: np.ndarray
    label_level: np.ndarray
    photo_level: np.ndarray
    level: np.ndarray


def make_references(rows: np.ndarray, classes: np.ndarray, features: np.ndarray, log_probs: np.ndarray) -> References:
    """Prepare the reference pairs: compute their fits to each other, from which all later misfits are measured.

    Args:
        rows: Rows of the reference pairs in the set.
        classes, features: Their sketches.
        log_probs: Predicted log probability of each class in each cell of their photos.

    Shapes:
        rows [s]; classes [s, R, C] uint8; features [s, R, C, CHANNELS] uint8; log_probs [s, cells, classes]
    """
    labels, photos = classes.reshape(len(classes), -1), standardise(features)
    fits = np.array([[shape_fit(label, photos), class_fit(label, log_probs)] for label in labels])  # [s, 2, s]
    fits = fits.transpose(1, 0, 2)  # [2, labels, photos]
    other = ~np.eye(len(labels), dtype=bool)
    count = max(1, len(labels) - 1)
    regions = [regions_of(label) for label in labels]
    first = np.cumsum([0] + [len(part) for part in regions[:-1]])
    return References(
        rows,
        labels,
        photos,
        log_probs,
        np.concatenate(regions),
        first,
        (fits * other).sum(axis=2) / count,
        (fits * other).sum(axis=1) / count,
        (fits * other).sum(axis=(1, 2)) / count / len(labels),
    )


def misfit(row: int, label: np.ndarray, photo: np.ndarray, log_probs: np.ndarray, others: References) -> float:
    """Compute how badly a label map fits its photo, in standard deviations. Larger values are worse.

    Below -2, label map and photo certainly belong together. The top of this file explains the computation.

    Args:
        others: The reference pairs that the pair is compared with.
        row: Row of the pair in the set; if the pair is a reference pair, it is not compared with itself.

    Shapes:
        label [cells] uint8; photo [cells, CHANNELS] float32, standardised; log_probs [cells, classes]
    """
    keep = others.rows != row
    own = np.array([shape_fit(label, photo[None])[0], class_fit(label, log_probs[None])[0]])
    by_photo = np.array([shape_fit(label, others.photos), class_fit(label, others.log_probs)])[:, keep]
    by_label = np.array([shape_fits(others.regions, others.first, photo), class_fits(others.labels, log_probs)])[
        :, keep
    ]
    rest = own - by_photo.mean(axis=1) - by_label.mean(axis=1) + others.level
    spread = np.sqrt(
        (by_photo - others.photo_level[:, keep]).std(axis=1) * (by_label - others.label_level[:, keep]).std(axis=1)
    )
    return float(-np.mean(rest / (spread + 1e-6)))


def standardise(features: np.ndarray) -> np.ndarray:
    """Shift and scale each channel of each photo to mean 0 and mean square about 1. A uniform channel becomes 0.

    Shapes:
        features [n, R, C, F] uint8 -> [n, R * C, F]
    """
    cells = features.reshape(len(features), -1, CHANNELS).astype(np.float32)
    cells -= cells.mean(axis=1, keepdims=True)
    return cells / (np.sqrt((cells**2).mean(axis=1, keepdims=True)) + 1)  # + 1 of 255 levels: a uniform channel stays 0


def shape_fit(label: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """Return the share of each photo's variance that the areas of the label's classes explain, 0 to 1.

    Args:
        label: Class ids, [cells].
        photos: Standardised photos, [n, cells, CHANNELS].

    Returns:
        [n], the mean over the channels.
    """
    regions = regions_of(label)
    sums = np.matmul(regions, photos)  # [n, present, CHANNELS]
    between = (sums**2 / regions.sum(axis=1)[:, None]).sum(axis=1)
    return between.mean(axis=1) / len(label)


def shape_fits(regions: np.ndarray, first: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Shape fit of many labels to one photo.

    Shapes:
        regions [r, cells] and first [n] as in `References`; photo [cells, CHANNELS] -> [n]
    """
    between = ((regions @ photo) ** 2 / regions.sum(axis=1)[:, None]).mean(axis=1)
    return np.add.reduceat(between, first) / len(photo)


def regions_of(label: np.ndarray) -> np.ndarray:
    """Return a mask for each class that occurs in a label: [cells] -> [present, cells] float32 of 0 and 1."""
    return (label == np.unique(label)[:, None]).astype(np.float32)


def class_fit(label: np.ndarray, log_probs: np.ndarray) -> np.ndarray:
    """Return how well one label fits each of n photos: the mean log probability of its classes over the cells.

    Shapes:
        label [cells], log_probs [n, cells, classes] -> [n]
    """
    return log_probs[:, np.arange(len(label)), label].mean(axis=1)


def class_fits(labels: np.ndarray, log_probs: np.ndarray) -> np.ndarray:
    """Return how well each of n labels fits one photo: the mean log probability of its classes over the cells.

    Shapes:
        labels [n, cells], log_probs [cells, classes] -> [n]
    """
    return log_probs[np.arange(labels.shape[1]), labels].mean(axis=1)
