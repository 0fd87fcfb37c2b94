"""Pairs of images in one file: the model keeps how its inputs lie, and `test` goes by that, not by the disk."""

import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from helpers.official_files import convert
from helpers.official_modules import Modules
from helpers.same_bytes import assert_same_bytes
from helpers.tiny import CONFIGS, make_experiment
from jittor_tsit.__main__ import main
from jittor_tsit.commands.test import run_test
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batch_kinds import IMAGE_PAIRS, TWO_DOMAINS
from jittor_tsit.data.folders import paired_samples
from jittor_tsit.inference.input_images import InputImages
from jittor_tsit.inference.model import Model
from jittor_tsit.runs.checkpoint import checkpoint_path, load_checkpoint, save_checkpoint
from jittor_tsit.training import session

WIDTH, HEIGHT = 24, 16  # of the models here
LEFT, RIGHT = 50, 200  # grey of the halves of every image


def save_halves(path, width, height=HEIGHT):
    """An image that is dark on the left and bright on the right."""
    pixels = np.full((height, width, 3), LEFT, np.uint8)
    pixels[:, width // 2 :] = RIGHT
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def model_of(kind=IMAGE_PAIRS, **data):
    config = DataConfig(image_width=WIDTH, image_height=HEIGHT, **data)
    return Model(Path("model.safetensors"), SimpleNamespace(batch_kind=kind), config)


def grey_values(folder, model, side_by_side=None):
    """What the model sees of each file: the values at its left and right border."""
    inputs = InputImages(model, folder, False, side_by_side)
    return {path.stem: tuple(int(value) for value in inputs.read(path)[0, [0, -1], 0]) for path in inputs.paths}


WHOLE, LEFT_HALF, RIGHT_HALF = (LEFT, RIGHT), (LEFT, LEFT), (RIGHT, RIGHT)
HALVED = "1 of 1 images show two side by side; the left half is the input ("
CASES = {  # what the model keeps, what is asked for, width of the file -> what the model sees, what is said
    "a pair for a model of pairs": (True, None, 48, LEFT_HALF, HALVED),
    "an input alone for a model of pairs": (True, None, 24, WHOLE, "1 images are taken whole because"),
    "a pair of narrow halves": (True, None, 36, LEFT_HALF, HALVED),
    "a pair of broad halves": (True, None, 72, LEFT_HALF, HALVED),
    "a pair for a model of pairs, to be seen whole": (True, False, 48, WHOLE, ""),
    "an input alone for a model of pairs, to be halved": (True, True, 24, LEFT_HALF, ""),
    "an input alone": (False, None, 24, WHOLE, ""),
    "a broad input": (False, None, 40, WHOLE, ""),
    "a very broad input": (False, None, 72, WHOLE, ""),
    "a pair for a model of files apart, to be halved": (False, True, 48, LEFT_HALF, ""),
    "a broad input that is meant": (False, False, 48, WHOLE, ""),
    "a pair for an older model": (None, None, 48, LEFT_HALF, "the left half is the input; the model does not record"),
    "an input alone for an older model": (None, None, 24, WHOLE, "1 images are taken whole; the model does not record"),
    "a broad input for an older model": (None, None, 40, WHOLE, "1 images are taken whole; the model does not record"),
    "a pair for an older model, to be seen whole": (None, False, 48, WHOLE, ""),
    "an input alone for an older model, to be halved": (None, True, 24, LEFT_HALF, ""),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_halved_or_seen_whole_as_the_model_and_the_option_say(tmp_path, capsys, name):
    kept, asked, width, seen, said = CASES[name]
    save_halves(tmp_path / "x.png", width)
    assert grey_values(tmp_path, model_of(side_by_side=kept), asked) == {"x": seen}
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == bool(said) and all(said in line and "side_by_side=true" in line for line in lines)


@pytest.mark.parametrize("direction, half", [("AtoB", "left"), ("BtoA", "right")])
def test_a_pair_for_a_model_of_files_apart_is_refused_with_both_ways_out(tmp_path, direction, half):
    save_halves(tmp_path / "x.png", 48)
    with pytest.raises(InputError) as caught:
        InputImages(model_of(side_by_side=False, direction=direction), tmp_path, False)
    said = str(caught.value)
    assert "x.png: 48x16 is twice as wide, in proportion, as the model's 24x16" in said and "\n" not in said
    assert f"side_by_side=true takes the {half} half" in said and "side_by_side=false all of it" in said


@pytest.mark.parametrize("kept, asked", [(True, None), (False, True), (None, None)])
def test_from_b_to_a_the_right_half_is_the_input(tmp_path, kept, asked):
    save_halves(tmp_path / "x.png", 48)
    assert grey_values(tmp_path, model_of(side_by_side=kept, direction="BtoA"), asked) == {"x": RIGHT_HALF}


def test_files_of_both_kinds_in_one_folder_are_each_seen_rightly(tmp_path, capsys):
    for name, width in (("one", 24), ("two", 48), ("three", 96)):
        save_halves(tmp_path / f"{name}.png", width, 32 if name == "three" else 16)
    assert grey_values(tmp_path, model_of(side_by_side=True)) == {"one": WHOLE, "two": LEFT_HALF, "three": LEFT_HALF}
    said = "2 of 3 images show two side by side; the left half is the input, and the others are taken whole because"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "folders, kept, seen",
    [
        (("train",), None, LEFT_HALF),  # as older versions told it
        (("train",), False, WHOLE),
        (("trainA", "trainB"), None, WHOLE),
        (("trainA", "trainB"), True, LEFT_HALF),
        (("trainA", "train"), None, WHOLE),
    ],
)
def test_the_training_set_on_the_disk_counts_for_models_alone_that_say_nothing(tmp_path, folders, kept, seen):
    for folder in folders:
        (tmp_path / "set" / folder).mkdir(parents=True)
    save_halves(tmp_path / "test/x.png", 40)  # by its proportions neither one nor two
    model = model_of(side_by_side=kept, root=str(tmp_path / "set"))
    assert grey_values(tmp_path / "test", model) == {"x": seen}


def test_a_folder_train_where_the_command_runs_tells_nothing_of_a_converted_model(tmp_path, monkeypatch):
    (tmp_path / "train").mkdir()
    monkeypatch.chdir(tmp_path)
    save_halves(tmp_path / "test/x.png", 40)
    assert grey_values(tmp_path / "test", model_of()) == {"x": WHOLE}


def test_models_of_unpaired_images_halve_nothing_and_refuse_the_option(tmp_path, capsys):
    save_halves(tmp_path / "x.png", 48)
    assert grey_values(tmp_path, model_of(TWO_DOMAINS)) == {"x": WHOLE} and not capsys.readouterr().err
    with pytest.raises(InputError, match="side_by_side: the model in model.safetensors has not learned from pairs"):
        grey_values(tmp_path, model_of(TWO_DOMAINS), True)


def test_training_sets_of_other_kinds_have_no_such_option(tmp_path):
    with pytest.raises(InputError, match="side_by_side=True: this system's data has no such option"):
        paired_samples(DataConfig(root=str(tmp_path), side_by_side=True), None, (0,))


# ---- Commands


def run(root, run_dir, total=2, **data):
    """A few images of pix2pix' training from images."""
    experiment = make_experiment(root, total_nimg=total)
    data = dataclasses.replace(experiment.data, image_width=128, image_height=64, **data)
    config = dataclasses.replace(CONFIGS["pix2pix"], source="images")
    assert (
        session.run_training(dataclasses.replace(experiment, system="pix2pix", config=config, data=data), run_dir) == 0
    )
    return checkpoint_path(run_dir, total)


def save_noise(path, width, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, width, 3)).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    """A run from files with two images each, its set, and a test image."""
    place = tmp_path_factory.mktemp("paired")
    for k in range(2):
        save_noise(place / f"set/train/{k}.png", 256, k)
    save_noise(place / "test/x.png", 256, 7)
    return place, run(place / "set", place / "run")


def layout_in(checkpoint):
    return load_checkpoint(checkpoint).experiment["data"]["side_by_side"]


def test_train_keeps_how_the_pairs_lie(paired, tmp_path):
    for k in range(2):
        for folder in ("trainA", "trainB"):
            save_noise(tmp_path / "set" / folder / f"{k}.png", 128, k)
    assert layout_in(paired[1]) is True
    assert layout_in(run(tmp_path / "set", tmp_path / "run")) is False
    assert json.loads((tmp_path / "run/options.json").read_text())["data"]["side_by_side"] is False


def test_the_option_decides_where_a_set_has_both(paired, tmp_path):
    shutil.copytree(paired[0] / "set", tmp_path / "set")
    for k in range(2):
        for folder in ("trainA", "trainB"):
            save_noise(tmp_path / "set" / folder / f"{k}.png", 128, k)
    assert layout_in(run(tmp_path / "set", tmp_path / "run", side_by_side=True)) is True
    whole, other = (load_checkpoint(path).arrays for path in (paired[1], checkpoint_path(tmp_path / "run", 2)))
    assert all(np.array_equal(other[name], array) for name, array in whole.items())


def test_an_image_does_not_change_when_the_training_set_moves(paired, tmp_path):
    place, checkpoint = paired
    images = []
    for name in ("before", "after"):
        assert run_test(checkpoint, place / "test", tmp_path / name, 0, None, False) == 0
        images.append(tmp_path / name / "images/x.jpg")
        (place / "set").rename(place / f"{name}_moved") if name == "before" else None
    (place / "before_moved").rename(place / "set")
    assert_same_bytes(*images)


def test_a_run_of_an_older_version_goes_on_and_then_tells(paired, tmp_path):
    shutil.copytree(paired[0] / "run", tmp_path / "run")
    older = load_checkpoint(checkpoint_path(tmp_path / "run", 2))
    del older.experiment["data"]["side_by_side"]
    save_checkpoint(checkpoint_path(tmp_path / "run", 2), older)
    assert layout_in(run(paired[0] / "set", tmp_path / "run", total=4)) is True


@pytest.mark.parametrize("word, kept", [("side_by_side=true", True), ("side_by_side=false", False), ("", None)])
def test_convert_keeps_what_it_is_told(tmp_path, rng, word, kept):
    networks = {"G": Modules(rng, "batch").resnet(width=2, num_blocks=1, has_dropout=False)}
    assert layout_in(convert(tmp_path, "pix2pix", networks, *([word] if word else []))) is kept


def pixels_of(path):
    return np.asarray(Image.open(path)).astype(int)


def test_the_command_takes_the_option_and_no_other(paired, tmp_path, capsys):
    place, checkpoint = paired
    command = ["test", "--checkpoint", str(checkpoint), "--data", str(place / "test"), "--device", "cpu", "--out"]
    for word in ("side_by_side=true", "side_by_side=false", "side_by_side=auto"):
        assert main([*command, str(tmp_path / word), word]) == 0
    images = [pixels_of(tmp_path / f"side_by_side={word}/images/x.jpg") for word in ("true", "false", "auto")]
    assert np.array_equal(images[0], images[2]) and images[0].shape != images[1].shape
    assert main([*command, str(tmp_path / "other"), "side_by_side=maybe"]) == 2
    assert "side_by_side=maybe: not true, false or auto" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, str(tmp_path / "other"), "direction=BtoA"])
    assert "unrecognized arguments: direction=BtoA" in capsys.readouterr().err
