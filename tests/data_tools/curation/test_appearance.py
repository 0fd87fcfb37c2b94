"""The appearance of classes, learned from small artificial sketches: class 1 is bright and above, class 0 dark."""

import numpy as np
import pytest

from data_tools.curation import appearance
from data_tools.curation.appearance import (
    FOLDS,
    class_surprise,
    contexts,
    fit_class_model,
    fold_of,
    log_posterior,
    sample_rows,
)
from data_tools.sets.classes import CLASS_IDS, NUM_CLASSES
from data_tools.signals.sketches import CHANNELS, COLUMNS, HASH_BITS, ROWS, Sketches

STEMS = [f"s{i:02d}" for i in range(24)]
FOLD_OF_EACH = np.array([fold_of(stem) for stem in STEMS])
NUM_PAIRS = len(STEMS)
CELLS = ROWS * COLUMNS


def two_toned(count=NUM_PAIRS):
    """Photos of a wavy horizon, with noise in every channel."""
    rng = np.random.default_rng(0)
    heights = rng.integers(6, 18, (count, 1)) + rng.uniform(1, 3, (count, 1)) * np.sin(
        np.arange(COLUMNS) / rng.uniform(2, 6, (count, 1))
    )
    above = np.arange(ROWS)[None, :, None] < heights[:, None]
    features = np.full((count, ROWS, COLUMNS, CHANNELS), 128)
    features[..., 0] = np.where(above, 200, 60)
    features += rng.integers(-10, 11, features.shape)
    return Sketches(above.astype(np.uint8), features.astype(np.uint8), np.zeros((count, HASH_BITS), np.uint8))


def with_classes(sketches, changes):
    classes = sketches.classes.copy()
    for row, label in changes.items():
        classes[row] = label
    return sketches._replace(classes=classes)


def posterior(sketches, stems=STEMS):
    model = fit_class_model(sketches, stems)
    return log_posterior(model, sketches.features, np.array([fold_of(stem) for stem in stems]))


@pytest.fixture(scope="module")
def sound():
    return two_toned()


@pytest.fixture(scope="module")
def sound_posterior(sound):
    return posterior(sound)


# What is learned


def test_right_labels_surprise_nowhere(sound, sound_posterior):
    assert class_surprise(sound_posterior, sound.classes).max() < 0.01


def test_shares_are_probabilities(sound_posterior):
    assert sound_posterior.shape == (len(STEMS), CELLS, NUM_CLASSES)
    assert np.allclose(np.exp(sound_posterior).sum(axis=-1), 1, rtol=1e-4)
    best = sound_posterior.argmax(axis=-1)
    assert (best < 2).all()


def test_pairs_of_exchanged_classes_stand_out(sound):
    wrong = [3, 20]
    sketches = with_classes(sound, {row: 1 - sound.classes[row] for row in wrong})
    surprise = class_surprise(posterior(sketches), sketches.classes)
    assert surprise[wrong] == pytest.approx(1.5, abs=0.05)  # the most that a region counts
    assert np.delete(surprise, wrong).max() < 0.1


def test_a_quarter_of_wrong_labels_teaches_little(sound):
    wrong = np.arange(0, 24, 4)
    sketches = with_classes(sound, {row: 1 - sound.classes[row] for row in wrong})
    surprise = class_surprise(posterior(sketches), sketches.classes)
    assert surprise[wrong].min() > 1 and np.delete(surprise, wrong).max() < 0.1


def test_a_class_that_only_this_pair_has_is_one_no_model_saw(sound):
    sketches = with_classes(sound, {5: np.where(sound.classes[5] == 1, 28, 0)})
    log_probs = posterior(sketches)
    assert log_probs[5, :, 28].max() < np.log(0.01)
    assert class_surprise(log_probs, sketches.classes)[5] > 1.5 * (sound.classes[5] == 1).mean() - 0.1


def test_a_pair_is_judged_by_a_model_that_did_not_see_it(sound, monkeypatch):
    """Without the second fit, which drops pairs by what the first thinks of them, not a bit of its own judgement
    changes with its label."""
    monkeypatch.setattr(appearance, "TRIMMED", 0.0)
    for row in (0, 13):
        changed = with_classes(sound, {row: np.full((ROWS, COLUMNS), 28)})
        before, after = posterior(sound), posterior(changed)
        alike = [i for i in range(len(STEMS)) if np.allclose(before[i], after[i], atol=1e-4)]
        assert alike == np.flatnonzero(FOLD_OF_EACH[row] == FOLD_OF_EACH).tolist()


def test_nor_does_the_second_fit_learn_its_label(sound, sound_posterior):
    changed = with_classes(sound, {13: 1 - sound.classes[13]})
    assert (posterior(changed)[13].argmax(axis=-1) == sound_posterior[13].argmax(axis=-1)).mean() > 0.99


def test_equal_sets_give_equal_models(sound, sound_posterior):
    assert (posterior(sound) == sound_posterior).all()


def test_at_most_so_many_pairs_are_fitted_on(sound, monkeypatch):
    monkeypatch.setattr(appearance, "FIT_PAIRS", 12)
    monkeypatch.setattr(appearance, "TRIMMED", 0.0)
    unseen = np.setdiff1d(np.arange(len(STEMS)), sample_rows(STEMS, 12))
    changed = with_classes(sound, {row: 1 - sound.classes[row] for row in unseen})
    assert (posterior(sound) == posterior(changed)).all()


def test_sets_larger_than_a_chunk_give_the_same(sound, sound_posterior, monkeypatch):
    monkeypatch.setattr(appearance, "CHUNK", 5)
    # Sums in another order, in 32 bits: a hundredth of a nat where probabilities are near the floor.
    assert np.abs(posterior(sound) - sound_posterior).max() < 0.02


@pytest.mark.parametrize(
    "stems",
    [["a"], ["a", "b"], [stem for stem in STEMS if fold_of(stem) == 1]],
    ids=["one pair", "two pairs", "one fold"],
)
def test_very_small_sets_can_be_fitted(sound, stems):
    sketches = Sketches(*(array[: len(stems)] for array in sound))
    assert np.isfinite(posterior(sketches, stems)).all()


# class_surprise

SKY, PERSON = CLASS_IDS["sky"], CLASS_IDS["person"]  # that nothing else looks like


def log_shares_of(shares):
    """The same share of each class in every cell of one picture."""
    rest = (1 - sum(shares.values())) / (NUM_CLASSES - len(shares))
    row = np.array([shares.get(c, rest) for c in range(NUM_CLASSES)])
    return np.log(row)[None, None].repeat(CELLS, axis=1)


def label_of(above, below, rows):
    label = np.full((1, ROWS, COLUMNS), below, np.uint8)
    label[:, :rows] = above
    return label


@pytest.mark.parametrize(
    "above, below, expected",
    [
        (SKY, SKY, 0),
        (28, 28, np.log(2)),
        (SKY, 28, np.log(2) / 2),
        (28, PERSON, np.log(2) / 2 + 1.5 / 2),  # persons are so unlikely that they count the most there is
    ],
)
def test_surprise_is_how_much_better_another_class_suits_each_region(above, below, expected):
    log_probs = log_shares_of({SKY: 0.6, 28: 0.3, PERSON: 0.001})
    assert class_surprise(log_probs, label_of(above, below, ROWS // 2)) == pytest.approx(expected, rel=1e-4)


def test_classes_that_look_alike_count_as_one():
    shares = {CLASS_IDS["sea"]: 0.5, CLASS_IDS["lake"]: 0.1, SKY: 0.3}
    lake = label_of(CLASS_IDS["lake"], CLASS_IDS["river"], ROWS // 2)
    assert class_surprise(log_shares_of(shares), lake)[0] == 0
    sky = label_of(SKY, SKY, 1)
    rest = 2 * 0.1 / (NUM_CLASSES - 3)  # of water and river
    assert class_surprise(log_shares_of(shares), sky)[0] == pytest.approx(np.log((0.6 + rest) / 0.3), rel=1e-4)


def test_a_region_is_judged_as_a_whole():
    """One cell in two prefers another class, but the mean of the region does not."""
    log_probs = log_shares_of({SKY: 0.6, 28: 0.3})
    log_probs[:, ::2] = log_shares_of({SKY: 0.3, 28: 0.5})[:, ::2]
    expected = max(0, np.log(0.3 * 0.5) - np.log(0.6 * 0.3)) / 2
    assert expected == 0 == class_surprise(log_probs, label_of(SKY, SKY, 1))[0]


@pytest.mark.parametrize("cells, counts", [(15, False), (16, True)])
def test_regions_of_less_than_two_percent_do_not_count(cells, counts):
    label = label_of(SKY, SKY, 1)
    label[0, 0, :cells] = 28  # of 768
    assert (class_surprise(log_shares_of({SKY: 0.6, 28: 0.3}), label)[0] > 0) == counts


# Draws by name


def test_folds_follow_from_names_alone_and_are_all_used():
    folds = [fold_of(f"pair_{i}") for i in range(400)]
    assert {*folds} == set(range(FOLDS)) and max(np.bincount(folds)) < 80
    assert fold_of("山") == fold_of("山")


@pytest.mark.parametrize("count", [0, 1, 7, 24, 100])
def test_a_sample_has_the_requested_size_and_is_sorted(count):
    rows = sample_rows(STEMS, count)
    assert rows.tolist() == sorted({*rows.tolist()}) and len(rows) == min(count, len(STEMS))
    assert rows.dtype == np.int64


def test_a_sample_does_not_depend_on_the_order_of_the_set():
    backwards = STEMS[::-1]
    assert {STEMS[row] for row in sample_rows(STEMS, 7)} == {backwards[row] for row in sample_rows(backwards, 7)}
    assert {*sample_rows(STEMS, 7)} < {*sample_rows(STEMS, 9)}  # more pairs are more of the same
    assert sample_rows(STEMS, 7).tolist() != list(range(7))


# Contexts


def test_a_context_has_the_cell_first_and_its_place(sound):
    context = contexts(sound.features[:2])
    assert context.shape == (2, CELLS, 49) and context.dtype == np.float32
    cells = sound.features[:2].reshape(2, CELLS, CHANNELS) / 64
    assert np.allclose(context[..., :CHANNELS], cells, atol=1e-6)
    y, x = context[0, :, 33].reshape(ROWS, COLUMNS), context[0, :, 34].reshape(ROWS, COLUMNS)
    assert (y[0] == -1).all() and (y[-1] == 1).all() and (np.diff(y[:, 0]) > 0).all()
    assert x[0].tolist() == x[0, ::-1].tolist() and x[0, 0] == 1


def test_a_context_is_of_its_own_photo_only(sound):
    assert (contexts(sound.features[:3])[1] == contexts(sound.features[1:2])[0]).all()


def test_light_of_the_whole_photo_and_what_lies_above_and_below_are_told():
    rows = np.arange(ROWS)[:, None, None] * 10  # each line of cells lighter than the one above it
    features = np.broadcast_to(rows, (1, ROWS, COLUMNS, CHANNELS)).astype(np.uint8)
    middle = contexts(features)[0, 12 * COLUMNS + 5] * 64
    assert middle[:CHANNELS] == pytest.approx(120)
    assert middle[35:38] == pytest.approx(60) and middle[38:41] == pytest.approx(180)  # six lines away
    assert middle[-CHANNELS:] == pytest.approx(115)
