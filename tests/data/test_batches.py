"""What crosses to the device, and what is computed of it there."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.data import batches
from jittor_tsit.data.batch_kinds import CONTENT_AND_STYLE, LABEL_MAPS_TO_PHOTOS, PhotosWithLabels
from jittor_tsit.data.batches import full_share
from jittor_tsit.data.labels import LabelNames
from jittor_tsit.runtime.parallel import Piece

CLASSES, HEIGHT, WIDTH = 5, 6, 4


@pytest.fixture
def crossing(monkeypatch):
    """The arrays that are given to Jittor."""
    arrays = []
    array = jt.array
    monkeypatch.setattr(batches.jt, "array", lambda values: arrays.append(values) or array(values))
    return arrays


def test_pairs_cross_as_bytes_and_become_what_numpy_makes_of_them(rng, crossing):
    photo = rng.integers(0, 256, (2, HEIGHT, WIDTH, 3)).astype(np.uint8)
    label = rng.integers(0, CLASSES, (2, HEIGHT, WIDTH)).astype(np.uint8)
    edges = rng.integers(0, 2, (2, HEIGHT, WIDTH)).astype(np.uint8)
    batch = LABEL_MAPS_TO_PHOTOS.make_batch(
        (photo, label, edges, photo[::-1]), Piece(range(2), full_share(2)), CLASSES, has_other=True
    )
    one_hot = (label[:, None] == np.arange(CLASSES)[:, None, None]).astype(np.float32)
    scaled = photo.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - np.float32(1)
    np.testing.assert_array_equal(batch.segmap.numpy(), np.concatenate([one_hot, edges[:, None]], 1))
    for image, expected in ((batch.image, scaled), (batch.other, scaled[::-1])):  # Jittor's compiler fuses / and -
        np.testing.assert_allclose(image.numpy(), expected, rtol=0, atol=2**-23)
    assert {array.dtype for array in crossing} == {np.dtype(np.uint8)}
    assert sum(array.nbytes for array in crossing) == (3 + 3 + 1 + 1) * 2 * HEIGHT * WIDTH + CLASSES


def test_images_without_label_maps_cross_as_bytes(rng, crossing):
    photos = tuple(rng.integers(0, 256, (1, HEIGHT, WIDTH, 3)).astype(np.uint8) for _ in range(2))
    CONTENT_AND_STYLE.make_batch(photos, Piece(range(1), full_share(1)), 0, has_other=False)
    assert [array.dtype for array in crossing] == [np.uint8] * 2


def test_samples_of_two_labelled_sets_become_a_batch_of_each(rng):
    photos = rng.integers(0, 256, (2, 3, HEIGHT, WIDTH, 3)).astype(np.uint8)
    labels = rng.integers(0, 2, (2, 2, 3, 5)).astype(np.float32)
    kind = PhotosWithLabels(LabelNames(("a", "b"), ("c", "d", "e")))
    stacked = (photos[0], *labels[0], photos[1], *labels[1])
    batch = kind.make_batch(stacked, Piece(range(7, 10), full_share(3)), 0, has_other=False)
    assert [images.number for images in batch.sets] == [0, 1] and batch.share == full_share(3)
    for images, photo, (label, target) in zip(batch.sets, photos, labels):
        expected = photo.transpose(0, 3, 1, 2) / 127.5 - 1
        np.testing.assert_allclose(
            images.image.numpy(), expected, rtol=0, atol=2**-22
        )  # two roundings of values up to 2
        np.testing.assert_array_equal(images.label.numpy(), label)
        np.testing.assert_array_equal(images.target.numpy(), target)
        assert list(images.index) == [7, 8, 9]
