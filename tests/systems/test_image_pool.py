"""The history of generated images."""

import jittor as jt
import numpy as np
import pytest

from helpers.reference_vectors import Vectors, reference_files
from jittor_tsit.systems.image_pool import HalfPool, ImagePool


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


def batches_of_two(pool, first, last):
    """What is given for the images first + 1, first + 2, ... of value their number."""
    given = []
    for k in range(first, last, 2):
        images = jt.concat([jt.ones(1, 1, 2, 2) * (k + 1), jt.ones(1, 1, 2, 2) * (k + 2)], 0)
        given += pool.query(images, range(k, k + 2)).numpy()[:, 0, 0, 0].tolist()
    return given


def test_half_of_what_a_half_pool_gives_is_new_and_the_rest_was_given_before():
    given = batches_of_two(HalfPool(10, (1, 2, 2), "a", 0), 0, 200)
    fresh, older = given[::2], given[1::2]
    assert fresh == list(range(1, 200, 2))
    assert older[0] == 1 and all(old in fresh[: k + 1] for k, old in enumerate(older))
    assert len(set(older)) > 40  # of 100 draws, each from ten that change
    assert max(new - old for new, old in zip(fresh, older)) > 20  # ten images are kept, and some for long


def test_a_half_pool_restored_goes_on_as_before_whatever_the_batches():
    whole = batches_of_two(HalfPool(4, (1, 2, 2), "a", 0), 0, 40)
    for cut in (3, 20):
        first, second = HalfPool(4, (1, 2, 2), "a", 0), HalfPool(4, (1, 2, 2), "a", 0)
        given = queries(first, 0, cut)
        for name, var in second.state_dict().items():
            var.update(jt.array(first.state_dict()[name].numpy()))
        assert given + queries(second, cut, 40) == whole
