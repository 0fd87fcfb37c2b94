"""Runs, checkpoints and experiment files from before the packages were reorganised are read, resumed and tested."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from data_tools.sets.image_io import read_photo
from helpers.experiments import configure
from jittor_tsit.commands.test import run_test
from jittor_tsit.runs.checkpoint import checkpoint_path
from jittor_tsit.training.session import run_training

OLD = Path(__file__).parents[1] / "fixtures/old_runs"
SETS = {
    "tsit": "pairs",
    "tsit_ast": "domains",
    "unit_rewrite": "domains",
    "unit_digits": "digits",
    "cyclegan": "domains",
}
TIMES = {"img_per_s", "waited_for_data", "memory_gb"}


@pytest.fixture
def place(tmp_path):
    return shutil.copytree(OLD, tmp_path / "old")


@pytest.mark.parametrize("name", SETS)
def test_an_old_run_goes_on_as_it_did(place, name):
    experiment = configure(place / name / "experiment.py", place / SETS[name], ["total_nimg=4"])
    assert run_training(experiment, place / name) == 0
    assert "going on from image 2" in (place / name / "log.txt").read_text()
    ours, theirs = (
        [json.loads(line) for line in (place / name / file).read_text().splitlines()]
        for file in ("stats.jsonl", "resumed_stats.jsonl")
    )
    assert [line["nimg"] for line in ours] == [line["nimg"] for line in theirs] == [1, 2, 3, 4]
    for our_line, their_line in zip(ours, theirs):
        for key in set(their_line) - TIMES:
            # Adam moves weights whose gradient is rounding noise by a whole learning rate, 1e-4 to 4e-4 of weights of
            # 0.02: after two such steps a loss may differ by some per cent of itself on another processor.
            assert our_line[key] == pytest.approx(their_line[key], rel=0.1, abs=0.01), (our_line["nimg"], key)


@pytest.mark.parametrize(
    "name, inputs", [("tsit", "pairs/train/labels"), ("unit_rewrite", "domains/trainA"), ("cyclegan", "domains/trainA")]
)
def test_an_old_checkpoint_makes_the_same_images(place, name, inputs):
    assert run_test(checkpoint_path(place / name, 2), place / inputs, place / "out", 0, None, compare=False) == 0
    image, expected = (
        read_photo(path).astype(float) for path in (place / "out/images/0.jpg", place / name / "test.jpg")
    )
    # a value within float32's rounding of a half becomes the next grey level; JPEG spreads it over 8 x 8 pixels
    assert np.abs(image - expected).mean() < 0.1 and np.abs(image - expected).max() <= 4


def test_an_old_classifier_finds_the_same_classes(place):
    checkpoint = checkpoint_path(place / "unit_digits", 2)
    assert run_test(checkpoint, place / "digits/trainB", place / "out", 0, None, compare=False) == 0
    found, expected = (
        list(csv.reader(path.open())) for path in (place / "out/classes.csv", OLD / "unit_digits/classes.csv")
    )
    assert found == expected
