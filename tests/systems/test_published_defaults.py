"""The defaults of every system's options are the published recipes', written out here; and which values are allowed."""

import dataclasses

import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig, OptimConfig, RunConfig
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.unit import REWRITE_WEIGHTS

GAN_RATES = {"lr_G": 2e-4, "lr_D": 2e-4, "betas": (0.5, 0.999)}
SYNTHESIS = {
    "width": 64,
    "width_D": 64,
    "num_layers_D": 4,
    "num_scales_D": 2,
    "z_dim": 256,
    "gan_loss": "hinge",
    "attention_G": 0,
    "attention_D": 0,
    "perceptual": "vgg19",
    "segmenter_width": 256,
    "segmenter_height": 192,
}
DEFAULTS = {
    "tsit": {**SYNTHESIS, "use_vae": True, "form": "sis", "alpha": 1.0, "downsampling": "nearest"},
    "spade": {**SYNTHESIS, "use_vae": False, "upsampling": "normal"},
    "oasis": {"width": 64, "width_D": 64, "z_dim": 64, "perceptual": "vgg19"},
    "pix2pix": {
        "source": "labels",
        "in_channels": 3,
        "out_channels": 3,
        "generator": "unet",
        "num_blocks": 9,
        "num_levels": 8,
        "width": 64,
        "width_D": 64,
        "num_layers_D": 3,
        "norm": "batch",
        "dropout": True,
        "training_mode_at_test": True,
        "gan_loss": "vanilla",
    },
    "cyclegan": {
        "in_channels": 3,
        "out_channels": 3,
        "num_blocks": 9,
        "width": 64,
        "width_D": 64,
        "num_layers_D": 3,
        "norm": "instance",
        "dropout": False,
        "pool_size": 50,
        "gan_loss": "lsgan",
    },
    "bicyclegan": {
        "source": "labels",
        "in_channels": 3,
        "out_channels": 3,
        "num_levels": 8,
        "z_dim": 8,
        "adds_to_all": True,
        "upsampling": "basic",
        "encoder": "resnet",
        "num_layers_E": 4,
        "width": 64,
        "width_D": 64,
        "width_E": 64,
        "num_layers_D": 3,
        "norm": "instance",
        "dropout": False,
        "gan_loss": "lsgan",
    },
    "stargan": {
        "attributes": ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"),
        "classes": (),
        "num_blocks": 6,
        "num_layers_D": 6,
        "width": 64,
        "width_D": 64,
        "n_critic": 5,
        "gan_loss": "wgan",
    },
    "simgan": {
        "kind": "gaze",
        "channels": 1,
        "width": 64,
        "slope": 0.0,
        "pretrain_G": 1000,
        "pretrain_D": 200,
        "k_g": 2,
        "k_d": 1,
        "pool_size": 25_600,
        "momentum": 0.9,
    },
    "unit": {
        "form": "paper",
        "in_channels": 3,
        "out_channels": 3,
        "discriminator": "shared",
        "num_blocks": 3,
        "num_layers_D": 4,
        "has_norms": False,
        "dropout": False,
        "width": 64,
        "width_D": 64,
        "l2": 1e-4,
        "gan_loss": "vanilla",
    },
    "unit_digits": {"classes": tuple("0123456789"), "channels": (3, 1), "width": 96, "width_D": 64, "l2": 5e-4},
    "segformer": {"size": "b0", "balance": 0.5},
}
WEIGHTS = {
    "tsit": {"gan": 1, "feat": 10, "vgg": 20, "kld": 0.05, "segmenter": 0, "gp": 0, "score": 0, "cycle": 0},
    "spade": {"gan": 1, "feat": 10, "vgg": 10, "kld": 0.05, "segmenter": 0, "gp": 0, "score": 0},
    "oasis": {"gan": 1, "labelmix": 10, "vgg": 0},
    "pix2pix": {"gan": 1, "l1": 100, "gp": 0},
    "cyclegan": {"gan_a": 1, "gan_b": 1, "cycle_a": 10, "cycle_b": 10, "idt_a": 5, "idt_b": 5, "gp": 0},
    "bicyclegan": {"gan": 1, "gan2": 1, "l1": 10, "kl": 0.01, "gp": 0, "latent": 0.5},
    "stargan": {"gan": 1, "cls": 1, "rec": 10, "gp": 10},
    "simgan": {"gan": 1, "reg": 0.5},
    "unit": {"gan": 10, "rec": 100, "kl": 0.1, "cycle": 100, "kl_cycle": 0.1, "vgg": 0, "gp": 0},
    "unit_digits": {"gan": 1, "rec": 1e-3, "kl": 1e-4, "feat": 1e-4, "cls": 10},
    "segformer": {"cross_entropy": 1},
}
OPTIM = {
    "tsit": {"lr_G": 1e-4, "lr_D": 4e-4, "betas": (0.0, 0.9)},
    "spade": {"lr_G": 1e-4, "lr_D": 4e-4, "betas": (0.0, 0.9)},
    "oasis": {"lr_G": 1e-4, "lr_D": 4e-4, "betas": (0.0, 0.999), "ema_halflife_nimg": 221_800},
    "pix2pix": GAN_RATES,
    "cyclegan": GAN_RATES,
    "bicyclegan": GAN_RATES,
    "unit_digits": GAN_RATES,
    "stargan": {"lr_G": 1e-4, "lr_D": 1e-4, "betas": (0.5, 0.999)},
    "simgan": {"lr_G": 1e-3, "lr_D": 1e-3},
    "unit": {"lr_G": 1e-4, "lr_D": 1e-4, "betas": (0.5, 0.999)},
    "segformer": {"lr_G": 6e-5, "betas": (0.9, 0.999), "weight_decay": 0.01},
}


def test_every_system_stands_here():
    assert set(SYSTEMS) == set(DEFAULTS) == set(WEIGHTS) == set(OPTIM)


@pytest.mark.parametrize("name", SYSTEMS)
def test_defaults_are_the_published_ones(name):
    config = SYSTEMS[name].Config()
    assert {field: getattr(config, field) for field in DEFAULTS[name]} == DEFAULTS[name]
    assert dataclasses.asdict(config.weights) == WEIGHTS[name]
    assert config.optim == dataclasses.replace(OptimConfig(), **OPTIM[name])


def test_the_rewrite_of_unit_has_weights_of_its_own():
    weights = {"gan": 1, "rec": 10, "kl": 0.01, "cycle": 10, "kl_cycle": 0.01, "vgg": 0, "gp": 0}
    assert dataclasses.asdict(REWRITE_WEIGHTS) == weights


LEAST = {  # of whole numbers; one less is refused
    "tsit": {
        "width": 1,
        "width_D": 1,
        "num_layers_D": 1,
        "num_scales_D": 1,
        "z_dim": 1,
        "segmenter_width": 1,
        "segmenter_height": 1,
        "attention_D": 0,
    },
    "spade": {"width": 1, "width_D": 1, "num_layers_D": 1, "num_scales_D": 1, "z_dim": 1, "attention_D": 0},
    "oasis": {"width": 1, "width_D": 1, "z_dim": 1},
    "pix2pix": {"num_blocks": 1, "num_levels": 2, "width": 1, "width_D": 1, "num_layers_D": 0},
    "cyclegan": {"num_blocks": 1, "width": 1, "width_D": 1, "num_layers_D": 0, "pool_size": 0},
    "bicyclegan": {
        "num_levels": 2,
        "z_dim": 1,
        "num_layers_E": 1,
        "width": 1,
        "width_D": 1,
        "width_E": 1,
        "num_layers_D": 0,
    },
    "stargan": {"num_blocks": 1, "num_layers_D": 1, "width": 1, "width_D": 1, "n_critic": 1},
    "simgan": {"pretrain_G": 0, "pretrain_D": 0, "k_g": 1, "k_d": 1, "width": 1, "pool_size": 1},
    "unit": {"num_blocks": 1, "num_layers_D": 1, "width": 1, "width_D": 1, "l2": 0},
    "unit_digits": {"width": 1, "width_D": 1, "l2": 0},
}


@pytest.mark.parametrize("name, field, least", [(name, *item) for name in LEAST for item in LEAST[name].items()])
def test_the_least_value_is_taken_and_one_less_is_refused(name, field, least):
    config = SYSTEMS[name].Config()
    assert getattr(dataclasses.replace(config, **{field: least}), field) == least
    with pytest.raises(InputError, match=f"{field}={least - 1}: "):
        dataclasses.replace(config, **{field: least - 1})


CHOICES = {
    "tsit": {"form": ["sis", "ast"], "downsampling": ["nearest", "bilinear"], "perceptual": ["vgg16", "vgg19"]},
    "spade": {"upsampling": ["normal", "more", "most"], "perceptual": ["vgg16", "vgg19"]},
    "oasis": {"perceptual": ["vgg16", "vgg19"]},
    "pix2pix": {
        "source": ["labels", "images"],
        "generator": ["unet", "resnet"],
        "norm": ["batch", "instance"],
        "in_channels": [1, 3],
    },
    "cyclegan": {"norm": ["batch", "instance"]},
    "bicyclegan": {
        "source": ["labels", "images"],
        "in_channels": [1, 3],
        "upsampling": ["basic", "bilinear"],
        "encoder": ["resnet", "conv"],
        "norm": ["batch", "instance"],
    },
    "simgan": {"kind": ["gaze", "hand"], "channels": [1, 3]},
    "unit": {
        "form": ["paper", "rewrite"],
        "discriminator": ["shared", "separate", "pyramid"],
        "in_channels": [1, 3],
        "out_channels": [1, 3],
    },
    "segformer": {"size": ["b0", "b1", "b2", "b3", "b4", "b5"]},
}
for system in ("tsit", "spade", "pix2pix", "cyclegan", "bicyclegan", "stargan", "unit"):
    CHOICES.setdefault(system, {})["gan_loss"] = ["hinge", "lsgan", "vanilla", "wgan"]


@pytest.mark.parametrize("name, field", [(name, field) for name in CHOICES for field in CHOICES[name]])
def test_the_choices_are_these(name, field):
    config, allowed = SYSTEMS[name].Config(), CHOICES[name][field]
    for value in allowed:
        assert getattr(dataclasses.replace(config, **{field: value}), field) == value
    for value in (2, "2", "") if isinstance(allowed[0], int) else ("", "other", allowed[0].upper()):
        with pytest.raises(InputError, match=f"{field}={value}: allowed are "):
            dataclasses.replace(config, **{field: value})


@pytest.mark.parametrize(
    "name, fields, message",
    [
        ("tsit", {"attention_D": 5}, "attention_D=5: allowed are 0 to 4"),
        ("spade", {"upsampling": "most", "width": 1}, "width=1: must be at least 2"),
        ("segformer", {"balance": -0.1}, "balance=-0.1: allowed are 0 to 1"),
        ("segformer", {"balance": 1.1}, "balance=1.1: allowed are 0 to 1"),
        ("simgan", {"slope": 1.0}, "slope=1.0: must be at least 0 and below 1"),
        ("simgan", {"momentum": -0.1}, "momentum=-0.1: must be at least 0 and below 1"),
        ("simgan", {"momentum": 1.0}, "momentum=1.0: must be at least 0 and below 1"),
        ("simgan", {"optim": OptimConfig(betas=(0.5, 0.9))}, "SimGAN uses SGD, which has no betas"),
        ("cyclegan", {"optim": OptimConfig(ema_halflife_nimg=1)}, "CycleGAN keeps no averaged weights"),
        ("pix2pix", {"out_channels": 1}, "out_channels=1: must be 3 with source=labels; source=images allows 1"),
        ("bicyclegan", {"out_channels": 1}, "out_channels=1: must be 3 with source=labels"),
        ("cyclegan", {"in_channels": 1}, "in_channels=1, out_channels=3: must be equal, because idt_a, the identity"),
        ("cyclegan", {"in_channels": 2, "out_channels": 2}, "in_channels=2: allowed are 1, 3"),
        ("unit", {"form": "rewrite", "dropout": True}, "dropout=True: only the paper's form has this option"),
        ("unit", {"form": "rewrite", "has_norms": True}, "has_norms=True: only the paper's form"),
        ("unit", {"form": "rewrite", "discriminator": "pyramid"}, "discriminator=pyramid: only the paper's form"),
        ("unit_digits", {"channels": (3, 2)}, "channels=.3, 2.: must be two numbers, each 1 or 3"),
        ("unit_digits", {"channels": (3,)}, "channels=.3,.: must be two numbers"),
        ("unit_digits", {"classes": ("a",)}, "classes=.*: must be two or more, each once"),
        ("unit_digits", {"classes": ("a", "b", "a")}, "classes=.*: must be two or more, each once"),
        ("stargan", {"attributes": ("a",)}, "needs two different names or more"),
        ("stargan", {"attributes": ("a", "b"), "classes": ("c", "b")}, "needs two different names or more"),
    ],
)
def test_what_does_not_go_together_is_refused(name, fields, message):
    with pytest.raises(InputError, match=message):
        SYSTEMS[name].Config(**fields)


@pytest.mark.parametrize(
    "name, fields",
    [
        ("tsit", {"attention_D": 4}),
        ("spade", {"upsampling": "most", "width": 2}),
        ("spade", {"upsampling": "more", "width": 1}),
        ("segformer", {"balance": 1}),
        ("segformer", {"balance": 0}),
        ("simgan", {"slope": 0.99, "momentum": 0.0}),
        ("unit", {"form": "rewrite"}),
        ("unit_digits", {"channels": (1, 3), "classes": ("a", "b")}),
        ("stargan", {"attributes": (), "classes": ("a", "b")}),
        ("stargan", {"attributes": ("a",), "classes": ("b",)}),
    ],
)
def test_what_is_just_allowed_is_taken(name, fields):
    config = SYSTEMS[name].Config(**fields)
    assert {field: getattr(config, field) for field in fields} == fields


@pytest.mark.parametrize("part", [DataConfig, RunConfig, OptimConfig, *(system.Config for system in SYSTEMS.values())])
def test_options_cannot_be_changed_in_place(part):
    config = part()
    for options in (config, getattr(config, "weights", config)):
        for field in dataclasses.fields(options):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(options, field.name, getattr(options, field.name))
