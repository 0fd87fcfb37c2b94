"""Blur of photos that were blurred on purpose."""

import cv2
import numpy as np
import pytest

from data_tools.rendering.write_set import render
from data_tools.sets.classes import CLASS_IDS
from data_tools.signals.sharpness import blur
from data_tools.signals.view import View

HEIGHT, WIDTH = 96, 128

SKY = CLASS_IDS["sky"]


def of_photo(photo):
    return blur(View(photo, np.zeros(photo.shape[:2], np.uint8)))


def landscape():
    return render(seed=7, index=0, width=WIDTH, height=HEIGHT)[0]


def noise(height=HEIGHT, width=WIDTH):
    return np.random.default_rng(0).integers(0, 256, (height, width, 1)).repeat(3, axis=2).astype(np.uint8)


def by_the_paper(luma):
    """Crete et al., equations 1 to 6, along rows."""
    luma = luma.astype(float)
    wide = np.pad(luma, ((0, 0), (4, 4)), mode="reflect")
    blurred = sum(wide[:, i : i + luma.shape[1]] for i in range(9)) / 9
    before, after = (np.abs(np.diff(image, axis=1)) for image in (luma, blurred))
    return 1 - np.maximum(before - after, 0).sum() / before.sum()


@pytest.mark.parametrize("photo", [noise(), landscape()], ids=["noise", "landscape"])
def test_it_is_the_papers_measure_along_the_worse_direction(photo):
    luma = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    expected = max(by_the_paper(luma), by_the_paper(luma.T))
    assert of_photo(photo) == pytest.approx(expected, abs=0.003)  # blurred in whole grey levels


@pytest.mark.parametrize("photo", [noise(), landscape()], ids=["noise", "landscape"])
def test_it_rises_with_the_width_of_a_gaussian_blur(photo):
    values = [of_photo(photo), *(of_photo(cv2.GaussianBlur(photo, (0, 0), sigma)) for sigma in (0.7, 1, 2, 4))]
    assert values == sorted(values) and values[0] < 0.4 < values[-1]  # 0.4: limit of the rule `blurred`


@pytest.mark.parametrize("upright", [False, True])
def test_it_rises_with_the_length_of_a_motion_along_either_axis(upright):
    values = []
    for length in (1, 3, 7, 15):
        values.append(of_photo(cv2.blur(landscape(), (1, length) if upright else (length, 1))))
    assert values == sorted(values) and values[-1] > values[0] + 0.2


def test_motion_along_either_axis_counts_alike():
    photo = noise(HEIGHT, HEIGHT)
    across, turned = cv2.blur(photo, (9, 1)), cv2.blur(photo.transpose(1, 0, 2).copy(), (1, 9))
    assert of_photo(across) == pytest.approx(of_photo(turned))


def test_a_flat_photo_is_wholly_blurred():
    assert of_photo(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)) == 1


def test_alternating_lines_are_sharp_and_slopes_are_not():
    checks = (np.indices((HEIGHT, WIDTH)).sum(axis=0) % 2 * 255).astype(np.uint8)
    slope = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)).astype(np.uint8)
    assert of_photo(np.dstack([checks] * 3)) < 0.15
    assert of_photo(np.dstack([slope] * 3)) > 0.9


@pytest.mark.parametrize("size", [(96, 9), (9, 128), (9, 9), (1, 128), (1, 1)])
def test_a_side_too_short_for_the_window_is_not_called_blurred(size):
    value = of_photo(noise(*size))
    assert 0 <= value < 0.4


def test_contrast_does_not_matter():
    soft = (landscape() * 0.5).astype(np.uint8)
    assert of_photo(soft) == pytest.approx(of_photo(landscape()), abs=0.03)  # whole grey levels again


def test_classes_do_not_matter_but_for_the_sky():
    label = np.arange(WIDTH)[None].repeat(HEIGHT, axis=0).astype(np.uint8) % 29
    assert blur(View(landscape(), np.where(label == SKY, 0, label).astype(np.uint8))) == of_photo(landscape())


def test_the_sky_is_left_out():
    photo = landscape().copy()
    photo[: HEIGHT // 2] = cv2.GaussianBlur(photo[: HEIGHT // 2], (0, 0), 6)
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    with_clouds = blur(View(photo, label))
    label[: HEIGHT // 2] = SKY
    assert blur(View(photo, label)) < with_clouds - 0.05


def test_a_photo_of_the_sky_alone_cannot_be_judged():
    assert blur(View(landscape(), np.full((HEIGHT, WIDTH), SKY, np.uint8))) == 0
