"""The history of generated images."""

import jittor as jt
import numpy as np
import pytest
from reference_vectors import Vectors, reference_files

from jittor_tsit.image_pool import ImagePool


class RecordedPool(ImagePool):
    """With a file's random numbers."""

    def __init__(self, vectors):
        super().__init__(vectors.config["pool_size"], vectors["input/images"].shape[2:], "", 0)
        self.uniform, self.randint = iter(vectors["input/uniform"]), iter(vectors["input/randint"])

    def slot(self, place):
        if place < self.size or not self.size:
            return super().slot(place)
        return int(next(self.randint)) if next(self.uniform) > 0.5 else None


@pytest.mark.reference
@pytest.mark.parametrize("path", reference_files(kind="image_pool"))
def test_the_pool_is_the_official_one(path):
    vectors = Vectors(path)
    pool, place = RecordedPool(vectors), 0
    for number, images in enumerate(vectors["input/images"]):
        given = pool.query(jt.array(images), range(place, place + len(images)))
        place += len(images)
        np.testing.assert_array_equal(given.numpy(), vectors["output/returned"][number])
        if pool.size:
            ids = pool.images.numpy()[:, 0, 0, 0]
            np.testing.assert_array_equal(ids, vectors["output/pool_ids_after_query"][number])


def queries(pool, first, last):
    return [pool.query(jt.ones(1, 1, 2, 2) * (k + 1), range(k, k + 1)).numpy().ravel()[0] for k in range(first, last)]


def test_about_half_of_the_images_are_older_ones():
    given = queries(ImagePool(10, (1, 2, 2), "a", 0), 0, 210)
    assert given[:10] == list(range(1, 11))
    older = [image for k, image in enumerate(given[10:], start=11) if image != k]
    assert 70 < len(older) < 130  # 100 expected, four deviations of 7
    assert len(set(older)) == len(older)  # each is given back once


def test_a_pool_with_its_images_restored_goes_on_as_before():
    whole, first = ImagePool(4, (1, 2, 2), "a", 0), ImagePool(4, (1, 2, 2), "a", 0)
    expected = queries(whole, 0, 30)
    queries(first, 0, 15)
    second = ImagePool(4, (1, 2, 2), "a", 0)
    second.state_dict()["images"].update(jt.array(first.images.numpy()))
    assert queries(second, 15, 30) == expected[15:]


def test_pools_of_other_names_decide_otherwise():
    assert queries(ImagePool(4, (1, 2, 2), "a", 0), 0, 40) != queries(ImagePool(4, (1, 2, 2), "b", 0), 0, 40)
