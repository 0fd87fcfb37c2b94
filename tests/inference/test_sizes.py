"""Sizes of translated images, and padding to a network's multiple."""

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.inference.sizes import LEAST, Sizing, generate_padded, require_multiple


@pytest.mark.parametrize("width, height", [(200, 88), (88, 200), (4000, 3000), (100, 100), (640, 427), (33, 999)])
def test_an_image_has_its_photos_proportions_and_the_models_pixels(width, height):
    own_width, own_height = Sizing((64, 64)).of(width, height)
    assert own_width / own_height == pytest.approx(width / height, rel=0.03)  # sides are whole pixels
    assert own_width * own_height == pytest.approx(64 * 64, rel=0.1)


@pytest.mark.parametrize("model, photo", [((256, 256), (1000, 1000)), ((512, 384), (1024, 768)), ((128, 64), (2, 1))])
def test_a_photo_of_the_models_proportions_has_the_models_size(model, photo):
    assert Sizing(model).of(*photo) == model


def test_options_override_the_size():
    assert Sizing((64, 64), (30, 20)).of(200, 88) == (30, 20)
    assert Sizing((64, 64), None, True).of(200, 88) == (200, 88)


@pytest.mark.parametrize("height, width, multiple", [(42, 96, 4), (3, 50, 4), (1, 1, 4), (64, 64, 4), (70, 33, 64)])
def test_a_photo_is_padded_to_the_multiple_and_cut_back(rng, height, width, multiple):
    photo = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    seen = []

    def generate(image):
        seen.append(image.shape[2:])
        return image

    assert np.array_equal(generate_padded(generate, photo, multiple, LEAST)[0], photo)
    assert all(side % multiple == 0 and side >= LEAST for side in seen[0])


def test_a_size_that_is_no_multiple_is_refused_with_the_nearest():
    require_multiple((512, 256), 128, "tsit")
    with pytest.raises(
        InputError, match="size 500x300: tsit needs multiples of 128; the nearest are 384x256 and 512x384"
    ):
        require_multiple((500, 300), 128, "tsit")
    with pytest.raises(InputError, match="the nearest are 128x128$"):
        require_multiple((100, 128), 128, "tsit")
