"""What is cut and mirrored together, and what by itself: every image tells where each of its pixels came from."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from data_tools.sets.image_io import write_label
from data_tools.sets.pairing import Pair
from jittor_tsit.config import DataConfig
from jittor_tsit.data.folders import aligned_samples, domain_samples, unpaired_samples
from jittor_tsit.data.label_maps import LabelMaps, edges
from jittor_tsit.data.samples import Augmentation, PairedSamples

WIDTH, HEIGHT = 40, 24  # of the files
CUT_WIDTH, CUT_HEIGHT = 32, 16
PLACES = 40  # of 9 x 9 cuts and 2 directions: images that are drawn together differ in none, others in nearly all


def pixel_numbers(blue):
    """An image whose red is the column and whose green is the row."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([x, y, np.full_like(x, blue)], axis=-1).astype(np.uint8)


def seen(photo):
    """The top left corner of a cut of `pixel_numbers`, and whether it is mirrored."""
    columns, rows = photo[0, :, 0].astype(int), photo[:, 0, 1].astype(int)
    mirrored = bool(columns[0] > columns[-1])
    np.testing.assert_array_equal(columns, columns.min() + np.arange(len(columns))[:: -1 if mirrored else 1])
    np.testing.assert_array_equal(rows, rows[0] + np.arange(len(rows)))
    return columns.min(), rows[0], mirrored


@pytest.fixture
def samples(tmp_path):
    """One pair with instances. The class of a pixel is its column, modulo the number of classes."""
    for name in ("imgs", "labels", "instances"):
        (tmp_path / name).mkdir()
    _y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    Image.fromarray(pixel_numbers(0)).save(tmp_path / "imgs/a.png")
    write_label(tmp_path / "labels/a.png", x % 29)
    write_label(tmp_path / "instances/a.png", instances())
    pair = Pair("a", tmp_path / "imgs/a.png", tmp_path / "labels/a.png")
    augmentation = Augmentation((WIDTH, HEIGHT), (CUT_WIDTH, CUT_HEIGHT), flip=True)
    return PairedSamples([pair], LabelMaps(29, has_edges=True), augmentation, seeds=(3, 1))


def instances():
    """[HEIGHT, WIDTH] object numbers whose borders differ from their own mirror image, in every cut."""
    result = np.zeros((HEIGHT, WIDTH), int)
    result[:, 11:] = 300  # above 255: 16 bits
    result[9:, 20:] = 7
    return result


def test_photo_label_and_instances_are_cut_and_mirrored_alike(samples):
    cuts = set()
    for place in range(PLACES):
        photo, label, borders = samples(place)
        left, top, mirrored = seen(photo)
        part = np.s_[top : top + CUT_HEIGHT, left : left + CUT_WIDTH]
        turn = np.s_[:, ::-1] if mirrored else np.s_[:]
        np.testing.assert_array_equal(label, (np.arange(WIDTH) % 29 + np.zeros((HEIGHT, 1), int))[part][turn])
        np.testing.assert_array_equal(borders, edges(instances()[part])[turn])
        cuts.add((left, top, mirrored))
    assert len(cuts) > PLACES / 2 and {mirrored for *_, mirrored in cuts} == {False, True}
    assert {left for left, *_ in cuts} >= {0, 8} and {top for _, top, _ in cuts} >= {0, 8}  # up to both ends


def test_photo_label_and_instances_are_mirrored_alike_where_nothing_is_cut(samples):
    whole = dataclasses.replace(samples, augmentation=Augmentation((WIDTH, HEIGHT), (WIDTH, HEIGHT), flip=True))
    directions = set()
    for place in range(12):
        photo, label, borders = whole(place)
        mirrored = bool(photo[0, 0, 0] > photo[0, -1, 0])
        turn = np.s_[:, ::-1] if mirrored else np.s_[:]
        np.testing.assert_array_equal(photo, pixel_numbers(0)[turn])
        np.testing.assert_array_equal(label[0], (np.arange(WIDTH) % 29)[:: -1 if mirrored else 1])
        np.testing.assert_array_equal(borders, edges(instances())[turn])
        directions.add(mirrored)
    assert directions == {False, True}


def test_nothing_is_mirrored_without_flip(samples):
    straight = dataclasses.replace(samples, augmentation=dataclasses.replace(samples.augmentation, flip=False))
    assert not any(seen(straight(place)[0])[2] for place in range(PLACES))


@pytest.fixture
def config(tmp_path):
    """A set of two domains, which hold one image each, of the same pixel numbers; only their blue differs."""
    for folder, blue in (("trainA", 10), ("trainB", 200)):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixel_numbers(blue)).save(tmp_path / folder / "0.png")
    size = {"image_width": CUT_WIDTH, "image_height": CUT_HEIGHT, "load_width": WIDTH, "load_height": HEIGHT}
    return DataConfig(root=str(tmp_path), **size)


@pytest.mark.parametrize("side", [0, 16])
def test_images_of_two_domains_are_cut_and_mirrored_each_by_itself(config, side):
    """CycleGAN's way and, with a side, UNIT's: both images are drawn apart, in the cut as in the direction."""
    if side:  # the shorter side is brought to what it is already, so that pixels keep their numbers
        sizes = {"load_width": 0, "load_height": 0, "load_side": HEIGHT, "image_width": side, "image_height": side}
        config = dataclasses.replace(config, **sizes)
    samples = domain_samples(config, None, (5,))
    pairs = [tuple(map(seen, samples(place))) for place in range(PLACES)]
    assert len({a for a, _ in pairs}) > PLACES / 2 < len({b for _, b in pairs})
    assert sum(a[:2] == b[:2] for a, b in pairs) < PLACES / 4  # of 81 cuts or more
    turned = [a[2] != b[2] for a, b in pairs]
    assert PLACES / 5 < sum(turned) < 4 * PLACES / 5  # 3.8 standard deviations of a fair coin
    assert samples(0)[0].shape == (config.image_height, config.image_width, 3)


@pytest.mark.parametrize("kind", [unpaired_samples, aligned_samples])
def test_a_style_and_its_content_and_images_of_one_thing_are_cut_and_mirrored_together(config, kind):
    samples = kind(config, None, (5,))
    pairs = [tuple(map(seen, samples(place))) for place in range(PLACES)]
    assert all(a == b for a, b in pairs)
    assert len({a for a, _ in pairs}) > PLACES / 2 and {a[2] for a, _ in pairs} == {False, True}
