"""The small form of a pair: classes, features and hash of drawn pictures."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from data_tools.rendering.write_set import render
from data_tools.signals.cells import cell_classes, cell_features, photo_hash
from data_tools.signals.sketches import COLUMNS, HASH_BITS, ROWS
from data_tools.signals.view import View

HEIGHT, WIDTH = 8 * ROWS, 8 * COLUMNS  # 192 x 256: a cell is 8 x 8 pixels, and 4 x 4 at half size


def of_label(label):
    return cell_classes(View(np.zeros((*label.shape, 3), np.uint8), label.astype(np.uint8)))


def of_photo(photo):
    return cell_features(View(np.asarray(photo, np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)))


def grey(tones):
    return np.broadcast_to(np.asarray(tones, np.uint8)[..., None], (HEIGHT, WIDTH, 3)).copy()


# Classes


def test_cells_of_one_class_each_keep_it():
    cells = np.random.default_rng(0).integers(0, 29, (ROWS, COLUMNS))
    assert (of_label(cells.repeat(8, axis=0).repeat(8, axis=1)) == cells).all()


def test_a_cell_has_its_most_common_class():
    label = np.full((HEIGHT, WIDTH), 28)
    label[:6, :8] = 3  # three quarters of the first cell
    label[:2, 8:16] = 3  # a quarter of the second
    cells = of_label(label)
    assert cells[0, :3].tolist() == [3, 28, 28] and (cells[1:] == 28).all()


def test_the_most_common_of_three_need_not_have_half():
    label = np.repeat([5] * 2 + [28] * 4 + [9] * 2, HEIGHT // 8 * WIDTH).reshape(8, -1, WIDTH)
    label = label.swapaxes(0, 1).reshape(HEIGHT, WIDTH)  # two lines of 5, four of 28, two of 9, and so on
    assert (of_label(label) == 28).all()


def test_of_equally_common_classes_the_lower_id_is_taken():
    lines = np.where(np.arange(HEIGHT) % 8 < 4, 28, 3)
    assert (of_label(lines[:, None].repeat(WIDTH, axis=1)) == 3).all()


@pytest.mark.parametrize("size", [(384, 512), (512, 384), (100, 130), (10, 12)])
def test_every_size_is_brought_to_the_same_cells(size):
    label = np.zeros(size)
    label[size[0] // 2 :] = 28
    cells = of_label(label)
    assert cells.shape == (ROWS, COLUMNS)
    assert (cells[: ROWS // 2 - 2] == 0).all() and (cells[ROWS // 2 + 2 :] == 28).all()


# Features


@pytest.mark.parametrize("color", [(128, 128, 128), (200, 40, 90), (10, 90, 250)])
def test_a_flat_photo_has_its_lab_color_and_no_texture(color):
    photo = np.full((HEIGHT, WIDTH, 3), color, np.uint8)
    lab = cv2.cvtColor(photo[:1, :1], cv2.COLOR_RGB2LAB)[0, 0]
    assert (of_photo(photo) == [*lab, 0, 0, 0, 0, 128]).all()


def test_each_cell_has_the_mean_color_of_its_pixels():
    photo = np.random.default_rng(0).integers(0, 256, (ROWS, COLUMNS, 3)).repeat(8, axis=0).repeat(8, axis=1)
    lab = cv2.cvtColor(photo.astype(np.uint8), cv2.COLOR_RGB2LAB)
    assert (of_photo(photo)[..., :3] == lab[::8, ::8]).all()


def test_deviations_are_those_within_the_cell():
    """Columns of L alternate by twice the deviation in the right half of the picture, and colours below."""
    lab = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    lab[:, WIDTH // 2 :, 0] = np.where(np.arange(WIDTH // 2) // 2 % 2, 148, 108)
    lab[HEIGHT // 2 :, :, 1] = np.where(np.arange(WIDTH) // 2 % 2, 134, 122)
    features = of_photo(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)).astype(int)
    light, color = features[..., 3], features[..., 4]
    assert (abs(light[:, 18:] - 40 * np.log(1 + 20)) <= 2).all()  # rounding to RGB and back
    assert (light[:, :14] <= 40 * np.log(1 + 1.5)).all()
    assert (abs(color[14:] - 50 * np.log(1 + 6)) <= 6).all()
    assert (color[:10, :14] == 0).all()


def test_detail_is_where_tones_alternate():
    fine = np.zeros((HEIGHT, WIDTH), int) + 100
    fine[:, WIDTH // 2 :] += 60 * (np.indices((HEIGHT, WIDTH // 2)) // 2).sum(axis=0) % 120
    features = of_photo(grey(fine)).astype(int)
    assert (features[:, 17:-1, 5] > 150).all() and (features[:, :15, 5:7] == 0).all()
    coarse = 100 + 60 * ((np.indices((HEIGHT, WIDTH)) // 4).sum(axis=0) % 2)
    assert (of_photo(grey(coarse))[1:-1, 1:-1, 6] > 100).all()


@pytest.mark.parametrize("upright", [True, False])
def test_the_last_channel_tells_upright_lines_from_level_ones(upright):
    lines = 100 + 60 * (np.arange(WIDTH if upright else HEIGHT) // 4 % 2)
    channel = of_photo(grey(lines if upright else lines[:, None]))[..., 7]
    assert (channel > 240).all() if upright else (channel < 16).all()


# The hash


def far(a, b):
    return int((a != b).sum())


def hash_of(photo):
    return photo_hash(View(np.asarray(photo, np.uint8), np.zeros(photo.shape[:2], np.uint8)))


def landscape(index=0, width=256, height=192):
    return render(seed=7, index=index, width=width, height=height)[0]


def encoded(photo, quality):
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


def test_a_hash_is_bits_of_both_kinds():
    bits = hash_of(landscape())
    assert bits.shape == (HASH_BITS,) and bits.dtype == np.uint8 and {*bits} == {0, 1}


@pytest.mark.parametrize(
    "change",
    [
        lambda photo: encoded(photo, quality=40),
        lambda photo: cv2.resize(photo, (160, 120), interpolation=cv2.INTER_AREA),
        lambda photo: cv2.GaussianBlur(photo, (0, 0), 1),
        lambda photo: (photo * 0.8).astype(np.uint8),
        lambda photo: np.minimum(photo.astype(int) + 12, 255),
    ],
    ids=["encoded", "scaled", "blurred", "darker", "lighter"],
)
@pytest.mark.parametrize("index", range(3))
def test_the_same_photo_again_differs_in_few_bits(change, index):
    assert far(hash_of(landscape(index)), hash_of(change(landscape(index)))) <= 0.08 * HASH_BITS


def test_other_photos_and_the_mirror_image_are_far():
    hashes = [hash_of(photo) for photo in (*map(landscape, range(5)), landscape()[:, ::-1].copy())]
    distances = [far(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(distances) > 0.25 * HASH_BITS


def test_each_bit_is_the_sign_of_a_frequency():
    """A wave and its negative differ in the bit that stands for this wave."""
    wave = np.cos(np.pi * 3 * (np.arange(WIDTH) + 0.5) / WIDTH)
    bits = [hash_of(grey(128 + sign * 90 * wave)) for sign in (1, -1)]
    assert [b[3 - 1] for b in bits] == [1, 0]  # third of the first row; the mean is left out


def test_the_label_does_not_change_the_hash():
    label = np.full((HEIGHT, WIDTH), 28, np.uint8)
    assert (photo_hash(View(landscape(), label)) == hash_of(landscape())).all()
