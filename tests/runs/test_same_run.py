"""Which options of a run may be others when it goes on, and which make it another run."""

import copy
import json

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig, Experiment, Phase, RunConfig, to_json
from jittor_tsit.config.phases import make_plan
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, checkpoint_path, save_checkpoint
from jittor_tsit.runs.same_run import (
    count_begun_phases,
    differing_options,
    flatten,
    open_run_dir,
    spelled,
    with_defaults,
)
from jittor_tsit.systems.tsit import TSITConfig

PHASES = (Phase(epochs=2, batch_size=2), Phase(nimg=50, weights={"vgg": 5}), Phase(nimg=7))


@pytest.fixture
def options():
    """Of a run of three phases, as its checkpoints have them: JSON, with a digest of each phase's samples."""
    experiment = Experiment("tsit", TSITConfig(), DataConfig(root="set"), RunConfig(), PHASES)
    return {**json.loads(to_json(experiment)), "samples": ["abc", "def", "ghi"]}


def changed(options, path, value):
    """The options with another value at a dotted path."""
    result = copy.deepcopy(options)
    *parents, last = path.split(".")
    place = result
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    place[int(last) if last.isdigit() else last] = value
    return result


def told(there, here, num_begun):
    return [str(difference) for difference in differing_options(there, here, num_begun)]


def test_the_same_options_do_not_differ(options):
    assert differing_options(options, copy.deepcopy(options), 3) == []


@pytest.mark.parametrize(
    "path, value",
    [
        ("run.total_nimg", 5),
        ("run.status_nimg", 7),
        ("run.snapshot_nimg", 9),
        ("run.keep_snapshots", 1),
        ("run.grid_rows", 2),
        ("run.on_nan", "skip"),
        ("run.evaluate_every", 2),
        ("run.judges", "others"),
        ("run.tensorboard", True),
        ("data.output_width", 1024),
        ("data.output_height", 768),
        ("data.root", "moved"),
        ("data.second_root", "moved"),
        ("data.split", "lists"),
        ("data.workers", 3),
        ("data.cache", "file"),
        ("data.max_skipped", 0),
        ("config.perceptual_weights", "vgg.npz"),
    ],
)
def test_where_files_lie_and_what_is_told_may_change(options, path, value):
    assert differing_options(options, changed(options, path, value), 3) == []


@pytest.mark.parametrize(
    "path, value, words",
    [
        ("run.seed", 1, "seed was 0, now 1"),
        ("run.batch_size", 2, "batch_size was 1, now 2"),
        ("run.precision", "bf16", "precision was float32, now bf16"),
        ("data.image_width", 256, "image_width was 512, now 256"),
        ("data.flip", False, "flip was True, now False"),
        ("config.width", 32, "width was 64, now 32"),
        ("config.weights.vgg", 1.0, "weights.vgg was 20.0, now 1.0"),
        ("system", "spade", "system was tsit, now spade"),
        ("config.optim.betas", [0.5, 0.9], "optim.betas was 0.0,0.9, now 0.5,0.9"),
    ],
)
def test_every_other_option_is_told_with_both_values(options, path, value, words):
    assert told(options, changed(options, path, value), 0) == [words]


PART = [  # of phase 1: an option, and whether it may change while the phase goes on, and when it is done
    ("phases.1.nimg", 40, True, False),
    ("phases.1.epochs", 3, True, False),
    ("phases.1.split", "b.txt", True, True),
    ("phases.1.batch_size", 5, False, False),
    ("phases.1.lr_G", 0.1, False, False),
    ("samples.1", "xyz", False, False),
    ("phases.1.weights.vgg", 6, False, False),
]


@pytest.mark.parametrize("path, value, while_it_goes_on, when_it_is_done", PART)
def test_a_phase_may_change_until_it_begins_and_its_length_until_it_ends(
    options, path, value, while_it_goes_on, when_it_is_done
):
    other = changed(options, path, value)
    allowed = [not differing_options(options, other, num_begun) for num_begun in (0, 1, 2, 3)]
    assert allowed == [True, True, while_it_goes_on, when_it_is_done]


def test_a_phase_has_begun_with_its_first_image():
    plan = make_plan(Experiment("tsit", TSITConfig(), phases=PHASES), [5, 9, 9])
    assert [(phase.start, phase.end) for phase in plan] == [(0, 10), (10, 60), (60, 67)]
    assert [count_begun_phases(plan, nimg) for nimg in (0, 1, 10, 11, 60, 61, 67)] == [0, 1, 1, 2, 2, 3, 3]


def test_options_of_an_older_version_have_the_defaults_of_newer_fields(options):
    older = copy.deepcopy(options)
    del older["run"]["precision"], older["data"]["cache"], older["config"]["attention_G"]
    for phase in older["phases"]:
        del phase["image_width"], phase["image_height"]
    assert with_defaults(older) == with_defaults(options) == options
    assert differing_options(older, options, 3) == []
    assert told(older, changed(options, "run.precision", "bf16"), 3) == ["precision was float32, now bf16"]


@pytest.mark.parametrize("path, value", [("run.gone", 1), ("config.gone", 1), ("system", "dalle")])
def test_options_that_there_are_no_more_differ_and_are_told(options, path, value):
    older = changed(options, path, value)
    assert with_defaults(older) == older
    assert f"{spelled(path)} was {value}, now " in "; ".join(told(older, options, 3))


def test_nested_options_become_dotted_names():
    nested = {"a": {"b": 1, "c": {"d": 2}}, "e": [3, 4], "phases": [{"x": 5}, {"x": 6}], "samples": ["s"], "f": {}}
    assert flatten(nested) == {
        "a.b": 1,
        "a.c.d": 2,
        "e": [3, 4],
        "phases.0.x": 5,
        "phases.1.x": 6,
        "samples.0": "s",
    }


def test_an_option_is_told_as_the_command_line_spells_it():
    names = ("run.total_nimg", "config.optim.lr_G", "data.flip", "phases.0.lr_G", "phases.1.weights.vgg", "run.initial")
    typed = "total_nimg", "optim.lr_G", "flip", "phases.1.lr_G", "phases.2.weights.vgg", "--from-weights"
    assert tuple(map(spelled, names)) == typed


@pytest.fixture
def begun(tmp_path, options):
    """A run of one phase of 8 images, whose rate falls to 0 over the second half, stopped after 4 images."""
    options = {**options, "phases": [], "samples": ["abc"]}
    options["run"]["total_nimg"] = 8
    options["config"]["optim"].update(constant_nimg=4, decay_nimg=4, epoch_nimg=1)
    path = checkpoint_path(tmp_path, 4)
    save_checkpoint(path, Checkpoint({"x": np.zeros(1)}, Progress(4, 4), options))
    return tmp_path, options


def go_on(begun, *changes, said=()):
    """Open the run with other options."""
    run_dir, options = begun
    for path, value in changes:
        options = changed(options, path, value)
    plan = make_plan(
        Experiment("tsit", TSITConfig(), DataConfig(), RunConfig(total_nimg=options["run"]["total_nimg"])), [8]
    )
    return open_run_dir(run_dir, options, plan, list(said).append)


@pytest.mark.parametrize(
    "changes, words",
    [
        ([("config.optim.lr_G", 1e-5)], ["optim.lr_G was 0.0001, now 1e-05", "--from-weights", "state-000000004"]),
        ([("config.weights.vgg", 1.0)], ["weights.vgg was 20.0, now 1.0", "--from-weights"]),
        ([("config.diff_augment", ["color"])], ["diff_augment was not set, now color", "--from-weights"]),
        ([("config.width", 8)], ["width was 64, now 8", "another --run-dir"]),
        ([("run.seed", 3), ("data.flip", False)], ["seed was 0, now 3", "flip was True, now False"]),
        ([("run.initial", "x.pt")], ["--from-weights was not set, now x.pt", "only counts at the beginning"]),
        ([("data.folds", 5)], ["folds was 0, now 5", "evaluate_every=0"]),
        ([("samples.0", "xyz")], ["the data set of phase 1 is another one", "restore the data set", "--from-weights"]),
        ([("run.total_nimg", 3)], ["trained on 4 images already, and would end after 3"]),
        ([("run.total_nimg", 12)], ["learning rate falls to 0 after 8 images", "optim.decay_nimg=8", "--from-weights"]),
        ([("config.optim.decay_nimg", 0), ("run.total_nimg", 3)], ["would end after 3"]),
    ],
)
def test_what_differs_is_told_in_one_line_with_the_way_on(begun, changes, words):
    with pytest.raises(InputError) as error:
        go_on(begun, *changes)
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value) and "config." not in str(error.value)


def test_a_run_of_another_model_is_not_sent_to_from_weights(begun):
    with pytest.raises(InputError) as error:
        go_on(begun, ("config.width", 8))
    assert "--from-weights" not in str(error.value)


def test_a_prolonged_run_goes_on_with_a_longer_decay(begun):
    assert go_on(begun, ("run.total_nimg", 12), ("config.optim.decay_nimg", 8)).progress.nimg == 4
    assert go_on(begun, ("run.total_nimg", 8)).progress.nimg == 4
    assert go_on(begun, ("run.total_nimg", 4)).progress.nimg == 4
