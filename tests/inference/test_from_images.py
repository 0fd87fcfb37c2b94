"""`test` of models from image to image, after a short run of each."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_photo
from helpers.same_bytes import digest
from helpers.tiny import CONFIGS, make_experiment
from jittor_tsit.commands.test import run_test
from jittor_tsit.data.sheets import Layout
from jittor_tsit.evaluation.judges import Judges
from jittor_tsit.inference.choose import JudgeOptions, run_with_candidates
from jittor_tsit.runs.checkpoint import checkpoint_path, load_checkpoint
from jittor_tsit.training import session


def save(path, image):
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(image).save(path)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Photos of two domains, three and two, and two to be translated."""
    root, rng = tmp_path_factory.mktemp("domains"), np.random.default_rng(0)
    for folder, count in (("trainA", 3), ("trainB", 3), ("testA", 2), ("testB", 1)):
        for k in range(count):
            save(
                root / folder / f"{folder[-1] if folder[:4] == 'test' else ''}{k}.png",
                rng.integers(0, 256, (64, 128, 3)).astype(np.uint8),
            )
    return root


def run(root, name, run_dir, total=4, **data):
    """A few images of training."""
    experiment = make_experiment(root, total_nimg=total)
    data = dataclasses.replace(experiment.data, image_width=128, image_height=64, **data)
    config = CONFIGS[name.partition("-")[0]]
    if name.endswith("-images"):
        config = dataclasses.replace(config, source="images")
    experiment = dataclasses.replace(experiment, system=name.partition("-")[0], config=config, data=data)
    assert session.run_training(experiment, run_dir) == 0
    return checkpoint_path(run_dir, total)


@pytest.fixture(scope="module")
def cyclegan(root, tmp_path_factory):
    return run(root, "cyclegan", tmp_path_factory.mktemp("runs") / "cyclegan")


def test_every_image_is_translated_at_the_models_size(root, cyclegan, tmp_path):
    assert run_test(cyclegan, None, tmp_path, 0, None, compare=True) == 0
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["A0.jpg", "A1.jpg"]
    assert read_photo(tmp_path / "images/A0.jpg").shape == (64, 128, 3)
    with Image.open(tmp_path / "compare.png") as sheet:
        assert sheet.size == Layout((128, 64), 2, 2, 1, 2).size  # two samples side by side
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
    with pytest.raises(InputError, match="--back: the model in .* has learned one direction only"):
        run_test(checkpoint, None, tmp_path / "out", 0, None, compare=True, back=True)
    assert run_test(checkpoint, None, tmp_path / "out", 0, None, compare=True) == 0
    with Image.open(tmp_path / "out/compare.png") as sheet:
        layout = Layout((128, 64), 2, 3, 1, 2)
        first = np.asarray(sheet)[layout.top(0) :, layout.left(0, 0) :][:64, :128]
    np.testing.assert_array_equal(first, read_photo(tmp_path / "set/test/0.png")[:, 128:])


def test_the_way_back_is_the_other_generators(root, cyclegan, tmp_path):
    for back in (False, True):
        assert run_test(cyclegan, root / "testA", tmp_path / str(back), 0, None, False, back=back) == 0
    there, back = (read_photo(tmp_path / name / "images/A0.jpg") for name in ("False", "True"))
    assert there.shape == back.shape and not np.array_equal(there, back)
    assert run_test(cyclegan, None, tmp_path / "own", 0, None, False, back=True) == 0
    assert [path.name for path in (tmp_path / "own/images").iterdir()] == ["B0.jpg"]  # of testB


def test_bicyclegan_draws_several_images_of_an_input(tmp_path):
    rng = np.random.default_rng(2)
    for folder in ("trainA", "trainB", "testA"):
        for k in range(3):
            save(tmp_path / "set" / folder / f"{k}.png", rng.integers(0, 256, (64, 128, 3)).astype(np.uint8))
    checkpoint = run(tmp_path / "set", "bicyclegan-images", tmp_path / "run")
    judging = JudgeOptions(Judges(tmp_path), None, None, False)
    assert run_with_candidates([checkpoint], 3, None, tmp_path / "out", 0, None, True, judging) == 0
    names = sorted(path.name for path in (tmp_path / "out/images").iterdir())
    assert names == [f"{stem}_{k}.jpg" for stem in range(3) for k in (1, 2, 3)]
    images = {digest(tmp_path / "out/images" / name) for name in names}
    assert len(images) == 9
    with Image.open(tmp_path / "out/compare.png") as sheet:
        assert sheet.size == Layout((128, 64), 4, 1, 3, 2).size


def test_faults_are_named(cyclegan, tmp_path):
    with pytest.raises(InputError, match="none: no such folder"):
        run_test(cyclegan, tmp_path / "none", tmp_path / "out", 0, None, False)
    save(tmp_path / "twice/a.png", np.zeros((8, 8, 3), np.uint8))
    save(tmp_path / "twice/a.jpg", np.zeros((8, 8, 3), np.uint8))
    assert run_test(cyclegan, tmp_path / "twice", tmp_path / "out", 0, None, False) == 0
    assert sorted(path.name for path in (tmp_path / "out/images").iterdir()) == ["a_jpg.jpg", "a_png.jpg"]
    with pytest.raises(InputError, match="--candidates 2: .* generates the same image for every seed"):
        run_with_candidates(
            [cyclegan], 2, None, tmp_path / "out", 0, None, True, JudgeOptions(Judges(tmp_path), None, None, False)
        )
    with pytest.raises(InputError, match="takes no style from a photo"):
        run_test(cyclegan, None, tmp_path / "out", 0, tmp_path, False)
