"""Every loss term and every loss of every system is in a step that NumPy computes, with a weight that is not 1."""

import dataclasses

import pytest

from helpers.step_options import (
    BICYCLEGAN,
    CYCLEGAN,
    DIGITS,
    OASIS,
    PIX2PIX,
    SEGFORMER,
    SIMGAN,
    STARGAN,
    SYNTHESIS,
    UNIT,
)
from jittor_tsit.losses import GAN_LOSSES
from jittor_tsit.systems import SYSTEMS

STEPS = {"segformer": [SEGFORMER], "unit_digits": [DIGITS], "oasis": [OASIS]}  # the options of the steps of each system
for table in (SYNTHESIS, PIX2PIX, BICYCLEGAN, CYCLEGAN, SIMGAN, UNIT, STARGAN):
    for case, config in table.items():
        STEPS.setdefault(case.partition("-")[0], []).append(config)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_term_of_a_system_is_on_in_a_step_by_numpy(name):
    weights = [config.weights for config in STEPS[name]]
    assert all(type(each) is type(SYSTEMS[name].Config().weights) for each in weights)
    for field in dataclasses.fields(weights[0]):
        values = {getattr(each, field.name) for each in weights}
        assert values - {0, 1}, f"weights.{field.name} of {name} is {values}: no step shows whether it counts"


@pytest.mark.parametrize("name", SYSTEMS)
def test_rates_and_betas_of_those_steps_differ_and_are_not_0(name):
    for optim in (config.optim for config in STEPS[name]):
        assert optim.lr_G != optim.lr_D
        assert name == "simgan" or 0 < optim.betas[0] != optim.betas[1]  # it has SGD


def test_every_adversarial_loss_is_in_a_step_by_numpy():
    used = {getattr(config, "gan_loss", None) for configs in STEPS.values() for config in configs}
    assert set(GAN_LOSSES) <= used
