"""Training steps of StarGAN, SimGAN and UNIT against the official trainers', from the same weights and images."""

import jittor as jt
import numpy as np
import pytest

from helpers.reference_vectors import reference_files
from helpers.training_trace import (
    RecordedAlpha,
    Trace,
    calls_of,
    in_float64_and_float32,
    optim_of,
    put_all_weights,
    step_of,
)
from jittor_tsit.config import OptimConfig
from jittor_tsit.conversion import official_names
from jittor_tsit.data.batches import ImageBatch, LabelledBatch, LabelledImages, full_share
from jittor_tsit.systems import system_class
from jittor_tsit.systems.simgan import SimGANConfig, SimGANSystem, SimGANWeights
from jittor_tsit.systems.stargan import StarGANConfig, StarGANSystem, StarGANWeights
from jittor_tsit.systems.unit import UNITConfig, UNITWeights

pytestmark = [pytest.mark.reference, pytest.mark.slow]

UNITS_STRIDE = 2  # of UNIT's stored images, whose config does not tell it; it stands in the README of the vectors
UNIT_DISCRIMINATORS = {"COCODis": "separate", "COCOSharedDis": "shared", "COCOMsDis": "pyramid"}


def stargan_trace(vectors):
    options = vectors.options
    config = StarGANConfig(
        attributes=tuple(f"attribute {k}" for k in range(options["c_dim"])),
        num_blocks=options["g_repeat_num"],
        num_layers_D=options["d_repeat_num"],
        width=options["g_conv_dim"],
        width_D=options["d_conv_dim"],
        n_critic=vectors.config["n_critic"],
        weights=StarGANWeights(cls=options["lambda_cls"], rec=options["lambda_rec"], gp=options["lambda_gp"]),
        optim=OptimConfig(lr_G=options["g_lr"], lr_D=options["d_lr"], betas=(options["beta1"], options["beta2"])),
    )
    system = StarGANSystem(config, 29, *vectors["input/iter0/x_real"].shape[2:], seed=0)
    system.prepare_training(terms=())
    rules = {
        "G": (system.G, official_names.stargan_generator_rules(config.num_blocks)),
        "D": (system.D, official_names.stargan_discriminator_rules(config.num_layers_D)),
    }
    put_all_weights(vectors, rules, has_statistics=False)

    def step(number):
        batch = stargan_batch(vectors, number)
        system.noise = RecordedAlpha(vectors.var(f"input/iter{number}/alpha"))
        terms = {name: term.item() for name, term in system.train_step([batch], number).items()}
        ours = {f"D/loss_{name}": terms[f"D/{name}"] for name in ("real", "fake", "cls", "gp")}
        if "G/gan" in terms:
            ours.update({f"G/loss_{name}": terms[f"G/{term}"] for name, term in NAMES_OF_G.items()})
        return {f"iter{number}/{name}": value for name, value in ours.items()}

    def last_image():
        images = stargan_batch(vectors, 0).sets[0]
        return system.relabel(images.image, images.target)

    return Trace(
        system,
        rules,
        {"G": ("G", ""), "D": ("D", "")},
        step,
        {},
        {"final_fake_of_iter0_batch": last_image},
        num_steps=vectors.config["iters"],
        first_steps={"G": config.n_critic - 1},
        has_statistics=False,
    )


NAMES_OF_G = {"fake": "gan", "rec": "rec", "cls": "cls"}


def stargan_batch(vectors, step):
    """Images, their labels, and as targets the labels of the batch in another order."""
    image, label = (vectors.var(f"input/iter{step}/{name}") for name in ("x_real", "label_org"))
    target = vectors.var(f"input/iter{step}/label_org", vectors[f"input/iter{step}/perm"])
    place = range(image.shape[0]), full_share(image.shape[0])
    return LabelledBatch((LabelledImages(image, label, target, *place),))


@in_float64_and_float32
@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="StarGAN"))
def test_stargans_steps_are_the_official_trainers(path, check):
    check(path, stargan_trace)


class RecordedPool:
    """The image pool of daniel-merrick's version: half from the store, half from the batch; it reorders the store.

    Args:
        size: Most images that it stores.
    """

    def __init__(self, size, dtype):
        self.stored, self.permutation, self.given, self.size, self.dtype = None, None, None, size, dtype

    def query(self, images, index):
        images = images.numpy()
        if self.stored is None:
            self.stored, self.given = images, images
        else:
            half = len(images) // 2
            self.given = np.concatenate([self.stored[:half], images[:half]])
            self.stored = np.concatenate([self.stored, images])[self.permutation][: self.size]
        return jt.array(self.given, dtype=self.dtype)


def simgan_trace(vectors):
    options = vectors.options
    config = SimGANConfig(
        channels=vectors["input/step0/real_D0"].shape[1],
        width=options["nb_features"],
        slope=0.01,  # of the recorded one
        pretrain_G=0,
        pretrain_D=0,
        k_g=options["k_r"],
        k_d=options["k_d"],
        pool_size=1,  # replaced below
        momentum=options["momentum"],
        weights=SimGANWeights(reg=options["delta"]),
        optim=OptimConfig(lr_G=options["lr"], lr_D=options["lr"]),
    )
    system = SimGANSystem(config, 29, *vectors["input/step0/real_D0"].shape[2:], seed=0)
    system.prepare_training(terms=())
    system.pool = pool = RecordedPool(options["buffer"], vectors.dtype)
    rules = {"R": (system.G, official_names.REFINER_RULES), "D": (system.D, official_names.LOCAL_DISCRIMINATOR_RULES)}
    put_all_weights(vectors, rules)
    cycle = config.k_g + config.k_d

    def step(number):
        pool.permutation, ours = vectors[f"input/step{number}/pool_permutation"], {}
        for k in range(cycle):
            part = f"R{k}" if k < config.k_g else f"D{k - config.k_g}"
            a = vectors.var(f"input/step{number}/synthetic_{part}")
            b = a if part[0] == "R" else vectors.var(f"input/step{number}/real_{part}")
            batch = ImageBatch(a, b, range(a.shape[0]), full_share(a.shape[0]))
            terms = {name: term.item() for name, term in system.train_step([batch], number * cycle + k).items()}
            if part[0] == "R":
                found = {"recon": options["delta"] * terms["G/reg"], "adv": terms["G/gan"]}
                found["total"] = found["recon"] + found["adv"]
            else:
                found = {"real": terms["D/real"], "refined": terms["D/refined"]}
            ours.update({f"step{number}/{part}/{name}": value for name, value in found.items()})
        return ours

    images = {"refined_batch_given_to_D": lambda: pool.given}
    return Trace(system, rules, {"R": ("G", ""), "D": ("D", "")}, step, images, num_steps=options["steps"])


@in_float64_and_float32
@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="SimGAN (unofficial implementation)"))
def test_simgans_steps_are_the_recorded_ones(path, check):
    check(path, simgan_trace)


class RecordedNoise:
    """The draws of a step.

    Args:
        places: From our purposes to the file's names and the part of the array.
    """

    def __init__(self, vectors, step, places):
        self.vectors, self.step, self.places = vectors, step, places

    def normal(self, purpose, keys, shape):
        name, part = self.places[purpose]
        return self.vectors.var(f"input/step{self.step}/{name}", part)


ALL = slice(None)


def paper_noise(count):
    """Our purposes and where their draws lie in the file: those of the `count` images of a come before those of b."""
    a, b = slice(0, count), slice(count, 2 * count)
    places = {f"{net} {side}": (f"noise_{net}_forward", part) for net in "DG" for side, part in (("a", a), ("b", b))}
    return {**places, "G a there": ("noise_G_b2a", ALL), "G b there": ("noise_G_a2b", ALL)}


REWRITE_NOISE = {f"{net} {side}": (f"noise_{net}_{side}", ALL) for net in "DG" for side in "ab"}
REWRITE_NOISE.update({"G a there": ("noise_G_ab", ALL), "G b there": ("noise_G_ba", ALL)})


def unit_trace(vectors):
    options = vectors.options
    rec, kl, cycle, kl_cycle, gan = vectors.config["w"]
    weights = UNITWeights(gan=gan, rec=rec, kl=kl, cycle=cycle, kl_cycle=kl_cycle)
    kind = UNIT_DISCRIMINATORS[options["dis_cls"]]
    config = UNITConfig(
        discriminator=kind,
        num_blocks=options["gen"]["n_enc_res_blk"],
        num_layers_D=options["dis"]["n_shared_layer" if kind == "shared" else "n_layer"],
        has_norms=options["gen_cls"] == "COCOResGen",
        width=options["gen"]["ch"],
        width_D=options["dis"]["ch"],
        weights=weights,
        optim=OptimConfig(lr_G=options["lr"], lr_D=options["lr"], betas=(0.5, 0.999)),
    )
    a, b = (vectors.var(f"input/images_{side}") for side in "ab")
    system = system_class("unit", config)(config, 29, *a.shape[2:], seed=0)
    system.prepare_training(terms=())
    rules = {
        "gen": (system.G, official_names.unit_generator_rules(config.num_blocks)),
        "dis": (system.D, official_names.unit_discriminator_rules(kind, config.num_layers_D)),
    }
    put_all_weights(vectors, rules)

    def terms_of(terms):
        ours = {"gen_enc_loss": (terms["G/kl_a"] + terms["G/kl_b"]) / 2}
        for side, way in (("a", "aba"), ("b", "bab")):
            ours[f"gen_ad_loss_{side}"] = terms[f"G/gan_{side}"]
            ours[f"gen_ll_loss_{side}"] = terms[f"G/rec_{side}"]
            ours[f"gen_ll_loss_{way}"] = terms[f"G/cycle_{side}"]
            ours[f"gen_enc_{way}_loss"] = terms[f"G/kl_cycle_{side}"]
        return {**ours, **totals_of(terms, weights, "dis_loss", "gen_total_loss")}

    made = calls_of(system.G, "decode")
    order = ("x_aa", "x_ab", "x_aba", "x_bb", "x_ba", "x_bab")
    stride = vectors.config.get("image_stride", UNITS_STRIDE)
    images = {name: lambda k=k: made[k - len(order)].numpy()[:, :, ::stride, ::stride] for k, name in enumerate(order)}
    batch = ImageBatch(a, b, range(a.shape[0]), full_share(a.shape[0]))
    places = paper_noise(a.shape[0])
    step = step_of(vectors, system, batch, lambda number: RecordedNoise(vectors, number, places), terms_of)
    return Trace(system, rules, {"gen": ("G", ""), "dis": ("D", "")}, step, images, num_steps=vectors.config["steps"])


@in_float64_and_float32
@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="UNIT (version_02, weight sharing)"))
def test_units_steps_are_the_official_trainers(path, check):
    check(path, unit_trace)


def totals_of(terms, weights, name_of_D, name_of_G):
    """Both networks' weighted sums, under the file's names."""
    in_G = {name[2:]: value for name, value in terms.items() if name.startswith("G/")}
    in_D = [value for name, value in terms.items() if name.startswith("D/")]
    of_G = sum(getattr(weights, name.rpartition("_")[0]) * value for name, value in in_G.items())
    return {name_of_D: weights.gan * sum(in_D), name_of_G: of_G}


def rewrite_trace(vectors):
    options, w = vectors.options, vectors.config["w"]
    weights = UNITWeights(
        gan=w["gan_w"], rec=w["recon_x_w"], kl=w["recon_kl_w"], cycle=w["recon_x_cyc_w"], kl_cycle=w["recon_kl_cyc_w"]
    )
    config = UNITConfig(
        form="rewrite",
        num_blocks=options["gen"]["n_res"],
        num_layers_D=options["dis"]["n_layer"],
        width=options["gen"]["dim"],
        width_D=options["dis"]["dim"],
        l2=options["weight_decay"],
        gan_loss="lsgan",
        weights=weights,
        optim=optim_of(options),
    )
    a, b = (vectors.var(f"input/x_{side}") for side in "ab")
    system = system_class("unit", config)(config, 29, *a.shape[2:], seed=0)
    system.prepare_training(terms=())
    of_D = official_names.unit_rewrite_discriminator_rules(config.num_layers_D)
    rules, places = {}, {}
    for k, side in enumerate("ab"):
        rules[f"gen_{side}"] = system.G.sides[k], official_names.UNIT_REWRITE_GENERATOR_RULES
        rules[f"dis_{side}"] = system.D.sides[k], of_D
        places.update({f"gen_{side}": ("G", f"sides.{k}."), f"dis_{side}": ("D", f"sides.{k}.")})
    put_all_weights(vectors, rules)

    def terms_of(terms):
        ours = {}
        for side, way in (("a", "aba"), ("b", "bab")):
            ours[f"gen_adv_{side}"] = terms[f"G/gan_{side}"]
            ours[f"gen_recon_x_{side}"] = terms[f"G/rec_{side}"]
            ours[f"gen_recon_kl_{side}"] = terms[f"G/kl_{side}"]
            ours[f"gen_cyc_x_{side}"] = terms[f"G/cycle_{side}"]
            ours[f"gen_recon_kl_cyc_{way}"] = terms[f"G/kl_cycle_{side}"]
            ours[f"dis_{side}"] = terms[f"D/real_{side}"] + terms[f"D/fake_{side}"]
        return {**ours, **totals_of(terms, weights, "dis_total", "gen_total")}

    batch = ImageBatch(a, b, range(a.shape[0]), full_share(a.shape[0]))
    back = ImageBatch(b, b, batch.index, batch.share)
    step = step_of(vectors, system, batch, lambda number: RecordedNoise(vectors, number, REWRITE_NOISE), terms_of)
    last_images = {
        "final_x_ab_from_mean": lambda: system.generate(batch, None),
        "final_x_ba_from_mean": lambda: system.generate_back(back, None),
    }
    return Trace(system, rules, places, step, {}, last_images, num_steps=vectors.config["steps"])


@in_float64_and_float32
@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="UNIT (master, no weight sharing)"))
def test_the_rewrites_steps_are_the_official_trainers(path, check):
    check(path, rewrite_trace)
