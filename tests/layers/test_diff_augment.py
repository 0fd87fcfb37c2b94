"""DiffAugment against its authors' arithmetic in NumPy, pixel by pixel, and its gradients against differences."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.kernels import backend
from jittor_tsit.layers.diff_augment import NUM_DRAWS, DiffAugment
from jittor_tsit.layers.image_layouts import OneHot, one_hot, to_nchw

SHAPE = 3, 3, 9, 16  # an odd and an even side
CHANGES = "color", "translation", "cutout"


def colours(x, draws):
    """Brightness, then saturation, then contrast of one image [3, H, W]."""
    x = x + (draws[0] - 0.5)
    grey = x.mean(0)
    x = grey + 2 * draws[1] * (x - grey)
    return x.mean() + (draws[2] + 0.5) * (x - x.mean())


def moved(x, draws):
    """Each pixel is read from another one, or is 0."""
    y, (height, width) = np.zeros_like(x), x.shape[1:]
    most = round(height / 8), round(width / 8)  # of 9 and 16 pixels: 1 and 2
    down, right = (int(np.floor(draw * (2 * size + 1))) - size for draw, size in zip(draws[3:5], most))
    for i in range(height):
        for j in range(width):
            if 0 <= i + down < height and 0 <= j + right < width:
                y[:, i, j] = x[:, i + down, j + right]
    return y


def cut(x, draws):
    """The authors cut the pixels of indices that are limited to the image."""
    y, (height, width) = x.copy(), x.shape[1:]
    rows, columns = 5, 8  # half of 9, rounded up, and half of 16
    top = int(draws[5] * height) - rows // 2  # an odd number of rows: the middle is one of 9 pixels
    left = int(draws[6] * (width + 1)) - columns // 2  # an even number: one of 17 borders of pixels
    for i in range(top, top + rows):
        for j in range(left, left + columns):
            y[:, min(max(i, 0), height - 1), min(max(j, 0), width - 1)] = 0
    return y


def by_hand(policy, x, draws):
    change = {"color": colours, "translation": moved, "cutout": cut}
    images = []
    for image, numbers in zip(x, draws):
        for name in policy:
            image = change[name](image, numbers)
        images.append(image)
    return np.stack(images)


@pytest.fixture
def draws(rng):
    return rng.random((3, NUM_DRAWS), np.float32)


@pytest.mark.parametrize("policy", [*((name,) for name in CHANGES), CHANGES, CHANGES[::-1]])
@pytest.mark.parametrize("extreme", [None, 0, 1 - 2**-24])
def test_images_are_changed_as_the_authors_do(rng, draws, policy, extreme):
    draws = draws if extreme is None else np.full_like(draws, extreme)
    x = rng.uniform(-1, 1, SHAPE).astype(np.float32)
    ours = DiffAugment(policy, draws).image(jt.array(x)).numpy()
    np.testing.assert_allclose(ours, by_hand(policy, x.astype(np.float64), draws), rtol=0, atol=1e-6)


def test_the_largest_draw_stays_within_the_limits_of_a_large_image():
    shape = 1, 1, 1024, 1024  # in float32 the largest draw times 257 is 257
    last = DiffAugment(("translation",), np.full((1, NUM_DRAWS), 1 - 2**-24, np.float32))
    kept = last.image(jt.ones(shape)).numpy()[0, 0]
    assert kept[: 1024 - 128, : 1024 - 128].all() and kept.sum() == (1024 - 128) ** 2


@pytest.mark.parametrize("policy", [CHANGES, CHANGES[::-1]])
def test_the_gradient_is_that_of_the_arithmetic(rng, draws, policy):
    x, weights = rng.uniform(-1, 1, (2, *SHAPE)).astype(np.float32)
    image = jt.array(x)
    ours = jt.grad((DiffAugment(policy, draws).image(image) * jt.array(weights)).sum(), image).numpy()
    step = 0.5  # the changes are linear in the image, so that differences are exact
    for place in [(0, 0, 0, 0), (1, 2, 8, 15), *map(tuple, rng.integers(0, SHAPE, (40, 4)))]:
        around = [x.astype(np.float64), x.astype(np.float64)]
        around[0][place] -= step
        around[1][place] += step
        low, high = ((by_hand(policy, each, draws) * weights).sum() for each in around)
        assert ours[place] == pytest.approx((high - low) / (2 * step), abs=1e-5)


def test_a_label_map_is_moved_and_cut_like_the_images_and_keeps_its_colours(rng, draws):
    ids = rng.integers(0, 5, (3, 9, 16)).astype(np.uint8)
    segmap = (ids[:, None] == np.arange(5)[:, None, None]).astype(np.float32)
    expected = by_hand(("translation", "cutout"), segmap, draws)
    changed = DiffAugment(CHANGES, draws).label_map(one_hot(jt.array(ids), 5))
    np.testing.assert_array_equal(changed.numpy(), expected)
    assert 0 < expected.sum() < segmap.sum()


@pytest.mark.skipif(not backend.context.block, reason="this processor has no layout of blocks")
@pytest.mark.parametrize("classes", [5, 255, 256])
def test_ids_are_moved_and_cut_like_the_one_hot_map(rng, draws, classes):
    ids = rng.integers(classes - 5, classes, (3, 9, 16)).astype(np.uint8)
    changed = DiffAugment(CHANGES, draws).label_map(OneHot(jt.array(ids), classes))
    assert isinstance(changed, OneHot) == (classes < 256)  # of 256 classes no id is left for pixels of none
    expected = DiffAugment(CHANGES, draws).label_map(one_hot(jt.array(ids), classes))
    np.testing.assert_array_equal(to_nchw(changed).numpy(), expected.numpy())
