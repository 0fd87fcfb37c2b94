"""Every choice that a system's options leave is made in one of the tiny systems, which are tested one by one."""

import dataclasses

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.tiny import ALL_CONFIGS
from jittor_tsit.config import CONFIGS
from jittor_tsit.config.systems import bicyclegan as config_bicyclegan
from jittor_tsit.config.systems import checks
from jittor_tsit.config.systems import segformer as config_segformer
from jittor_tsit.config.systems import simgan as config_simgan
from jittor_tsit.config.systems import synthesis as config_synthesis
from jittor_tsit.config.systems import tsit as config_tsit
from jittor_tsit.config.systems import unit as config_unit
from jittor_tsit.config.systems.base import SOURCES
from jittor_tsit.config.systems.pix2pix import GENERATORS
from jittor_tsit.config.systems.spade import NUM_UPSAMPLINGS
from jittor_tsit.layers.diff_augment import NUM_DRAWS, DiffAugment
from jittor_tsit.layers.norm import GENERATOR_NORMS
from jittor_tsit.layers.norm_kinds import NORMS
from jittor_tsit.losses import GAN_LOSSES
from jittor_tsit.networks.bicyclegan import LAYERS, UPSAMPLINGS
from jittor_tsit.networks.mix_transformer import SIZES
from jittor_tsit.networks.simgan import ARCHITECTURES
from jittor_tsit.networks.tsit import DOWNSAMPLINGS
from jittor_tsit.networks.unit import DISCRIMINATORS
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.unit import FORMS

CHOICES = {
    "tsit.form": ("sis", "ast"),
    "tsit.downsampling": DOWNSAMPLINGS,
    "tsit.norm_G": GENERATOR_NORMS,
    "spade.norm_G": GENERATOR_NORMS,
    "spade.upsampling": NUM_UPSAMPLINGS,
    "pix2pix.source": SOURCES,
    "pix2pix.generator": GENERATORS,
    "pix2pix.norm": NORMS,
    "cyclegan.norm": NORMS,
    "bicyclegan.source": SOURCES,
    "bicyclegan.upsampling": UPSAMPLINGS,
    "bicyclegan.encoder": LAYERS,
    "bicyclegan.norm": NORMS,
    "simgan.kind": ARCHITECTURES,
    "unit.form": FORMS,
    "unit.discriminator": DISCRIMINATORS,
}
ELSEWHERE = {
    "training_mode_at_test": "no matter of training; the tests of `test`",
    "gan_loss": "below, for all systems together; by NumPy in test_every_term.py",
    "perceptual": "networks/test_vgg.py",
    "perceptual_weights": "a file; test_unit.py, test_synthesis_steps.py",
    "segmenter": "a file; test_judged_losses.py",
    "nima": "a file; networks/test_nima.py",
    "pretrained": "a file; networks/test_segformer_network.py",
    "size": "networks/test_segformer_network.py",
}


def configs_of(system):
    return [config for name, config in ALL_CONFIGS.items() if name.partition("-")[0] == system]


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_choice_of_a_system_is_made_in_a_tiny_one(system):
    for field in dataclasses.fields(SYSTEMS[system].Config):
        if field.type not in (bool, str) or field.name in ELSEWHERE:
            continue
        choices = (True, False) if field.type is bool else CHOICES[f"{system}.{field.name}"]
        made = {getattr(config, field.name) for config in configs_of(system)}
        assert set(choices) <= made, f"{field.name} of {system} is {sorted(made)} in tiny.py and variants.py"


def test_every_adversarial_loss_is_that_of_a_tiny_system():
    assert set(GAN_LOSSES) <= {getattr(config, "gan_loss", None) for config in ALL_CONFIGS.values()}


@pytest.mark.parametrize("system", ["tsit", "spade", "pix2pix", "cyclegan", "bicyclegan", "unit", "stargan"])
def test_a_tiny_system_has_the_gradient_penalty(system):
    assert any(config.weights.gp for config in configs_of(system))


@pytest.mark.parametrize("system", ["tsit", "spade"])
@pytest.mark.parametrize("option", ["attention_G", "attention_D"])
def test_a_tiny_system_attends_to_itself(system, option):
    assert any(getattr(config, option) for config in configs_of(system))


@pytest.mark.parametrize("system", ["tsit", "spade"])
def test_a_tiny_system_changes_what_d_sees(system):
    known = set(config_synthesis.DIFF_AUGMENTS)
    assert any(set(config.diff_augment) == known for config in configs_of(system))


def test_stargan_has_attributes_classes_and_both():
    known = {(bool(config.attributes), bool(config.classes)) for config in configs_of("stargan")}
    assert known == {(True, False), (False, True), (True, True)}


@pytest.mark.parametrize("option", ["pretrain_G", "pretrain_D"])
def test_a_tiny_simgan_trains_its_networks_alone_at_first(option):
    assert any(getattr(config, option) for config in configs_of("simgan"))


@pytest.mark.parametrize(
    "names, table",
    [
        (checks.GAN_LOSS_NAMES, GAN_LOSSES),
        (checks.NORM_NAMES, NORMS),
        (config_tsit.DOWNSAMPLINGS, DOWNSAMPLINGS),
        (config_synthesis.DIFF_AUGMENTS, DiffAugment((), np.zeros((1, NUM_DRAWS))).changes),
        (config_synthesis.GENERATOR_NORM_NAMES, GENERATOR_NORMS),
        (config_bicyclegan.UPSAMPLINGS, UPSAMPLINGS),
        (config_bicyclegan.ENCODERS, LAYERS),
        (config_simgan.LEAST_SIDE, ARCHITECTURES),
        (config_unit.DISCRIMINATORS, DISCRIMINATORS),
        (config_segformer.SIZES, SIZES),
    ],
)
def test_the_options_allow_what_the_networks_have(names, table):
    """The options name them once more, because they must be known before Jittor is imported."""
    assert set(names) == set(table)


def test_both_tables_of_systems_agree():
    assert {name: system.Config for name, system in SYSTEMS.items()} == CONFIGS


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "segformer"])
def test_only_the_segmenter_takes_a_weight_decay(name):
    optim = dataclasses.replace(SYSTEMS[name].Config().optim, weight_decay=0.01)
    config = dataclasses.replace(SYSTEMS[name].Config(), optim=optim)
    with pytest.raises(InputError, match="optim.weight_decay=0.01: this system has none; must be 0"):
        SYSTEMS[name](config, 29, 256, 256, seed=0)
    assert SYSTEMS["segformer"].decays_weights and not SYSTEMS[name].decays_weights
