"""Choosing among candidates, with literal numbers."""

import numpy as np
import pytest

from jittor_tsit.metrics.best_of_many import MOST_ROUNDS, Candidates, Improver, Space, nearness, own_scores
from jittor_tsit.metrics.contest import as_far_as_known, closeness
from jittor_tsit.metrics.frechet import frechet_distance, statistics


def test_nearness_is_half_where_an_image_is_as_far_off_as_photographs_are_from_each_other():
    real = np.array([[0.0, 0], [2, 0], [4, 0], [6, 0]])
    features = np.array([[2.0, 0], [0, 2], [6, 6]])
    np.testing.assert_allclose(nearness(features, real), [1, 0.5, 0.25])


def test_an_image_may_be_nearest_to_the_photograph_at_its_own_place():
    """Places of images and of photographs have nothing to do with each other."""
    real = np.array([[0.0, 0], [2, 0], [4, 0], [6, 0]])
    np.testing.assert_allclose(nearness(real + [0, 2], real), [0.5] * 4)
    np.testing.assert_allclose(nearness(real[::-1], real), [1] * 4)


def test_nearness_to_photographs_that_are_all_equal_is_finite():
    assert np.isfinite(nearness(np.ones((2, 3)), np.ones((4, 3)))).all()


def test_nearness_does_not_depend_on_how_many_rows_are_computed_at_once(rng, monkeypatch):
    real, features = rng.standard_normal((30, 5)), rng.standard_normal((20, 5))
    whole = nearness(features, real)
    monkeypatch.setattr("jittor_tsit.metrics.best_of_many.BLOCK", 7)
    np.testing.assert_allclose(nearness(features, real), whole, rtol=1e-12)


def test_an_images_own_score_is_the_formula_over_what_is_known():
    mask, aesthetic, near = np.array([[0.5, 0.8]]), np.array([[6.0, 4.0]]), np.array([[0.2, 0.4]])
    np.testing.assert_allclose(own_scores(Candidates(mask, aesthetic, near)), [[0.5 * 0.4, 0.8 * 0.4]])
    np.testing.assert_allclose(own_scores(Candidates(mask, None, near)), [[0.1, 0.32]])
    np.testing.assert_allclose(own_scores(Candidates(None, aesthetic, None)), [[0.6, 0.4]])
    np.testing.assert_allclose(own_scores(Candidates(mask)), mask)
    with pytest.raises(ValueError, match="at least one of them is needed"):
        as_far_as_known()


def test_distance_in_all_directions_is_the_frechet_distance(rng):
    real = rng.standard_normal((50, 6)) * [3, 1, 1, 0.5, 2, 1]
    made = rng.standard_normal((20, 6)) + 0.5
    space = Space(real)
    rows = space.project(made)
    ours = space.distance(rows.sum(0), rows.T @ rows, len(rows))
    assert ours == pytest.approx(frechet_distance(statistics(made), statistics(real)), rel=1e-9)


@pytest.fixture
def two_sides(rng):
    """Photographs around 0; of each label map one candidate lies on the one side of them, one on the other."""
    real = rng.standard_normal((200, 4))
    base = rng.standard_normal((30, 4))
    side = np.array([2.0, 0, 0, 0])
    return real, np.stack([base + side, base - side], axis=1)


def improver_of(candidates, real, features, whole=None, part=lambda far: 1 / (1 + far)):
    places = np.arange(len(features))
    distance = lambda choice: frechet_distance(statistics(features[places, choice]), statistics(real))  # noqa: E731
    return Improver(candidates, features, Space(real), part, whole or distance)


def test_swaps_bring_the_set_nearer_where_every_image_by_itself_prefers_one_side(two_sides):
    real, features = two_sides
    start, swaps = np.zeros(30, int), []
    improver = improver_of(Candidates(), real, features)
    choice = improver.improve(start, lambda number, count: swaps.append(count))
    assert improver.exact_distance(choice) < 0.5 * improver.exact_distance(start)
    assert 5 < choice.sum() < 25 and not start.any()
    assert swaps[-1] < swaps[0] / 2


def test_rounds_end_with_the_first_that_swaps_nothing(two_sides):
    real, features = two_sides
    told = []
    improver_of(Candidates(), real, features).improve(np.zeros(30, int), lambda *round_: told.append(round_))
    numbers, swaps = zip(*told)
    assert numbers == (*range(1, len(told) + 1),) and len(told) < MOST_ROUNDS
    assert swaps[-1] == 0 and all(swaps[:-1])


def test_no_swap_is_made_that_costs_more_mask_accuracy_than_it_gains(two_sides):
    real, features = two_sides
    mask = np.tile(
        [0.9, 0.01], (30, 1)
    )  # a swap costs 3 % of the mean; the whole distance, 4, is 4 % of the other factor
    improver = improver_of(Candidates(mask_accuracy=mask), real, features, part=closeness)
    choice = improver.improve(np.zeros(30, int), lambda *_: None)
    assert choice.sum() <= 1


def test_swaps_in_vain_are_taken_back(two_sides):
    real, features = two_sides
    start = np.zeros(30, int)
    improver = improver_of(Candidates(), real, features, whole=lambda choice: 1.0 + choice.sum())
    assert improver.improve(start, lambda *_: None) is start
