"""Seeds of single classes: which are allowed, and that `test` and Python make the same image of them."""

import argparse
from types import SimpleNamespace

import jittor as jt
import numpy as np
import pytest

import jittor_tsit as jts
from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_photo, write_label
from helpers.untrained import save_model
from jittor_tsit.commands.shared_options import class_seeds
from jittor_tsit.commands.test import run_test
from jittor_tsit.config import DataConfig
from jittor_tsit.inference.class_seeds import seeds_of_classes
from jittor_tsit.inference.options import ImageOptions

SIZES = {"image_width": 128, "image_height": 64, "output_width": 128, "output_height": 64}


def seeds_for(seeds, draws_by_class=True, **data):
    return seeds_of_classes(SimpleNamespace(draws_by_class=draws_by_class), DataConfig(**data), seeds, "--class-seeds")


def test_ids_are_those_of_the_files():
    assert seeds_for({0: 4, 28: 5}) == {0: 4, 28: 5}
    assert seeds_for({1: 4, 29: 5}, unknown_id=0) == {0: 4, 28: 5}
    assert seeds_for({}, draws_by_class=False) == {}


@pytest.mark.parametrize(
    "seeds, options, message",
    [
        ({29: 1}, {}, "--class-seeds: there is no class 29; this model's classes are 0 to 28"),
        ({0: 1}, {"unknown_id": 0}, "there is no class 0; this model's classes are 1 to 29"),
        ({255: 1}, {"unknown_id": 255}, "there is no class 255; this model's classes are 0 to 28"),
        ({3: 1}, {"draws_by_class": False}, "draws no noise for single classes, only OASIS does; leave it out"),
    ],
)
def test_other_classes_and_systems_are_refused(seeds, options, message):
    with pytest.raises(InputError, match=message):
        seeds_for(seeds, **options)


def test_the_option_is_a_list_of_numbers():
    assert class_seeds("12=5,3=0") == ((12, 5), (3, 0))
    for text in ("12", "12=", "=5", "12=-1", "12=5,", "sky=5"):
        with pytest.raises(argparse.ArgumentTypeError, match="is not ID=SEED"):
            class_seeds(text)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "oasis", "oasis", **SIZES)


@pytest.fixture(autouse=True)
def one_by_one():
    """Operators run one by one, which compiles fewer of them."""
    with jt.flag_scope(lazy_execution=0):
        yield


def test_python_makes_the_image_that_test_writes_and_seeds_change_it(checkpoint, tmp_path):
    ids = np.repeat(np.array([4, 7], np.uint8), 64)[None].repeat(64, 0)
    write_label(tmp_path / "a.png", ids)
    images = {}
    for seeds in ((), ((7, 3),)):
        options = ImageOptions(format="png", class_seeds=seeds)
        assert run_test(checkpoint, tmp_path / "a.png", tmp_path / "out", 0, None, False, images=options) == 0
        images[seeds] = read_photo(tmp_path / "out/images/a.png")
    model = jts.load(checkpoint)
    np.testing.assert_array_equal(model(ids, name="a", class_seeds={7: 3}), images[((7, 3),)])
    np.testing.assert_array_equal(model(ids, name="a"), images[()])
    assert (images[()] != images[((7, 3),)]).any()
    with pytest.raises(InputError, match="class_seeds: there is no class 40"):
        model(ids, class_seeds={40: 1})
