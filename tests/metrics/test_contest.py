"""The contest's formulas, and the terms that need no network."""

import numpy as np
import pytest

from jittor_tsit.metrics.contest import BOARDS, CLOSENESS, total
from jittor_tsit.metrics.segmentation import confusion, intersection_over_union, mean_iou, pixel_accuracy
from jittor_tsit.metrics.style import histogram_correlation, match_histograms


@pytest.mark.parametrize(
    "mask, aesthetic, fid, score", [(0.9028, 4.9005, 44.6153, 0.4712), (0.7847, 4.5244, 107.49, 0.1775)]
)
def test_the_published_rows_of_board_a(mask, aesthetic, fid, score):
    assert total("2022a", {"mask_accuracy": mask, "aesthetic": aesthetic, "fid": fid}) == pytest.approx(score, abs=5e-5)


def test_the_other_boards():
    terms = {"mask_accuracy": 0.5, "aesthetic": 5.0, "fid": 40.0, "style": 0.2}
    assert total("2022b", terms) == pytest.approx(0.5 * (0.125 + 0.15))
    assert total("2023a", terms) == pytest.approx(0.5 * (0.1 + 0.18 + 0.3))


def test_only_the_2022_boards_take_a_distance_beyond_100_for_100():
    """2022's closeness ends at 0; 2023's formula, as it is published, goes on below."""
    terms = {"mask_accuracy": 0.5, "aesthetic": 6.0, "fid": 150.0, "style": 0.2}
    assert total("2022a", terms) == pytest.approx(0.5 * 0.3)
    assert total("2022b", terms) == pytest.approx(0.5 * 0.15)
    assert total("2023a", terms) == pytest.approx(0.5 * (0.12 + 0.18 - 0.25))


def test_closeness_of_each_distance_goes_from_1_to_0():
    fid, vgg = CLOSENESS["fid"], CLOSENESS["vgg16_relu5_1_frechet"]
    assert set(CLOSENESS) == {"fid", "vgg16_relu5_1_frechet"}
    assert (fid(0), fid(40), fid(100), fid(250)) == (1, 0.6, 0, 0)
    assert (vgg(0), vgg(1), vgg(3), vgg(99)) == (1, 0.5, 0.25, 0.01)


@pytest.mark.parametrize("board", BOARDS)
def test_no_total_is_made_up_from_the_rest(board):
    terms = {"mask_accuracy": 0.9, "aesthetic": None, "fid": 40.0, "style": 0.5}
    assert total(board, terms) is None
    terms.pop("aesthetic")
    assert total(board, terms) is None


def test_accuracy_and_intersection_over_union_by_hand():
    label = np.array([[0, 0, 1, 1], [0, 2, 1, 7]])
    predicted = np.array([[0, 1, 1, 1], [0, 0, 1, 0]])
    assert pixel_accuracy(predicted, label) == 5 / 8
    counts = confusion(predicted, label, 4)  # 7 is passed over
    assert counts.tolist() == [[2, 1, 0, 0], [0, 3, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(intersection_over_union(counts), [2 / 4, 3 / 4, 0, np.nan])
    assert mean_iou(counts) == pytest.approx((0.5 + 0.75) / 3)


def test_a_class_that_only_the_prediction_has_counts_as_missed():
    counts = confusion(np.array([[1, 0, 0, 2]]), np.array([[0, 0, 0, 2]]), 4)
    np.testing.assert_allclose(intersection_over_union(counts), [2 / 3, 0, 1, np.nan])
    assert mean_iou(counts) == pytest.approx((2 / 3 + 0 + 1) / 3)


def test_style_is_one_for_the_same_colours_and_less_for_others():
    rng = np.random.default_rng(0)
    photo = rng.normal(120, 20, (30, 40, 3)).clip(0, 255).astype(np.uint8)
    assert histogram_correlation(photo, photo[::-1, ::-1]) == pytest.approx(1)
    darker = (photo * 0.3).astype(np.uint8)
    assert histogram_correlation(photo, darker) < 0.2
    flat = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 1, 3))
    assert histogram_correlation(flat, flat) == 1.0


def test_matched_colours_are_those_of_the_photo_in_the_order_of_the_image(rng):
    image = rng.permutation(np.arange(0, 192, dtype=np.uint8)).reshape(8, 24, 1).repeat(3, 2)
    photo = rng.permutation(np.arange(64, 256, dtype=np.uint8)).reshape(24, 8, 1).repeat(3, 2)
    np.testing.assert_array_equal(match_histograms(image, photo), image + 64)
    np.testing.assert_array_equal(match_histograms(image, photo, 0.5), image + 32)
    np.testing.assert_array_equal(match_histograms(image, photo, 0), image)
    assert histogram_correlation(image, photo) < 0.9 and histogram_correlation(image + 64, photo) == pytest.approx(1)
