"""Options: overrides, their errors, the JSON form."""

import dataclasses
import json

import pytest

from data_tools.errors import InputError
from jittor_tsit.config import (
    PARTS,
    DataConfig,
    Experiment,
    OptimConfig,
    RunConfig,
    fields_of,
    from_dict,
    override,
    to_json,
)
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.tsit import TSITConfig


@pytest.fixture
def experiment():
    return Experiment("tsit", TSITConfig())


def test_an_override_reaches_every_part(experiment):
    changed = override(experiment, ["weights.vgg=5", "optim.betas=0.5,0.999", "image_width=256", "total_nimg=7"])
    assert changed.config.weights.vgg == 5.0
    assert changed.config.optim.betas == (0.5, 0.999)
    assert changed.data.image_width == 256
    assert changed.run.total_nimg == 7
    assert experiment.config.weights.vgg == 20.0


def test_an_unknown_field_is_refused_and_the_fields_are_listed(experiment):
    with pytest.raises(InputError, match=r"weights\.vg: no such field.*weights\.vgg"):
        override(experiment, ["weights.vg=5"])


@pytest.mark.parametrize("text, kind", [("width=eight", "whole number"), ("width=8.5", "whole number"),
                                        ("weights.vgg=x", "a number"), ("flip=maybe", "true or false"),
                                        ("optim.betas=1", "two numbers")])  # fmt: skip
def test_a_value_of_another_type_is_refused(experiment, text, kind):
    with pytest.raises(InputError, match=f"{text.partition('=')[0]}.*not.*{kind}"):
        override(experiment, [text])


def test_a_word_without_equals_sign_is_refused(experiment):
    with pytest.raises(InputError, match="field=value"):
        override(experiment, ["fast"])


def test_an_unknown_choice_is_refused(experiment):
    with pytest.raises(InputError, match="gan_loss=hing: allowed are hinge"):
        override(experiment, ["gan_loss=hing"])


def test_intervals_must_be_multiples_of_the_batch_size(experiment):
    with pytest.raises(InputError, match="not a multiple of batch_size=3"):
        override(experiment, ["batch_size=3"])


def test_json_gives_the_same_options_back(experiment):
    values = json.loads(to_json(experiment))
    assert from_dict(TSITConfig, values["config"]) == experiment.config
    assert from_dict(DataConfig, values["data"]) == experiment.data
    assert from_dict(RunConfig, values["run"]) == experiment.run


def test_a_field_of_another_version_is_refused():
    with pytest.raises(InputError, match="OptimConfig has no field warmup"):
        from_dict(OptimConfig, {"warmup": 1})


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_field_name_stands_in_two_parts(name):
    experiment = Experiment(name, SYSTEMS[name].Config())
    names = [field for part in PARTS for field in fields_of(getattr(experiment, part))]
    assert len(names) == len(set(names))


def test_options_cannot_be_changed_in_place(experiment):
    with pytest.raises(dataclasses.FrozenInstanceError):
        experiment.run.seed = 1
