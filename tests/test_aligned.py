"""Pairs of images: folders, files that show both, directions, faults."""

import numpy as np
import pytest
from PIL import Image

from data_tools.errors import InputError
from jittor_tsit.config import DataConfig
from jittor_tsit.data import aligned_samples, paired_samples


@pytest.fixture
def images():
    """Three pairs; a is dark, b bright."""
    rng = np.random.default_rng(0)
    return [(rng.integers(0, 100, (8, 12, 3)), rng.integers(150, 256, (8, 12, 3))) for _ in range(3)]


def save(path, image):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(image.astype(np.uint8)).save(path)


@pytest.fixture
def roots(tmp_path, images):
    """The same pairs in two folders, and side by side."""
    for k, (a, b) in enumerate(images):
        save(tmp_path / f"{k}.png", a)
        for folder, image in (("two/trainA", a), ("two/trainB", b), ("one/train", np.concatenate([a, b], 1))):
            (tmp_path / folder).parent.mkdir(exist_ok=True)
            save(tmp_path / folder / f"{k}.png", image)
    return tmp_path


def samples_of(root, **fields):
    return aligned_samples(DataConfig(root=str(root), image_width=12, image_height=8, **fields), None, (0,))


@pytest.mark.parametrize("form", ["two", "one"])
def test_both_forms_give_the_pairs(roots, images, form):
    samples = samples_of(roots / form)
    assert len(samples) == 3
    for position, pair in enumerate(images):
        for ours, image in zip(samples.at(position), pair):
            np.testing.assert_array_equal(ours, image)


@pytest.mark.parametrize("form", ["two", "one"])
def test_b_to_a_turns_the_pairs_round(roots, images, form):
    b, a = samples_of(roots / form, direction="BtoA").at(1)
    np.testing.assert_array_equal(a, images[1][0])
    np.testing.assert_array_equal(b, images[1][1])


def test_both_images_are_cut_and_mirrored_alike(roots):
    for path in (roots / "two/trainA").iterdir():
        (roots / "two/trainB" / path.name).write_bytes(path.read_bytes())
    samples = samples_of(roots / "two", load_width=24, load_height=16)
    for place in range(6):
        a, b = samples(place)
        assert a.shape == (8, 12, 3)
        np.testing.assert_array_equal(a, b)


def test_faults_are_named(roots):
    (roots / "two/trainB/1.png").unlink()
    with pytest.raises(InputError, match=r"trainA/1.png: no image of that name in trainB \(1 images have no partner\)"):
        samples_of(roots / "two")
    save(roots / "one/train/0.png", np.zeros((8, 23, 3)))
    with pytest.raises(InputError, match="0.png: 23 pixels wide; two images side by side have an even width"):
        samples_of(roots / "one").at(0)
    with pytest.raises(InputError, match="trainA: no such folder"):
        samples_of(roots / "none")
    with pytest.raises(InputError, match="split=x: training on pairs of images takes all"):
        aligned_samples(DataConfig(root=str(roots / "one")), "x", (0,))
    with pytest.raises(InputError, match="direction=BtoA: label maps are what photos are made from"):
        paired_samples(DataConfig(root=str(roots), direction="BtoA"), None, (0,))
    with pytest.raises(InputError, match="direction=left: allowed are AtoB, BtoA"):
        DataConfig(direction="left")
