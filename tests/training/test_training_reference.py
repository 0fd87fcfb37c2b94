"""Three training steps of TSIT and SPADE against the official trainers', from the same weights, batch and noise.

SPADE in float64, and the comparison of float32 with float64 step by step, take minutes. They have the mark `float64`
and run with JTSIT_FLOAT64=1 only.
"""

import jittor as jt
import numpy as np
import pytest

from helpers.reference_vectors import one_hot_with_edges, reference_files
from helpers.training_spread import check_spread_in_float32
from helpers.training_trace import Trace, check_in_float32, check_in_float64, put_all_weights, step_of
from jittor_tsit.config import OptimConfig
from jittor_tsit.conversion import official_names
from jittor_tsit.data.batches import ImageBatch, PairedBatch, full_share
from jittor_tsit.layers.image_layouts import label_image
from jittor_tsit.systems import system_class
from jittor_tsit.systems.spade import SPADEConfig
from jittor_tsit.systems.synthesis import SynthesisConfig, SynthesisWeights
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

pytestmark = [pytest.mark.reference, pytest.mark.slow]

GENERATOR_RULES = {"TSIT": official_names.TSIT_GENERATOR_RULES, "SPADE": official_names.SPADE_GENERATOR_RULES}
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


class RecordedNoise:
    """The draws of a step, handed out by purpose."""

    def __init__(self, vectors, step):
        self.vectors, self.step = vectors, step

    def normal(self, purpose, keys, shape):
        kind = "noise" if self.vectors.options.get("task") == "AST" else "eps"
        return self.vectors.var(f"input/step{self.step}/{kind}_{purpose}")


def batch_of(vectors):
    image = vectors.var("input/image")
    place = range(image.shape[0]), full_share(image.shape[0])
    if vectors.options.get("task") == "AST":
        return ImageBatch(vectors.var("input/content"), image, *place)
    segmap = jt.array(one_hot_with_edges(vectors)).cast(vectors.dtype)
    if vectors.dtype == "float32" and vectors.options.get("no_instance", True):  # as in training
        segmap = label_image(jt.array(vectors["input/label"][:, 0].astype(np.uint8)), segmap.shape[1])
    return PairedBatch(segmap, image, *place)


def system_of(vectors, batch):
    """The file's system, and official network -> our module and the rules of its names."""
    height, width = vectors["input/image"].shape[2:]
    num_classes = (batch.a if vectors.options.get("task") == "AST" else batch.segmap).shape[1]
    config = config_of(vectors.options)
    system = system_class(vectors.config["system"].lower(), config)(config, num_classes, height, width, seed=0)
    system.prepare_training(terms=())
    rules = {
        "netG": (system.G, GENERATOR_RULES[vectors.config["system"]]),
        "netD": (system.D, official_names.discriminator_rules(system.config.num_layers_D)),
    }
    if system.has_code:
        rules["netE"] = (system.E, official_names.ENCODER_RULES)
    return system, rules


def images_for_G(system):
    """The images of G's updates, one after the other as the steps make them."""
    images, synthesize = [], system.synthesize

    def keep_image(batch, purpose):
        image, code = synthesize(batch, purpose)
        if purpose == "G":
            images.append(image)
        return image, code

    system.synthesize = keep_image
    return images


def trace(vectors):
    batch, options = batch_of(vectors), vectors.options
    system, rules = system_of(vectors, batch)
    put_all_weights(vectors, rules)
    names = {
        "KLD": ("G/kld", options["lambda_kld"]),
        "GAN": ("G/gan", 1),
        "GAN_Feat": ("G/feat", options["lambda_feat"]),
        "D_Fake": ("D/fake", 1),
        "D_real": ("D/real", 1),
    }

    def losses_of(terms):
        return {official: weight * terms[ours] for official, (ours, weight) in names.items() if ours in terms}

    stride, made = vectors.config["generated_stride"], images_for_G(system)
    images = {"generated": lambda: made[-1].numpy()[:, :, ::stride, ::stride]}
    step = step_of(vectors, system, batch, lambda number: RecordedNoise(vectors, number), losses_of)
    return Trace(system, rules, PLACES, step, images, num_steps=vectors.config["steps"])


PLACES = {"netG": ("G", "G."), "netE": ("G", "E."), "netD": ("D", "")}
TSIT, SPADE = (reference_files(kind="training_steps", system=name) for name in ("TSIT", "SPADE"))


@pytest.mark.parametrize("path", [*TSIT, *SPADE])
def test_the_steps_in_float32_are_the_official_trainers(path):
    check_spread_in_float32(path, trace)


@pytest.mark.parametrize(
    "path",
    [*TSIT, *(pytest.param(*each.values, marks=[*each.marks, pytest.mark.float64], id=each.id) for each in SPADE)],
)
def test_the_steps_in_float64_are_the_official_trainers(path):
    check_in_float64(path, trace)


@pytest.mark.float64
@pytest.mark.parametrize("path", [*TSIT, *SPADE])
def test_the_steps_in_float32_are_those_in_float64(path):
    check_in_float32(path, trace)
