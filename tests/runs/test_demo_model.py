"""The demo model: its file, its names in the commands, and the experiments that begin with it."""

import json

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from experiments.demo.pack import packed
from jittor_tsit.__main__ import main, parser
from jittor_tsit.commands.train import experiment_file, plan_runs
from jittor_tsit.config import to_json
from jittor_tsit.config.experiment_files import load_experiment, shipped_experiment
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, load_checkpoint, save_checkpoint
from jittor_tsit.runs.demo_model import CHECKSUM, FILE, FOLDER, demo_model, weights_file
from jittor_tsit.runs.initial_header import check_initial_header

MOST_BYTES = 20e6  # of a file that every clone downloads


def test_the_file_is_the_one_that_was_packed_and_small():
    assert demo_model() == FOLDER / FILE and demo_model().stat().st_size <= MOST_BYTES


def test_the_name_demo_stands_for_it_and_a_path_for_itself(tmp_path):
    assert weights_file("demo") == demo_model() and weights_file(tmp_path / "demo") == tmp_path / "demo"


def test_a_missing_or_changed_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="the demo model is missing; install jittor_tsit again"):
        demo_model(tmp_path)
    (tmp_path / FILE).write_bytes(b"other")
    (tmp_path / CHECKSUM).write_text((FOLDER / CHECKSUM).read_text())
    with pytest.raises(InputError, match="not the demo model of this version: its SHA-256 is .*, expected is"):
        demo_model(tmp_path)


def test_its_arrays_are_float32_and_its_options_name_no_folder():
    checkpoint = load_checkpoint(demo_model())
    assert {array.dtype for array in checkpoint.arrays.values()} == {np.dtype(np.float32)}
    assert {name.partition(".")[0] for name in checkpoint.arrays} == {"G", "E", "D"}
    assert "/" not in json.dumps(checkpoint.experiment)


@pytest.mark.parametrize("name", ["quickstart", "demo_tuning", "demo_model"])
def test_the_experiments_have_its_networks(name):
    check_initial_header(demo_model(), json.loads(to_json(load_experiment(shipped_experiment(name)))))


def test_packing_keeps_the_networks_alone_with_averaged_weights(tmp_path):
    ones, twos = np.ones((2, 2), np.float32), np.full((2, 2), 2, np.float32)
    arrays = {"G.a": ones, "G_ema.a": twos, "E.b": ones[0] / 3, "optimizer_G.a": ones}
    options = {"config": {"perceptual_weights": "here"}, "data": {"root": "/there"}, "samples": ["digest"]}
    small = packed(Checkpoint(arrays, Progress(3, 3), options))
    assert small.experiment == {
        "config": {"perceptual_weights": ""},
        "data": {"root": "", "split": "", "cache": ""},
    }
    assert set(small.arrays) == {"G.a", "E.b"} and (small.arrays["G.a"] == 2).all()
    assert small.arrays["G.a"].dtype == np.float16 and small.arrays["E.b"].dtype == np.float32
    save_checkpoint(tmp_path / "small.safetensors", small)
    read = load_checkpoint(tmp_path / "small.safetensors").arrays
    assert read["G.a"].dtype == np.float32 and (read["G.a"] == 2).all() and (read["E.b"] == arrays["E.b"]).all()


def parsed(*options):
    args = parser().parse_args(["train", *options])
    args.overrides = []
    return args


@pytest.mark.parametrize(
    "options, name, initial",
    [
        ((), "quickstart", "demo"),
        (("--from-weights", "none"), "quickstart", ""),
        (("--data", ".", "--from-weights", "demo"), "demo_tuning", "demo"),
        (("--data", "."), "tsit_landscape", ""),
    ],
)
def test_train_begins_with_it_where_the_options_or_the_experiment_say_so(options, name, initial):
    args = parsed(*options)
    assert experiment_file(args).stem == name
    [(experiment, _)] = plan_runs(args).experiments.values()
    assert experiment.run.initial == initial


@pytest.mark.parametrize("other", [("--run-dir", "runs/a"), ("--checkpoint", "a.safetensors")])
def test_demo_takes_no_other_model(other, capsys):
    assert main(["test", "--demo", *other]) == 2
    assert "error: --demo: is a model of its own; leave out --run-dir, --checkpoint" in capsys.readouterr().err
