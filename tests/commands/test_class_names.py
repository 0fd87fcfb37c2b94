"""Classes on the command line: `train --class-names FILE`, and the spellings that the tools take. Needs no Jittor."""

import json

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import write_label, write_photo
from jittor_tsit.__main__ import main
from jittor_tsit.commands.train import with_class_names
from jittor_tsit.config import DataConfig, Experiment, RunConfig, from_dict, to_json
from jittor_tsit.data.label_maps import label_maps_of


def experiment(**data):
    return Experiment("tsit", None, DataConfig(**data), RunConfig(total_nimg=1))


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("road\nbuilding, edifice #ff0000\n", encoding="utf-8")
    return path


def test_names_come_with_their_number_and_travel_with_the_options(names):
    made = with_class_names(experiment(unknown_id=255), names, [])
    kept = from_dict(DataConfig, json.loads(to_json(made))["data"])
    classes = label_maps_of(kept).class_list
    assert kept.num_classes == 2 and classes.names == ["road", "building, edifice"]
    assert classes.colorize(np.array([[1]])).tolist() == [[[255, 0, 0]]] and classes.unknown == 255


def test_a_number_of_classes_that_was_given_must_fit(names):
    with pytest.raises(InputError, match="class_names: 2 names for num_classes=29"):
        with_class_names(experiment(), names, ["num_classes=29"])


def test_without_a_file_nothing_changes():
    assert with_class_names(experiment(), None, []) == experiment()


@pytest.mark.parametrize("command", ["check-data", "stats"])
def test_the_tools_take_both_spellings(command, tmp_path, capsys):
    for name in ("imgs", "labels"):
        (tmp_path / name).mkdir()
    write_photo(tmp_path / "imgs/0.jpg", np.zeros((32, 32, 3), np.uint8))
    write_label(tmp_path / "labels/0.png", np.full((32, 32), 149))
    for words in ("num_classes=150 unknown_id=255", "--num-classes 150 --unknown-id 255"):
        assert main([command, "--data", str(tmp_path), *words.split()]) == 0, capsys.readouterr()


@pytest.mark.parametrize("unknown_id, is_right", [(-1, True), (0, True), (65535, True), (28, False), (65536, False)])
def test_ids_of_16_bits_can_mean_that_there_is_no_class(unknown_id, is_right):
    if is_right:
        assert label_maps_of(DataConfig(unknown_id=unknown_id)).class_list.num_classes == 29
    else:
        with pytest.raises(InputError, match="allowed are -1, 0 and 29 to 65535"):
            DataConfig(unknown_id=unknown_id)
