"""Options: overrides, their errors, the JSON form."""

import dataclasses
import json

import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig, Experiment, OptimConfig, Phase, RunConfig, from_dict, to_json
from jittor_tsit.config.overrides import PARTS, fields_of, override
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.tsit import TSITConfig


@pytest.fixture
def experiment():
    return Experiment("tsit", TSITConfig(), run=RunConfig(total_nimg=100))


@pytest.fixture
def phased():
    return Experiment("tsit", TSITConfig(), phases=(Phase(epochs=2, batch_size=2), Phase(nimg=50, weights={"vgg": 5})))


def test_an_override_reaches_every_part(experiment):
    changed = override(experiment, ["weights.vgg=5", "optim.betas=0.5,0.999", "image_width=256", "total_nimg=7"])
    assert changed.config.weights.vgg == 5.0
    assert changed.config.optim.betas == (0.5, 0.999)
    assert changed.data.image_width == 256
    assert changed.run.total_nimg == 7
    assert experiment.config.weights.vgg == 20.0


def test_an_unknown_field_is_refused_and_similar_ones_are_proposed(experiment):
    with pytest.raises(InputError, match=r"weights\.vg: no such field.*weights\.vgg"):
        override(experiment, ["weights.vg=5"])


@pytest.mark.parametrize("text", ["config.width=8", "data.image_width=8", "config.weights.vgg=8", "run.total_nimg=8"])
def test_the_part_of_a_field_may_stand_before_it(experiment, text):
    assert override(experiment, [text]) == override(experiment, [text.partition(".")[2]]) != experiment
    with pytest.raises(InputError, match="no such field"):
        override(experiment, [text.replace("config", "run").replace("data", "config")[1:]])


@pytest.mark.parametrize(
    "text, kind",
    [
        ("width=eight", "whole number"),
        ("width=8.5", "whole number"),
        ("weights.vgg=x", "a number"),
        ("flip=maybe", "true or false"),
        ("optim.betas=1", "two numbers"),
    ],
)
def test_a_value_of_another_type_is_refused(experiment, text, kind):
    with pytest.raises(InputError, match=f"{text.partition('=')[0]}.*not.*{kind}"):
        override(experiment, [text])


@pytest.mark.parametrize("text, value", [("true", True), ("False", False), ("0", False), ("auto", None)])
def test_an_option_of_three_values_is_read_and_kept(experiment, text, value):
    changed = override(override(experiment, ["side_by_side=true"]), [f"side_by_side={text}"])
    assert changed.data.side_by_side is value
    assert from_dict(DataConfig, json.loads(to_json(changed))["data"]).side_by_side is value
    with pytest.raises(InputError, match="side_by_side=maybe: not true, false or auto"):
        override(experiment, ["side_by_side=maybe"])
    with pytest.raises(InputError, match="DataConfig.side_by_side is 1, which has the wrong type"):
        from_dict(DataConfig, {"side_by_side": 1})


def test_a_word_without_equals_sign_is_refused(experiment):
    with pytest.raises(InputError, match="field=value"):
        override(experiment, ["fast"])


def test_an_unknown_choice_is_refused(experiment):
    with pytest.raises(InputError, match="gan_loss=hing: allowed are hinge"):
        override(experiment, ["gan_loss=hing"])


def test_the_length_is_said_once(phased):
    with pytest.raises(InputError, match="total_nimg=0: must be positive in an experiment without phases"):
        Experiment("tsit", TSITConfig())
    with pytest.raises(InputError, match="total_nimg: must be 0, because the phases give the length"):
        override(phased, ["total_nimg=7"])
    for length in ({}, {"epochs": 1, "nimg": 1}):
        with pytest.raises(InputError, match="either in epochs or in nimg"):
            Phase(**length)


def test_an_override_reaches_a_phase(phased):
    words = ["phases.1.nimg=9", "phases.2.split=a.txt", "phases.2.weights.kld=1"]
    assert override(phased, words).phases == (
        Phase(nimg=9, batch_size=2),
        Phase(nimg=50, split="a.txt", weights={"vgg": 5, "kld": 1.0}),
    )


@pytest.mark.parametrize(
    "word, message",
    [
        ("phases.3.nimg=1", "has 2 phases, counted from 1"),
        ("phases.0.nimg=1", "has 2 phases, counted from 1"),
        ("phases.x.nimg=1", "has 2 phases"),
        ("phases.\u00b2.nimg=1", "has 2 phases"),  # a digit that int() does not take
        ("phases." + "9" * 5000 + ".nimg=1", "has 2 phases"),
        ("phases.1.size=1", "no such field of a phase; the fields are accumulate, "),
        ("phases.1.weights=1", "no such field of a phase"),
        ("phases.1.lr_G=fast", "not a number"),
        ("phases.1.batch_size=-1", "must be 0 or more"),
    ],
)
def test_a_wrong_override_of_a_phase_is_refused(phased, word, message):
    with pytest.raises(InputError, match=message):
        override(phased, [word])


def test_json_gives_the_same_options_back(experiment):
    values = json.loads(to_json(experiment))
    assert from_dict(TSITConfig, values["config"]) == experiment.config
    assert from_dict(DataConfig, values["data"]) == experiment.data
    assert from_dict(RunConfig, values["run"]) == experiment.run


def test_phases_come_back_from_json(phased):
    assert tuple(from_dict(Phase, phase) for phase in json.loads(to_json(phased))["phases"]) == phased.phases


def test_a_field_of_another_version_is_refused():
    with pytest.raises(InputError, match="OptimConfig has no field warmup"):
        from_dict(OptimConfig, {"warmup": 1})


@pytest.mark.parametrize(
    "kind, values",
    [
        (DataConfig, None),
        (DataConfig, []),
        (DataConfig, {"image_width": "512"}),
        (DataConfig, {"image_width": 2**63}),
        (DataConfig, {"flip": 1}),
        (DataConfig, {"color_jitter": float("nan")}),
        (DataConfig, {"domains": ["a"]}),
        (DataConfig, {"domains": [1, 2]}),
        (DataConfig, {"root": {}}),
        (OptimConfig, {"betas": 0}),
        (OptimConfig, {"lr_G": True}),
        (Phase, {"nimg": 1, "weights": {"vgg": "x"}}),
        (Phase, {"nimg": [1]}),
        (TSITConfig, {"weights": [1]}),
    ],
)
def test_json_of_another_type_is_refused(kind, values):
    with pytest.raises(InputError, match="has the wrong type|instead of its fields"):
        from_dict(kind, values)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_systems_options_come_back_from_json(name):
    config = SYSTEMS[name].Config(**({"attributes": ("a", "b")} if name == "stargan" else {}))
    assert from_dict(SYSTEMS[name].Config, json.loads(json.dumps(dataclasses.asdict(config)))) == config


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_field_name_stands_in_two_parts(name):
    experiment = Experiment(name, SYSTEMS[name].Config(), run=RunConfig(total_nimg=1))
    names = [field for part in PARTS for field in fields_of(getattr(experiment, part))]
    assert len(names) == len(set(names))


def test_options_cannot_be_changed_in_place(experiment):
    with pytest.raises(dataclasses.FrozenInstanceError):
        experiment.run.seed = 1
