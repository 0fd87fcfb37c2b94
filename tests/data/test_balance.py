"""Pairs with rare classes come as often as the formula says, in an order that follows from seed and place."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import write_label, write_photo
from data_tools.sets.pairing import find_pairs
from jittor_tsit.config import DataConfig, Experiment, RunConfig, TSITConfig
from jittor_tsit.data.balance import BalancedPairs, balanced, read_shown_classes, shown_classes, weights_of
from jittor_tsit.data.cached_pairs import from_cache, make_cache
from jittor_tsit.data.finders import find_samples
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.samples import Augmentation, PairedSamples

WIDTH, HEIGHT, COUNT = 32, 16, 8


@pytest.fixture
def samples(tmp_path):
    """Eight pairs: all show class 0, half of them class 1, pair 5 class 2; pair 6 has pixels without a class."""
    for name in ("imgs", "labels"):
        (tmp_path / name).mkdir()
    for k in range(COUNT):
        label = np.zeros((HEIGHT, WIDTH), np.uint8)
        label[:4] = k % 2
        label[-2:, :2] = 2 if k == 5 else 255 if k == 6 else 0
        write_label(tmp_path / f"labels/{k}.png", label)
        write_photo(tmp_path / f"imgs/{k}.jpg", np.full((HEIGHT, WIDTH, 3), 20 * k, np.uint8))
    augmentation = Augmentation(load=(WIDTH, HEIGHT), size=(WIDTH, HEIGHT), flip=True)
    return PairedSamples(find_pairs(tmp_path), LabelMaps(4, unknown=255), augmentation, seeds=(3, 1))


def shown_by_hand():
    shown = np.zeros((COUNT, 4), np.uint8)
    shown[:, 0], shown[1::2, 1], shown[5, 2] = 1, 1, 1
    return shown


def test_the_classes_of_all_maps_are_read(samples):
    np.testing.assert_array_equal(read_shown_classes([samples], 2), shown_by_hand())


def test_a_few_pixels_do_not_show_a_class():
    ids = np.zeros((40, 50), np.uint8)
    ids[0, 0] = 2  # 1 pixel of 2000
    np.testing.assert_array_equal(shown_classes(ids, 4), [1, 0, 0, 0])
    ids[0, 1] = 2
    np.testing.assert_array_equal(shown_classes(ids, 4), [1, 0, 1, 0])
    np.testing.assert_array_equal(shown_classes(np.full((2, 2), 1, np.uint8), 4), [0, 1, 0, 0])


@pytest.mark.parametrize(
    "exponent, relative",
    [
        (0, [1] * 8),
        (1, [1, 2, 1, 2, 1, 8, 1, 2]),
        (0.5, [1, 2**0.5, 1, 2**0.5, 1, 8**0.5, 1, 2**0.5]),
    ],
)
def test_a_pair_weighs_as_its_rarest_class(exponent, relative):
    expected = np.array(relative) / np.mean(relative)
    np.testing.assert_allclose(weights_of(shown_by_hand().astype(bool), exponent), expected, rtol=1e-12)


def test_a_pair_without_classes_weighs_as_one_whose_classes_all_pairs_show():
    weights = weights_of(np.array([[1, 0], [1, 0], [1, 1], [0, 0]], bool), 1)
    assert weights[3] == 1 / np.mean([4 / 3, 4 / 3, 4, 1]) and weights[2] == 4 * weights[3]


def test_in_each_epoch_a_pair_comes_as_often_as_it_weighs(samples):
    (ours,) = balanced([samples], shown_by_hand(), 1.0)
    epochs = [[ours.draw(nimg)[0] for nimg in range(start, start + COUNT)] for start in range(0, 200 * COUNT, COUNT)]
    for epoch in epochs:
        counts = np.bincount(epoch, minlength=COUNT)
        assert (np.floor(ours.weights) <= counts).all() and (counts <= np.ceil(ours.weights)).all()
    mean = np.bincount(np.concatenate(epochs), minlength=COUNT) / 200
    # 200 draws of a count that differs by 1 at most: six standard errors of 0.5 / sqrt(200)
    np.testing.assert_allclose(mean, ours.weights, rtol=0, atol=0.21)
    assert len({tuple(epoch) for epoch in epochs}) == 200
    mirrored = [ours.draw(nimg)[1] for nimg in range(1000)]
    assert 400 < sum(mirrored) < 600  # 6 standard deviations of a fair coin


def test_the_order_follows_from_seed_and_place_and_the_pair_is_read_as_before(samples):
    (ours,) = balanced([samples], shown_by_hand(), 0.5)
    (again,) = balanced([samples], shown_by_hand(), 0.5)
    (other,) = balanced([dataclasses.replace(samples, seeds=(4, 1))], shown_by_hand(), 0.5)
    backwards = [again.draw(nimg) for nimg in reversed(range(40))][::-1]
    assert [ours.draw(nimg) for nimg in range(40)] == backwards != [other.draw(nimg) for nimg in range(40)]
    for nimg in range(COUNT):
        photo, label = ours(nimg)
        position, mirrored = ours.draw(nimg)
        plain = samples.read(position, WIDTH, HEIGHT)
        for found, expected in zip((photo, label), plain):
            np.testing.assert_array_equal(found, expected[:, ::-1] if mirrored else expected)


def test_phases_have_frequencies_of_their_own(samples):
    phases = [dataclasses.replace(samples, pairs=samples.pairs[part]) for part in (slice(0, 4), slice(4, 8))]
    first, second = balanced(phases, shown_by_hand(), 1.0)
    np.testing.assert_allclose(first.weights, np.array([1, 2, 1, 2]) / 1.5)
    np.testing.assert_allclose(second.weights, np.array([1, 4, 1, 2]) / 2)


def test_pairs_are_read_from_a_cache_if_there_is_one(samples, tmp_path):
    make_cache([samples], tmp_path / "cache", 1, lambda line: None)
    (ours,) = balanced(from_cache([samples], tmp_path / "cache"), shown_by_hand(), 0.5)
    expected = balanced([samples], shown_by_hand(), 0.5)[0](3)
    for folder in ("imgs", "labels"):
        (tmp_path / folder).rename(tmp_path / f"{folder}-away")
    assert isinstance(ours, BalancedPairs)
    for found, array in zip(ours(3), expected):
        np.testing.assert_array_equal(found, array)


def test_the_option_is_refused_where_it_has_no_meaning(tmp_path):
    with pytest.raises(InputError, match="balance_pairs=1.5: from 0 to 1"):
        DataConfig(balance_pairs=1.5)
    data = DataConfig(root=str(tmp_path), balance_pairs=0.5)
    with pytest.raises(InputError, match="balance_pairs=0.5: this system's data has no such option"):
        find_samples(Experiment("tsit", TSITConfig(form="ast"), data, RunConfig(total_nimg=1)))


def test_a_weight_of_one_comes_once():
    """Rounding of the sums must not draw a pair twice or never, where all pairs weigh the same."""
    pairs = BalancedPairs(range(997), None, None, (0, 1), None, weights_of(np.ones((997, 1), bool), 1.0))
    assert set(Counter(pairs.draw(nimg)[0] for nimg in range(997)).values()) == {1}
