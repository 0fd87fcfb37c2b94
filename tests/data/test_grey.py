"""Images that are read in grey: the luma of ITU-R 601 as Pillow's mode "L" has it, before anything else."""

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_photo, with_channels, write_photo
from jittor_tsit.config import DataConfig
from jittor_tsit.data.folders import aligned_samples, domain_samples

SIZE = {"image_width": 6, "image_height": 4}


def grey_of(image):
    """By the published formula, rounded to the nearest grey level."""
    return np.rint(image @ np.array([0.299, 0.587, 0.114]))


@pytest.fixture
def roots(tmp_path, rng):
    """Two folders of two colour images of 12 x 8, and the same pairs side by side."""
    images = rng.integers(0, 256, (2, 2, 8, 12, 3)).astype(np.uint8)
    for name in ("two/trainA", "two/trainB", "one/train"):
        (tmp_path / name).mkdir(parents=True)
    for k, (a, b) in enumerate(images):
        Image.fromarray(a).save(tmp_path / f"two/trainA/{k}.png")
        Image.fromarray(b).save(tmp_path / f"two/trainB/{k}.png")
        Image.fromarray(np.concatenate([a, b], 1)).save(tmp_path / f"one/train/{k}.png")
    return tmp_path


def is_grey(image):
    return bool((image == image[..., :1]).all())


def test_grey_is_the_luma_of_itu_r_601(rng):
    photo = rng.integers(0, 256, (9, 7, 3)).astype(np.uint8)
    grey = with_channels(photo, 1)
    assert is_grey(grey) and np.abs(grey[..., 0] - grey_of(photo)).max() <= 1  # Pillow's weights have 16 bits
    np.testing.assert_array_equal(grey[..., 0], np.asarray(Image.fromarray(photo).convert("L")))
    assert with_channels(photo, 3) is photo
    np.testing.assert_array_equal(with_channels(grey, 1), grey)  # a grey photo stays as it is


@pytest.mark.parametrize("channels", [(1, 3), (3, 1), (1, 1), (3, 3)])
@pytest.mark.parametrize("form, direction", [("two", "AtoB"), ("two", "BtoA"), ("one", "AtoB"), ("one", "BtoA")])
def test_inputs_and_targets_of_pairs_have_their_channels(roots, channels, form, direction):
    config = DataConfig(root=str(roots / form), direction=direction, load_width=12, load_height=8, **SIZE)
    grey = aligned_samples(config, None, (0,), channels)
    colour = aligned_samples(config, None, (0,))
    for nimg in range(4):
        for one, same, number in zip(grey(nimg), colour(nimg), channels):
            np.testing.assert_array_equal(one, with_channels(same, number))  # cut and mirrored alike
    assert [is_grey(image) for image in grey.unaugmented(1)] == [number == 1 for number in channels]


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
@pytest.mark.parametrize("load", [{"load_side": 8}, {"load_width": 12, "load_height": 8}, {}])
def test_images_of_two_domains_have_their_channels(roots, direction, load):
    config = DataConfig(root=str(roots / "two"), direction=direction, **load, **SIZE)
    samples = domain_samples(config, None, (0,), (1, 3))
    assert [is_grey(image) for image in samples(0)] == [True, False]
    assert [is_grey(image) for image in samples.unaugmented(0)] == [True, False]


def test_grey_is_made_before_the_image_is_resized(roots):
    config = DataConfig(root=str(roots / "two"), **SIZE)
    image = Image.open(roots / "two/trainA/0.png").convert("L").resize((6, 4), Image.BICUBIC)  # the official order
    ours = aligned_samples(config, None, (0,), (1, 3)).unaugmented(0)[0]
    np.testing.assert_array_equal(ours[..., 0], np.asarray(image))


def test_a_grey_photo_is_written_as_a_grey_file(tmp_path, rng):
    pixels = rng.integers(0, 256, (16, 16)).astype(np.uint8)
    write_photo(tmp_path / "grey.jpg", pixels, quality=100)
    with Image.open(tmp_path / "grey.jpg") as image:
        assert image.mode == "L"
    assert np.abs(read_photo(tmp_path / "grey.jpg")[..., 0].astype(int) - pixels).max() <= 2  # of JPEG at quality 100
    with pytest.raises(ValueError, match="a photo is .*, not .16, 16, 1. uint8"):
        write_photo(tmp_path / "grey.jpg", pixels[..., None])
    with pytest.raises(InputError, match="cannot be written"):
        write_photo(tmp_path / "none/grey.jpg", pixels)
