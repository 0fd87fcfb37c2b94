"""Adapting a classifier from a folder of classes to one without: data, training, `test`, errors."""

import csv
import dataclasses

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import write_photo
from helpers.tiny import CONFIGS
from jittor_tsit.commands.test import run_test
from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.data.labelled_folders import adaptation_samples
from jittor_tsit.data.labels import LabelNames
from jittor_tsit.data.sheets import Layout
from jittor_tsit.runs.checkpoint import checkpoint_path
from jittor_tsit.training import session

NAMES = LabelNames((), ("a", "b"))


def write(folder, count, start=0):
    folder.mkdir(parents=True)
    for k in range(start, start + count):
        write_photo(folder / f"{k}.jpg", np.full((20, 24, 3), 20 * k, np.uint8))


@pytest.fixture
def root(tmp_path):
    write(tmp_path / "trainA/a", 2)
    write(tmp_path / "trainA/b", 1, start=2)
    write(tmp_path / "trainB", 4, start=5)
    write(tmp_path / "testB/a", 2, start=5)
    write(tmp_path / "testB/b", 1, start=8)
    return tmp_path


def config_of(root, **options):
    return DataConfig(str(root), image_width=32, image_height=32, flip=False, **options)


def test_the_first_set_has_classes_and_the_second_none(root):
    samples = adaptation_samples(config_of(root), None, (0,), NAMES)
    assert len(samples) == 4
    for place in range(12):
        photo, label, _, other, unknown, _ = samples(place)
        assert photo.shape == other.shape == (32, 32, 3)
        assert label.tolist() == ([0, 1] if photo[0, 0, 0] == 40 else [1, 0])
        assert other[0, 0, 0] >= 100 and not unknown.any()


def test_folders_of_the_second_set_are_not_looked_at(root):
    flat = adaptation_samples(config_of(root), None, (0,), NAMES)
    in_folders = adaptation_samples(config_of(root, domains=("trainA", "testB")), None, (0,), NAMES)
    assert (len(flat.second), len(in_folders.second)) == (4, 3)
    assert not np.any(in_folders.second.labels)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"direction": "BtoA"}, "direction=BtoA: a is the domain with classes; must be AtoB"),
        ({"domains": ("trainA", "nowhere")}, "nowhere: no such folder"),
        ({"domains": ("trainB", "trainA")}, "trainB: no folder for the class a; there are none"),
        ({"crop": 8}, "crop=8: this system's data has no such option"),
    ],
)
def test_faulty_sets_are_named(root, options, message):
    with pytest.raises(InputError, match=message):
        adaptation_samples(config_of(root, **options), None, (0,), NAMES)


def test_a_classifier_is_trained_and_reads_the_second_set(root, tmp_path, capsys):
    config = dataclasses.replace(CONFIGS["unit_digits"], width_D=2)
    run = RunConfig(total_nimg=4, batch_size=2, status_nimg=2, snapshot_nimg=4, grid_rows=2)
    run_dir, out = tmp_path / "run", tmp_path / "out"
    assert session.run_training(Experiment("unit_digits", config, config_of(root), run), run_dir) == 0
    # two rows of four: a, itself as b, b, itself as a
    assert Image.open(run_dir / "grid-000000004.png").size == Layout((128, 128), 4, 1, 2, 2).size  # 32 pixels, enlarged
    assert run_test(checkpoint_path(run_dir, 4), None, out, seed=0, references=None, compare=True) == 0
    rows = list(csv.DictReader((out / "classes.csv").open()))
    assert [row["image"] for row in rows] == ["a/5.jpg", "a/6.jpg", "b/8.jpg"]
    right = sum(row["class"] == row["image"][0] for row in rows)
    assert f"{right / 3:.1%} of the images in class folders of {root / 'testB'}" in capsys.readouterr().out
    assert Image.open(out / "compare.png").size[0] == Layout((128, 128), 2, 3, 1, 2).size[0]

    assert run_test(checkpoint_path(run_dir, 4), root / "trainB", out, seed=0, references=None, compare=False) == 0
    assert "the classes of 4 images\n" in capsys.readouterr().out  # whose folder says nothing of them
    with pytest.raises(InputError, match="--back"):
        run_test(checkpoint_path(run_dir, 4), None, out, seed=0, references=None, compare=False, back=True)
