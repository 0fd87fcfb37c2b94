"""`test` of models from image to image, after a short run of each."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from tiny import CONFIGS, make_experiment

from data_tools.errors import InputError
from data_tools.image_io import read_photo
from jittor_tsit import train
from jittor_tsit.generate import run_test
from jittor_tsit.training.checkpoint import checkpoint_path, load_checkpoint


def save(path, image):
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(image).save(path)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Photos of two domains, three and two, and two to be translated."""
    root, rng = tmp_path_factory.mktemp("domains"), np.random.default_rng(0)
    for folder, count in (("trainA", 3), ("trainB", 3), ("testA", 2), ("testB", 1)):
        for k in range(count):
            save(root / folder / f"{folder[-1] if folder[:4] == 'test' else ''}{k}.png",
                 rng.integers(0, 256, (64, 128, 3)).astype(np.uint8))  # fmt: skip
    return root


def run(root, name, run_dir, total=4, **data):
    """A few images of training."""
    experiment = make_experiment(root, total_nimg=total)
    data = dataclasses.replace(experiment.data, image_width=128, image_height=64, **data)
    experiment = dataclasses.replace(experiment, system=name.partition("-")[0], config=CONFIGS[name], data=data)
    assert train.run_training(experiment, run_dir) == 0
    return checkpoint_path(run_dir, total)


@pytest.fixture(scope="module")
def cyclegan(root, tmp_path_factory):
    return run(root, "cyclegan", tmp_path_factory.mktemp("runs") / "cyclegan")


def test_every_image_is_translated_at_the_models_size(root, cyclegan, tmp_path):
    assert run_test(cyclegan, None, tmp_path, 0, None, compare=True) == 0
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["A0.jpg", "A1.jpg"]
    assert read_photo(tmp_path / "images/A0.jpg").shape == (64, 128, 3)
    with Image.open(tmp_path / "compare.png") as sheet:
        assert sheet.size == (3 * 256, 64)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "images").iterdir()}
    assert run_test(cyclegan, None, tmp_path, 0, None, compare=False) == 0  # nothing is made anew
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "images").iterdir()} == times
    assert run_test(cyclegan, root / "trainB", tmp_path / "other", 0, None, compare=False) == 0
    assert len(list((tmp_path / "other/images").iterdir())) == 3


def test_a_resumed_run_keeps_its_history_of_images(root, cyclegan, tmp_path):
    for total in (2, 4):
        resumed = run(root, "cyclegan", tmp_path / "run", total)
    whole, resumed = (load_checkpoint(path).arrays for path in (cyclegan, resumed))
    assert set(whole) == set(resumed) and whole["pool_a.images"].any()
    for name, array in whole.items():
        np.testing.assert_array_equal(resumed[name], array, err_msg=name)


def test_images_side_by_side_are_taken_apart(tmp_path):
    rng = np.random.default_rng(1)
    for folder in ("train", "test"):
        for k in range(3):
            save(tmp_path / "set" / folder / f"{k}.png", rng.integers(0, 256, (64, 256, 3)).astype(np.uint8))
    checkpoint = run(tmp_path / "set", "pix2pix-images", tmp_path / "run", direction="BtoA")
    assert run_test(checkpoint, None, tmp_path / "out", 0, None, compare=True) == 0
    with Image.open(tmp_path / "out/compare.png") as sheet:
        first = np.asarray(sheet)[:64, :128]
    np.testing.assert_array_equal(first, read_photo(tmp_path / "set/test/0.png")[:, 128:])


def test_faults_are_named(cyclegan, tmp_path):
    with pytest.raises(InputError, match="none: no such folder"):
        run_test(cyclegan, tmp_path / "none", tmp_path / "out", 0, None, False)
    save(tmp_path / "twice/a.png", np.zeros((8, 8, 3), np.uint8))
    save(tmp_path / "twice/a.jpg", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match="twice: holds a twice, in two formats"):
        run_test(cyclegan, tmp_path / "twice", tmp_path / "out", 0, None, False)
    with pytest.raises(InputError, match="takes no style from a photo"):
        run_test(cyclegan, None, tmp_path / "out", 0, tmp_path, False)
