"""Whether the label explains the pixels: photos of flat colours, whose variance and histograms are plain."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from data_tools.sets.classes import colorize
from data_tools.signals.explanation import overlap, unexplained
from data_tools.signals.view import View

HEIGHT, WIDTH = 96, 128
RED, GREEN = (200, 40, 40), (40, 160, 40)


def halves(top, below):
    label = np.full((HEIGHT, WIDTH), top, np.uint8)
    label[HEIGHT // 2 :] = below
    return label


def sides(left, right):
    label = np.full((HEIGHT, WIDTH), left, np.uint8)
    label[:, WIDTH // 2 :] = right
    return label


def stripes(*classes):
    """Level stripes of equal height."""
    return np.repeat(classes, HEIGHT // len(classes))[:, None].repeat(WIDTH, axis=1).astype(np.uint8)


def painted(label, colors):
    photo = np.zeros((*label.shape, 3), np.uint8)
    for c, color in colors.items():
        photo[label == c] = color
    return photo


def grey_noise(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 1)).repeat(3, axis=2).astype(np.uint8)


def patches(seed):
    """A picture of 48 coloured patches with noise, and a label that follows the colours in part; ids up to 28."""
    rng = np.random.default_rng(seed)
    patch = np.arange(48).reshape(6, 8).repeat(16, axis=0).repeat(16, axis=1)
    kind = rng.integers(0, 4, 48)
    color = rng.integers(70, 186, (4, 3))[kind] + rng.integers(-40, 41, (48, 3))
    noise = rng.integers(-1, 2, (*patch.shape, 1)) * (8 * kind)[patch][..., None]
    photo, label = color[patch] + noise, np.array([0, 5, 17, 28])[kind][patch]
    label[rng.random(label.shape) < 0.1] = 5
    return View(photo.astype(np.uint8), label.astype(np.uint8))


def local_deviation(image):
    """Standard deviation in 5 x 5 pixels around each, mirrored at the rim."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 2, mode="reflect"), (5, 5))
    return windows.reshape(*image.shape, 25).std(axis=-1)


# unexplained


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_share_of_variance_within_the_classes(seed):
    view = patches(seed)
    lab = view.half_lab.astype(float)
    shares = []
    for channel in (*np.moveaxis(lab, -1, 0), local_deviation(lab[..., 0])):
        residual = channel.copy()
        for c in np.unique(view.half_label):
            residual[view.half_label == c] -= channel[view.half_label == c].mean()
        shares.append(residual.var() / channel.var())
    assert 0.1 < np.mean(shares) < 0.98
    assert unexplained(view) == pytest.approx(np.mean(shares), rel=1e-3)  # 32 bits


def test_the_colors_of_a_fitting_label_are_explained_and_only_the_edge_is_not():
    """Three of the four channels are flat in each class; the local deviation at the edge lies in both."""
    assert unexplained(View(painted(halves(0, 28), {0: RED, 28: GREEN}), halves(0, 28))) == pytest.approx(0.25)


def test_a_label_across_the_photo_explains_nothing():
    assert unexplained(View(painted(halves(0, 28), {0: RED, 28: GREEN}), sides(0, 28))) == pytest.approx(1)


def test_a_label_half_right_leaves_the_variance_within_its_classes():
    """A third of the larger class has the other colour: 3/4 * 2/9 of the squared difference, of 1/4 in all."""
    photo = painted(stripes(0, 0, 1, 1), {0: RED, 1: GREEN})
    color, texture = 2 / 3, 1
    value = unexplained(View(photo, stripes(0, 1, 1, 1)))
    assert value == pytest.approx((3 * color + texture) / 4, abs=0.01)  # the texture at the edge goes a little with it


def test_a_texture_that_goes_with_the_class_is_explained():
    label = halves(0, 1)
    photo = np.where(label[..., None] == 0, grey_noise(), 128).astype(np.uint8)
    assert unexplained(View(photo, label)) < 0.9 < unexplained(View(photo, sides(0, 1)))


@pytest.mark.parametrize("photo", [grey_noise(), np.full((HEIGHT, WIDTH, 3), 90, np.uint8)], ids=["noise", "flat"])
def test_a_map_of_one_class_and_a_flat_photo_leave_all_unexplained(photo):
    assert unexplained(View(photo, np.full((HEIGHT, WIDTH), 28, np.uint8))) == pytest.approx(1)
    assert unexplained(View(photo, halves(0, 1))) > 0.99


def test_the_names_of_the_classes_do_not_matter():
    label = np.random.default_rng(0).integers(0, 29, (6, 8)).repeat(16, axis=0).repeat(16, axis=1).astype(np.uint8)
    renamed = np.random.default_rng(1).permutation(29)[label].astype(np.uint8)
    photo = colorize(label)
    assert unexplained(View(photo, label)) == pytest.approx(unexplained(View(photo, renamed)))


def test_noise_over_the_colors_raises_it():
    label = stripes(0, 1, 2, 28)
    values = []
    for amount in (0, 20, 60, 120):
        noise = np.random.default_rng(0).integers(-amount, amount + 1, (HEIGHT, WIDTH, 3))
        values.append(unexplained(View(np.clip(colorize(label) + noise, 0, 255).astype(np.uint8), label)))
    assert values == sorted(values) and values[-1] > values[0] + 0.2


@pytest.mark.parametrize("levels, explained", [(1, False), (4, True)])
def test_a_channel_with_hardly_any_deviation_is_called_unexplained(levels, explained):
    """Half of the difference between two flat halves is their deviation."""
    photo = painted(halves(0, 1), {0: (100, 100, 100), 1: (100 + levels,) * 3})
    assert (unexplained(View(photo, halves(0, 1))) < 1) == explained


# overlap


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_largest_intersection_of_histograms_of_32_levels_a_bin(seed):
    view = patches(seed)
    label = view.half_label
    bins = [tuple(color // 32) for color in view.half_lab.reshape(-1, 3)]
    histograms = {c: Counter(b for b, own in zip(bins, label.ravel()) if own == c) for c in np.unique(label)}
    sizes = {c: sum(histogram.values()) for c, histogram in histograms.items()}
    values = [
        sum(min(histograms[a][b] / sizes[a], histograms[d][b] / sizes[d]) for b in histograms[a])
        for a, d in combinations(histograms, 2)
    ]
    assert 0.1 < max(values) < 0.98  # every class touches every other, for one is strewn over all
    assert overlap(view) == pytest.approx(max(values))


def test_touching_classes_of_one_color_overlap_wholly():
    assert overlap(View(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), halves(0, 28))) == pytest.approx(1)


def test_classes_of_different_colors_do_not_overlap():
    assert overlap(View(painted(halves(0, 28), {0: RED, 28: GREEN}), halves(0, 28))) == 0


def test_the_shared_part_of_the_histograms_counts():
    photo = painted(stripes(0, 0, 0, 1), {0: RED, 1: GREEN})
    assert overlap(View(photo, halves(3, 4))) == pytest.approx(0.5)  # the lower class is half red, half green


def test_alike_classes_that_do_not_touch_do_not_overlap():
    colors = {0: RED, 1: GREEN, 2: RED}
    assert overlap(View(painted(stripes(0, 1, 2), colors), stripes(0, 1, 2))) == 0
    assert overlap(View(painted(stripes(0, 2, 1), colors), stripes(0, 2, 1))) == pytest.approx(1)


def test_classes_that_touch_from_side_to_side_count_as_well():
    assert overlap(View(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), sides(5, 2))) == pytest.approx(1)


def test_the_most_alike_pair_counts():
    label = stripes(0, 1, 2, 3)
    photo = painted(label, {0: RED, 1: GREEN, 2: GREEN, 3: (0, 0, 0)})
    assert overlap(View(photo, label)) == pytest.approx(1)


def test_classes_of_less_than_three_percent_have_no_histogram_worth_comparing():
    photo = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[:2] = 28
    assert overlap(View(photo, label)) == 0
    label[:4] = 28
    assert overlap(View(photo, label)) == pytest.approx(1)


def test_a_map_of_one_class_overlaps_with_nothing():
    assert overlap(View(grey_noise(), np.full((HEIGHT, WIDTH), 28, np.uint8))) == 0
