"""Which options of a run may be others when it goes on, and which make it another run."""

import copy
import json

import pytest

from jittor_tsit.config import DataConfig, Experiment, Phase, RunConfig, to_json
from jittor_tsit.config.phases import make_plan
from jittor_tsit.runs.same_run import count_begun_phases, differing_options, flatten, with_defaults
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
        ("run.seed", 1, "run.seed: 0, 1"),
        ("run.batch_size", 2, "run.batch_size: 1, 2"),
        ("run.precision", "bf16", "run.precision: float32, bf16"),
        ("data.image_width", 256, "data.image_width: 512, 256"),
        ("data.flip", False, "data.flip: True, False"),
        ("config.width", 32, "config.width: 64, 32"),
        ("config.weights.vgg", 1.0, "config.weights.vgg: 20.0, 1.0"),
        ("system", "spade", "system: tsit, spade"),
        ("config.optim.betas", [0.5, 0.9], r"config.optim.betas: [0.0, 0.9], [0.5, 0.9]"),
    ],
)
def test_every_other_option_is_told_with_both_values(options, path, value, words):
    assert differing_options(options, changed(options, path, value), 0) == [words]


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
    assert with_defaults(older) == with_defaults(options) == options
    assert differing_options(older, options, 3) == []
    assert differing_options(older, changed(options, "run.precision", "bf16"), 3) == ["run.precision: float32, bf16"]


@pytest.mark.parametrize("path, value", [("run.gone", 1), ("config.gone", 1), ("system", "dalle")])
def test_options_that_there_are_no_more_differ_and_are_told(options, path, value):
    older = changed(options, path, value)
    assert with_defaults(older) == older
    assert any(text.startswith(f"{path}: {value}") for text in differing_options(older, options, 3))


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
