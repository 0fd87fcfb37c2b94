"""Pairs of images: folders, files that show both, directions, faults."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from helpers.same_bytes import digest
from jittor_tsit.config import DataConfig
from jittor_tsit.data.folders import aligned_samples, domain_samples, paired_samples, unpaired_samples
from jittor_tsit.data.run_samples import WithOther


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
        for ours, image in zip(samples.unaugmented(position), pair):
            np.testing.assert_array_equal(ours, image)


@pytest.mark.parametrize("form", ["two", "one"])
def test_b_to_a_turns_the_pairs_round(roots, images, form):
    b, a = samples_of(roots / form, direction="BtoA").unaugmented(1)
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
        samples_of(roots / "one").unaugmented(0)
    with pytest.raises(InputError, match="trainA: no such folder"):
        samples_of(roots / "none")
    with pytest.raises(InputError, match="split=x: training without label maps takes all"):
        aligned_samples(DataConfig(root=str(roots / "one")), "x", (0,))
    for fields, message in (({"folds": 3}, "folds=3: only pairs"), ({"color_jitter": 0.2}, "color_jitter=0.2: pairs")):
        with pytest.raises(InputError, match=message):
            samples_of(roots / "one", **fields)
    save(roots / "two/trainA/0.jpg", np.zeros((8, 12, 3)))
    with pytest.raises(InputError, match="0.png: 0.jpg has the same name, in another format"):
        samples_of(roots / "two")
    with pytest.raises(InputError, match="direction=BtoA: photos are made from label maps"):
        paired_samples(DataConfig(root=str(roots), direction="BtoA"), None, (0,))
    with pytest.raises(InputError, match="direction=left: allowed are AtoB, BtoA"):
        DataConfig(direction="left")


def test_domains_are_drawn_apart_and_turned_round(roots):
    config = DataConfig(root=str(roots / "two"), image_width=12, image_height=8)
    (roots / "two/trainB/2.png").unlink()
    samples = domain_samples(config, None, (0,))
    assert len(samples) == 3
    pairs = [samples(place) for place in range(12)]
    assert all(a.max() < 100 and b.min() >= 150 for a, b in pairs)  # a is dark, b bright
    assert len({(digest(a), digest(b)) for a, b in pairs}) > 3  # not by place
    b, a = domain_samples(dataclasses.replace(config, direction="BtoA"), None, (0,))(0)
    assert a.max() < 100 and b.min() >= 150
    with pytest.raises(InputError, match="direction=BtoA: a is the content and b the style"):
        unpaired_samples(dataclasses.replace(config, direction="BtoA"), None, (0,))


def test_load_side_keeps_the_shape_and_cuts_where_the_draw_says(tmp_path):
    columns = np.arange(0, 240, 10)[None, :, None] * np.ones((8, 1, 3))  # 24 x 8, brighter to the right
    for name in ("trainA", "trainB"):
        save(tmp_path / name / "0.png", columns)
    config = DataConfig(root=str(tmp_path), image_width=8, image_height=8, load_side=16, flip=False)
    samples = domain_samples(config, None, (0,))
    cuts = [samples(place)[0].astype(int) for place in range(12)]
    assert {image.shape for image in cuts} == {(8, 8, 3)}
    assert all(4 <= step <= 6 for image in cuts for step in np.diff(image[0, 2:6, 0]))  # 10 a pixel, at twice the size
    assert len({int(image[0, 0, 0]) for image in cuts}) > 6  # of 41 places
    assert samples.unaugmented(0)[0].shape == (8, 8, 3)
    with pytest.raises(InputError, match="load_side=16: this system's data has no such option"):
        unpaired_samples(config, None, (0,))


def test_a_is_taken_in_turn_and_every_one_once_an_epoch(roots):
    """The longer list gives the epoch's length, whichever it is; the shorter begins anew."""
    config = DataConfig(root=str(roots / "two"), image_width=12, image_height=8, flip=False)
    images = [domain_samples(config, None, (0,)).unaugmented(place)[0].tobytes() for place in range(3)]
    samples = domain_samples(config, None, (0,))
    for epoch in range(4):
        seen = [samples(place)[0].tobytes() for place in range(3 * epoch, 3 * epoch + 3)]
        assert sorted(seen) == sorted(images)
    (roots / "two/trainA/2.png").unlink()
    fewer = domain_samples(config, None, (0,))
    seen = [fewer(place)[0].tobytes() for place in range(3)]
    assert len(fewer) == 3 and set(seen) == set(images[:2])


@pytest.mark.parametrize("direction, bright", [("AtoB", True), ("BtoA", False)])
def test_the_other_pairs_image_is_a_target(roots, direction, bright):
    both = WithOther(samples_of(roots / "two", direction=direction, flip=False))
    for place in range(6):
        given, target, other = both(place)
        assert (target.min() >= 150) == (other.min() >= 150) == bright != (given.min() >= 150)
        assert not np.array_equal(other, target)


def test_load_side_resizes_bilinearly(tmp_path):
    step = np.full((8, 8, 3), 60)
    step[:, 4:] = 190
    for name in ("trainA", "trainB"):
        save(tmp_path / name / "0.png", step)
    config = DataConfig(root=str(tmp_path), image_width=32, image_height=32, load_side=32, flip=False)
    photo = domain_samples(config, None, (0,))(0)[0]
    assert (photo.min(), photo.max()) == (60, 190)  # a bicubic filter overshoots beside the edge
