"""The signal misfit: fits compared with slow arithmetic, and pairs whose labels were exchanged."""

import numpy as np
import pytest

from data_tools.curation.appearance import fit_class_model, fold_of, log_posterior, sample_rows
from data_tools.curation.misfit import (
    class_fit,
    class_fits,
    make_references,
    misfit,
    regions_of,
    shape_fit,
    shape_fits,
    standardise,
)
from data_tools.sets.classes import NUM_CLASSES
from data_tools.signals.sketches import CHANNELS, COLUMNS, HASH_BITS, ROWS, Sketches

STEMS = [f"s{i:02d}" for i in range(24)]
NUM_PAIRS = len(STEMS)
CELLS = ROWS * COLUMNS


def hills(count=NUM_PAIRS):
    """Class 1 bright above a wavy horizon, class 0 dark below it; every channel with noise."""
    rng = np.random.default_rng(0)
    waves = np.sin(np.arange(COLUMNS) / rng.uniform(2, 6, (count, 1)) + rng.uniform(0, 6, (count, 1)))
    heights = rng.integers(6, 18, (count, 1)) + rng.uniform(1, 4, (count, 1)) * waves
    above = np.arange(ROWS)[None, :, None] < heights[:, None]
    features = np.full((count, ROWS, COLUMNS, CHANNELS), 128)
    features[..., 0] = np.where(above, 200, 60)
    features += rng.integers(-10, 11, features.shape)
    return Sketches(above.astype(np.uint8), features.astype(np.uint8), np.zeros((count, HASH_BITS), np.uint8))


def misfits(sketches, others=64):
    """Compute the signals as `setwise` does."""
    folds = np.array([fold_of(stem) for stem in STEMS])
    log_probs = log_posterior(fit_class_model(sketches, STEMS), sketches.features, folds)
    rows = sample_rows(STEMS, others)
    judge = make_references(rows, sketches.classes[rows], sketches.features[rows], log_probs[rows])
    photos = standardise(sketches.features)
    labels = sketches.classes.reshape(len(STEMS), -1)
    return np.array([misfit(i, labels[i], photos[i], log_probs[i], judge) for i in range(len(STEMS))])


@pytest.fixture
def random_photos(rng):
    return standardise(rng.integers(0, 256, (4, ROWS, COLUMNS, CHANNELS)).astype(np.uint8))


# Fits


def test_standardised_channels_have_mean_0_and_mean_square_1(random_photos):
    assert random_photos.shape == (4, CELLS, CHANNELS) and random_photos.dtype == np.float32
    assert np.allclose(random_photos.mean(axis=1), 0, atol=1e-5)
    assert np.allclose((random_photos**2).mean(axis=1), 1, atol=0.03)  # one level of 74 is added to the deviation


def test_an_even_channel_stays_0():
    assert (standardise(np.full((1, ROWS, COLUMNS, CHANNELS), 200, np.uint8)) == 0).all()


@pytest.mark.parametrize("classes", [(0, 1), (28,), (3, 7, 28)])
def test_shape_fit_is_the_variance_between_regions(random_photos, rng, classes):
    label = rng.choice(classes, CELLS).astype(np.uint8)
    expected = []
    for photo in random_photos.astype(float):
        means = {c: photo[label == c].mean(axis=0) for c in classes}
        expected.append(np.mean([means[c] ** 2 for c in label]))
    assert shape_fit(label, random_photos) == pytest.approx(expected, rel=1e-4, abs=1e-8)


def test_shape_fit_is_1_for_the_photos_own_regions_whatever_their_names():
    label = (np.arange(CELLS) % 3).astype(np.uint8)
    photo = standardise((label * 90)[None, :, None].repeat(CHANNELS, axis=2).reshape(1, ROWS, COLUMNS, CHANNELS))
    assert shape_fit(label, photo)[0] == pytest.approx(1, abs=0.03)
    assert shape_fit(np.array([28, 5, 9], np.uint8)[label], photo) == pytest.approx(shape_fit(label, photo))
    assert shape_fit(np.zeros(CELLS, np.uint8), photo)[0] == pytest.approx(0, abs=1e-6)


def test_shape_fits_are_the_same_of_many_labels(random_photos, rng):
    labels = [rng.choice(classes, CELLS) for classes in ((0, 1), (28,), (3, 7, 28))]
    regions = [regions_of(label) for label in labels]
    fits = shape_fits(np.concatenate(regions), np.array([0, 2, 3]), random_photos[1])
    assert fits == pytest.approx([shape_fit(label, random_photos)[1] for label in labels], abs=1e-7)


def test_class_fit_is_the_mean_log_share_of_the_labels_classes(rng):
    log_probs = rng.normal(size=(4, CELLS, NUM_CLASSES)).astype(np.float32)
    labels = rng.integers(0, NUM_CLASSES, (3, CELLS)).astype(np.uint8)
    expected = [[np.mean([shares[i, c] for i, c in enumerate(label)]) for shares in log_probs] for label in labels]
    for label, row in zip(labels, expected):
        assert class_fit(label, log_probs) == pytest.approx(row, rel=1e-4)
    for shares, column in zip(log_probs, np.transpose(expected)):
        assert class_fits(labels, shares) == pytest.approx(column, rel=1e-4)


# References


def test_levels_are_means_over_the_others():
    sketches = hills(5)
    photos, labels = standardise(sketches.features), sketches.classes.reshape(5, -1)
    log_probs = np.random.default_rng(1).normal(size=(5, CELLS, NUM_CLASSES)).astype(np.float32)
    judge = make_references(np.arange(5), sketches.classes, sketches.features, log_probs)
    shape = np.array([[shape_fit(label, photo[None])[0] for photo in photos] for label in labels])
    by_class = np.array([class_fit(label, log_probs) for label in labels])
    for kind, fits in enumerate((shape, by_class)):
        off = [[fits[i, j] for j in range(5) if j != i] for i in range(5)]
        assert judge.label_level[kind] == pytest.approx(np.mean(off, axis=1), rel=1e-4)
        off = [[fits[i, j] for i in range(5) if i != j] for j in range(5)]
        assert judge.photo_level[kind] == pytest.approx(np.mean(off, axis=1), rel=1e-4)
        assert judge.level[kind] == pytest.approx(np.mean(off), rel=1e-4)


# misfit


def test_labels_at_their_photos_fit_and_an_exchanged_one_is_the_worst():
    sketches = hills()
    right = misfits(sketches)
    assert right.max() < -2
    classes = sketches.classes.copy()
    classes[5] = sketches.classes[6]
    values = misfits(sketches._replace(classes=classes))
    assert values.argmax() == 5 and values[5] > 0
    assert np.delete(values, 5).max() < -2


def test_both_of_two_exchanged_labels_stand_out():
    sketches = hills()
    classes = sketches.classes.copy()
    classes[[5, 9]] = classes[[9, 5]]
    values = misfits(sketches._replace(classes=classes))
    assert {*np.argsort(values)[-2:]} == {5, 9}
    assert min(values[[5, 9]]) > np.delete(values, [5, 9]).max() + 0.3


def slow_misfit(row, shape, by_class):
    """Compute misfit by its definition from the fit of each label (rows) to each photo (columns)."""
    ratios = []
    for fits in (shape, by_class):
        size = len(fits)
        label_level = [np.mean([fits[i, j] for j in range(size) if j != i]) for i in range(size)]
        photo_level = [np.mean([fits[i, j] for i in range(size) if i != j]) for j in range(size)]
        others = [i for i in range(size) if i != row]
        rest = fits[row, row] + np.mean(label_level) - np.mean(fits[row, others]) - np.mean(fits[others, row])
        spreads = (
            np.std([fits[row, j] - photo_level[j] for j in others]),
            np.std([fits[i, row] - label_level[i] for i in others]),
        )
        ratios.append(rest / np.sqrt(spreads[0] * spreads[1]))
    return -np.mean(ratios)


def test_it_is_the_remaining_fit_in_deviations_of_reference_pairs():
    sketches = hills(6)
    classes = (sketches.classes * 28).astype(np.uint8)
    classes[:3, :, :5] = 7  # labels of two and of three classes
    photos, labels = standardise(sketches.features), classes.reshape(6, -1)
    log_probs = np.random.default_rng(1).normal(size=(6, CELLS, NUM_CLASSES)).astype(np.float32)
    judge = make_references(np.arange(6), classes, sketches.features, log_probs)
    shape = np.array([shape_fit(label, photos) for label in labels], float)
    by_class = np.array([class_fit(label, log_probs) for label in labels], float)
    for row in range(6):
        value = misfit(row, labels[row], photos[row], log_probs[row], judge)
        assert value == pytest.approx(slow_misfit(row, shape, by_class), rel=0.01)  # 1e-6 is added to the deviations


def test_a_pair_is_not_its_own_stranger():
    """A pair's own row has no influence, because a pair is judged by its fits to the others."""
    sketches = hills(6)
    photos, labels = standardise(sketches.features), sketches.classes.reshape(6, -1)
    log_probs = np.random.default_rng(1).normal(size=(6, CELLS, NUM_CLASSES)).astype(np.float32)
    judge = make_references(np.arange(6), sketches.classes, sketches.features, log_probs)
    rows = [0, 1, 3, 3, 4, 5]
    levels = {name: getattr(judge, name) for name in ("label_level", "photo_level", "level")}
    other = make_references(np.arange(6), sketches.classes[rows], sketches.features[rows], log_probs[rows])
    other = other._replace(**levels)
    pair = labels[2], photos[2], log_probs[2]
    assert misfit(2, *pair, judge) == pytest.approx(misfit(2, *pair, other))
    assert misfit(7, *pair, judge) != pytest.approx(misfit(7, *pair, other), rel=0.01)


def test_a_few_reference_pairs_give_nearly_the_same_values():
    sketches = hills()
    classes = sketches.classes.copy()
    classes[5] = sketches.classes[6]
    values = misfits(sketches._replace(classes=classes), others=10)
    assert values.argmax() == 5 and np.delete(values, 5).max() < -1


def test_a_label_of_one_class_neither_fits_nor_is_a_fault():
    sketches = hills()
    classes = sketches.classes.copy()
    classes[5] = 0
    value = misfits(sketches._replace(classes=classes))[5]
    assert np.isfinite(value) and value > -2
