"""Three training steps of TSIT and SPADE against the official trainers', from the same weights, batch and noise.

In SPADE's file a handful of values lie so near to 0 that rounding alone decides on which side of a leaky ReLU they fall:
each such flip moves a first gradient of D by up to 1 %, and Adam carries it on. Its bounds are wider for that; with
JTSIT_FLOAT64=1 the same steps run in float64 within the README's bounds, which takes seven minutes with compilation.
"""

import os
from typing import NamedTuple

import jittor as jt
import numpy as np
import pytest
from reference_vectors import Vectors, assert_close, by_official_name, one_hot_with_edges, put_weights, reference_files

from jittor_tsit import convert
from jittor_tsit.config import OptimConfig
from jittor_tsit.data import PairedBatch, UnpairedBatch, alone
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.spade import SPADEConfig
from jittor_tsit.systems.synthesis import SynthesisConfig, SynthesisWeights
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

pytestmark = [pytest.mark.reference, pytest.mark.slow]

GENERATOR_RULES = {"TSIT": convert.TSIT_GENERATOR_RULES, "SPADE": convert.SPADE_GENERATOR_RULES}
GAN_MODES = {"hinge": "hinge", "ls": "lsgan", "original": "vanilla", "w": "wgan"}


def config_of(options) -> SynthesisConfig:
    """Our options for the official ones."""
    lr, ttur = options["lr"], not options["no_TTUR"]
    has_own_betas = ttur and options["system"] == "TSIT"  # SPADE's code takes the options' betas with TTUR, too
    optim = OptimConfig(
        lr_G=lr / 2 if ttur else lr,
        lr_D=lr * 2 if ttur else lr,
        betas=(0.0, 0.9) if has_own_betas else (options["beta1"], options["beta2"]),
    )
    feat = 0.0 if options["no_ganFeat_loss"] else options["lambda_feat"]
    is_ast = options.get("task") == "AST"
    common = dict(
        width=options["ngf"],
        width_D=options["ndf"],
        num_layers_D=3 if is_ast else options["n_layers_D"],
        num_scales_D=options["num_D"],
        use_vae=options["use_vae"],
        z_dim=options["z_dim"],
        gan_loss=GAN_MODES[options["gan_mode"]],
        optim=optim,
    )
    if options["system"] == "SPADE":
        weights = SynthesisWeights(feat=feat, vgg=0, kld=options["lambda_kld"])
        return SPADEConfig(**common, weights=weights, upsampling=options["num_upsampling_layers"])
    weights = TSITWeights(feat=feat, vgg=0, kld=options["lambda_kld"])
    return TSITConfig(**common, weights=weights, form="ast" if is_ast else "sis", alpha=options["alpha"])


class Bounds(NamedTuple):
    """Relative tolerances; the defaults are the vectors' README's, section 6."""

    loss: float = 1e-4
    last_loss: float = 5e-4  # rounding grows over the steps
    gradient: float = 1e-3
    gradient_D: float = 1e-3
    image: float = 2e-3


# Two to three times what SPADE's file shows in float32: 2.2e-4, 9.8e-4, 9.2e-4, 1.2e-2 and 3.2e-3.
WITH_FLIPS = Bounds(loss=5e-4, last_loss=2e-3, gradient=3e-3, gradient_D=2.5e-2, image=8e-3)


class RecordedNoise:
    """The draws of a file, handed out by step and purpose."""

    def __init__(self, vectors, dtype):
        self.vectors, self.dtype, self.step = vectors, dtype, 0

    def normal(self, purpose, keys, shape):
        kind = "noise" if self.vectors.options.get("task") == "AST" else "eps"
        return jt.array(self.vectors[f"input/step{self.step}/{kind}_{purpose}"]).cast(self.dtype)


def batch_of(vectors, dtype):
    image = jt.array(vectors["input/image"]).cast(dtype)
    place = range(image.shape[0]), alone(image.shape[0])
    if vectors.options.get("task") == "AST":
        return UnpairedBatch(jt.array(vectors["input/content"]).cast(dtype), image, *place)
    return PairedBatch(jt.array(one_hot_with_edges(vectors)).cast(dtype), image, *place)


def system_of(vectors, batch, dtype):
    height, width = vectors["input/image"].shape[2:]
    num_classes = 3 if vectors.options.get("task") == "AST" else batch.segmap.shape[1]
    system = SYSTEMS[vectors.config["system"].lower()](config_of(vectors.options), num_classes, height, width, seed=0)
    system.prepare_training(terms=())
    rules = {
        "netG": (system.G, GENERATOR_RULES[vectors.config["system"]]),
        "netD": (system.D, convert.discriminator_rules(system.config.num_layers_D)),
    }
    if system.has_code:
        rules["netE"] = (system.E, convert.ENCODER_RULES)
    for net, (module, net_rules) in rules.items():
        put_weights(module, vectors.group(f"param/{net}/"), net_rules)
    cast_state(system, dtype)
    system.noise = RecordedNoise(vectors, dtype)
    return system, rules


def cast_state(system, dtype):
    for var in system.state_dict().values():
        var.update(var.cast(dtype))


def watch(system):
    """Keeps the generator's images and every first gradient as the step makes them."""
    seen = {"images": [], "gradients": {}}
    synthesize = system.synthesize

    def keep_image(batch, purpose):
        image, code = synthesize(batch, purpose)
        if purpose == "G":
            seen["images"].append(image.numpy())
        return image, code

    system.synthesize = keep_image
    for name, optimizer in system.optimizers.items():
        optimizer.apply = keep_gradients(optimizer, seen["gradients"].setdefault(name, {}))
    return seen


def keep_gradients(optimizer, kept):
    apply = optimizer.apply

    def keeping(gradients):
        if not kept:
            kept.update({name: gradient.numpy() for name, gradient in gradients.items()})
        apply(gradients)

    return keeping


def assert_same_terms(vectors, step, terms, rtol):
    """Losses as the official trainer names and weights them."""
    options = vectors.options
    names = {
        "KLD": ("G/kld", options["lambda_kld"]),
        "GAN": ("G/gan", 1),
        "GAN_Feat": ("G/feat", options["lambda_feat"]),
        "D_Fake": ("D/fake", 1),
        "D_real": ("D/real", 1),
    }
    for official, reference in vectors.group(f"loss/step{step}/").items():
        ours, weight = names[official]
        assert_close(terms[ours].numpy() * weight, reference, rtol, f"step {step} {official}")


def official_parameters(rules):
    """Official name with its network -> our Var."""
    return {
        f"{net}/{name}": var
        for net, (module, net_rules) in rules.items()
        for name, var in by_official_name(module, net_rules).items()
    }


def optimizer_names(system, rules):
    """Official name with its network -> (optimizer, our name there)."""
    places = {}
    for net, (module, net_rules) in rules.items():
        names = convert.official_names(module.state_dict(), net_rules)
        prefix, optimizer = {"netG": ("G.", "G"), "netE": ("E.", "G"), "netD": ("", "D")}[net]
        places.update({f"{net}/{official}": (optimizer, prefix + ours) for ours, official in names.items()})
    return places


def assert_moved_alike(vectors, prefix, parameters, steps, lrs):
    """Parameters after `steps` updates: 99 % of a file's elements within 0.2 lr, all within 2 lr a step.

    Adam's first update is +-lr for any gradient, so a gradient of rounding noise moves by +-lr either way.
    """
    off = []
    for name, reference in vectors.group(prefix).items():
        if name.endswith(("weight_u", "weight_v", "running_mean", "running_var", "num_batches_tracked")):
            continue
        lr = lrs["netD" if name.startswith("netD") else "netG"]
        off.append(np.abs(parameters[name] - reference).ravel() / lr)
    off = np.concatenate(off)
    assert np.quantile(off, 0.99) <= 0.2, f"{prefix}: 99 % of the elements are within {np.quantile(off, 0.99)} lr"
    assert off.max() <= 2 * steps, f"{prefix}: an element is {off.max()} lr off"


@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="TSIT"))
def test_tsits_steps_are_the_official_trainers(path):
    check_steps(Vectors(path), "float32", Bounds())


@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="SPADE"))
def test_spades_steps_are_the_official_trainers(path):
    check_steps(Vectors(path), "float32", WITH_FLIPS)


@pytest.mark.skipif("JTSIT_FLOAT64" not in os.environ, reason="takes seven minutes; set JTSIT_FLOAT64=1")
@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="SPADE"))
def test_spades_steps_in_float64_are_the_official_trainers(path):
    check_steps(Vectors(path), "float64", Bounds())


def check_steps(vectors, dtype, bounds):
    """All losses, images, first gradients, parameters and buffers of a file."""
    batch = batch_of(vectors, dtype)
    system, rules = system_of(vectors, batch, dtype)
    seen = watch(system)
    steps = vectors.config["steps"]
    lrs = {"netG": system.config.optim.lr_G, "netD": system.config.optim.lr_D}
    for step in range(steps):
        system.noise.step = step
        terms = system.train_step([batch], step)
        cast_state(system, dtype)  # Jittor takes single values for Python's scalars, which do not keep a type
        rtol = Bounds().loss if step == 0 else bounds.last_loss if step == steps - 1 else bounds.loss
        assert_same_terms(vectors, step, terms, rtol)
        if step == 0:
            first = {name: var.numpy() for name, var in official_parameters(rules).items()}

    places = optimizer_names(system, rules)
    for name, reference in vectors.group("grad/step0/").items():
        optimizer, ours = places[name]
        rtol = bounds.gradient_D if name.startswith("netD") else bounds.gradient
        assert_close(seen["gradients"][optimizer][ours], reference, rtol, f"first gradient of {name}")
    assert_moved_alike(vectors, "after_step0/", first, 1, lrs)
    last = {name: var.numpy() for name, var in official_parameters(rules).items()}
    assert_moved_alike(vectors, "after/", last, steps, lrs)
    assert_same_buffers(vectors, last)
    for step in range(steps):
        assert_same_image(vectors, step, seen["images"][step], Bounds().image if step == 0 else bounds.image)


def assert_same_image(vectors, step, image, rtol):
    stride = vectors.config["generated_stride"]
    if f"output/step{step}/generated" in vectors.arrays.files:
        reference = vectors[f"output/step{step}/generated"]
        assert_close(image[:, :, ::stride, ::stride], reference, rtol, f"image of step {step}")


def assert_same_buffers(vectors, ours):
    """Running statistics and singular vectors; they carry the rounding of three steps of everything before."""
    for name, reference in vectors.group("after/").items():
        if name.endswith(("weight_u", "weight_v", "running_mean", "running_var")):
            assert_close(ours[name], reference, 3e-2, f"after {name}")
