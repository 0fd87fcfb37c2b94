"""Training steps of StarGAN, SimGAN and UNIT against the official trainers', from the same weights and images.

Tolerances are those of the vectors' README, section 6.
"""

import jittor as jt
import numpy as np
import pytest
from reference_vectors import Vectors, assert_close, put_weights, reference_files
from training_trace import (
    assert_moved_alike,
    assert_same_gradients_at_first,
    assert_same_image,
    calls_of,
    check_steps,
    keep_gradients,
    official_parameters,
    optim_of,
    optimizer_names,
)

from jittor_tsit import official_keys
from jittor_tsit.config import OptimConfig
from jittor_tsit.data import ImageBatch, LabelledBatch, LabelledImages, alone
from jittor_tsit.systems.simgan import SimGANConfig, SimGANSystem, SimGANWeights
from jittor_tsit.systems.stargan import StarGANConfig, StarGANSystem, StarGANWeights
from jittor_tsit.systems.unit import UNITConfig, UNITSystem, UNITWeights

pytestmark = [pytest.mark.reference, pytest.mark.slow]

UNIT_DISCRIMINATORS = {"COCODis": "separate", "COCOSharedDis": "shared", "COCOMsDis": "pyramid"}


class RecordedAlpha:
    """The share of photographs between the images of a step."""

    def __init__(self, alpha):
        self.alpha = alpha

    def uniform(self, purpose, keys, shape):
        return jt.array(self.alpha)


@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="StarGAN"))
def test_stargans_steps_are_the_official_trainers(path):
    vectors = Vectors(path)
    options = vectors.options
    config = StarGANConfig(
        attributes=tuple(options["selected_attrs"]),
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
        "G": (system.G, official_keys.stargan_generator_rules(config.num_blocks)),
        "D": (system.D, official_keys.stargan_discriminator_rules(config.num_layers_D)),
    }
    for net, (module, net_rules) in rules.items():
        official = vectors.group(f"param/{net}/")
        put_weights(module, {name: official[name] for name in official if "running_" not in name}, net_rules)
    gradients = {name: keep_gradients(optimizer) for name, optimizer in system.optimizers.items()}
    names, first = optimizer_names(rules, {"G": ("G", ""), "D": ("D", "")}), {}
    last = vectors.config["iters"] - 1
    for step in range(last + 1):
        label = vectors[f"input/iter{step}/label_org"]
        target = label[vectors[f"input/iter{step}/perm"]]
        image, place = jt.array(vectors[f"input/iter{step}/x_real"]), (range(len(label)), alone(len(label)))
        batch = LabelledBatch((LabelledImages(image, jt.array(label), jt.array(target), *place),))
        system.noise = RecordedAlpha(vectors[f"input/iter{step}/alpha"])
        terms = {name: term.item() for name, term in system.train_step([batch], step).items()}
        ours = {f"D/loss_{name}": terms[f"D/{name}"] for name in ("real", "fake", "cls", "gp")}
        if "G/gan" in terms:
            ours.update({f"G/loss_{name}": terms[f"G/{term}"] for name, term in NAMES_OF_G.items()})
        recorded = vectors.group(f"loss/iter{step}/")
        assert set(ours) == set(recorded)
        for name, reference in recorded.items():
            assert_close(ours[name], reference, 5e-4 if step == last else 1e-4, f"step {step} {name}")
        for net in {name.partition("/")[0] for name in ours} - {name.partition("/")[0] for name in first}:
            first.update(official_parameters({net: rules[net]}))
    assert_same_gradients_at_first(vectors, gradients, names, lambda name: 1e-3, "grad/first_update/")
    assert_moved_alike(vectors, "after_step0/", first, 1, lambda name: options["g_lr"])
    after = official_parameters(rules)
    assert_moved_alike(vectors, "after/", after, last + 1, lambda name: options["g_lr"])
    made = system.relabelled(*first_batch(vectors)).numpy()
    assert_same_image(vectors, "final_fake_of_iter0_batch", made, 1, 2e-3)


NAMES_OF_G = {"fake": "gan", "rec": "rec", "cls": "cls"}


def first_batch(vectors):
    """Images and targets of the first step."""
    label = vectors["input/iter0/label_org"]
    return jt.array(vectors["input/iter0/x_real"]), jt.array(label[vectors["input/iter0/perm"]])


class RecordedPool:
    """The history of daniel-merrick's version: half of the store and half of the batch, and the store in another order."""

    def __init__(self):
        self.stored, self.permutation, self.given = None, None, None

    def query(self, images, index):
        images = images.numpy()
        if self.stored is None:
            self.stored, self.given = images, images
        else:
            half = len(images) // 2
            self.given = np.concatenate([self.stored[:half], images[:half]])
            self.stored = np.concatenate([self.stored, images])[self.permutation]
        return jt.array(self.given)


@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="SimGAN (unofficial implementation)"))
def test_simgans_steps_are_the_recorded_ones(path):
    vectors = Vectors(path)
    options = vectors.options
    config = SimGANConfig(
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
    system.pool = pool = RecordedPool()
    rules = {"R": (system.G, official_keys.REFINER_RULES), "D": (system.D, official_keys.LOCAL_DISCRIMINATOR_RULES)}
    for net, (module, net_rules) in rules.items():
        put_weights(module, vectors.group(f"param/{net}/"), net_rules)
    gradients = {name: keep_gradients(optimizer) for name, optimizer in system.optimizers.items()}
    names, cycle = optimizer_names(rules, {"R": ("G", ""), "D": ("D", "")}), config.k_g + config.k_d
    for step in range(options["steps"]):
        rtol, pool.permutation = (
            5e-4 if step == options["steps"] - 1 else 1e-4,
            vectors[f"input/step{step}/pool_permutation"],
        )
        for k in range(cycle):
            part = f"R{k}" if k < config.k_g else f"D{k - config.k_g}"
            a = vectors[f"input/step{step}/synthetic_{part}"]
            b = a if part[0] == "R" else vectors[f"input/step{step}/real_{part}"]
            batch = ImageBatch(jt.array(a), jt.array(b), range(len(a)), alone(len(a)))
            terms = {name: term.item() for name, term in system.train_step([batch], step * cycle + k).items()}
            if part[0] == "R":
                ours = {"recon": options["delta"] * terms["G/reg"], "adv": terms["G/gan"]}
                ours["total"] = ours["recon"] + ours["adv"]
            else:
                ours = {"real": terms["D/real"], "refined": terms["D/refined"]}
                assert_same_image(vectors, f"step{step}/refined_batch_given_to_D", pool.given, 1, 2e-3)
            for name, reference in vectors.group(f"loss/step{step}/{part}/").items():
                assert_close(ours[name], reference, rtol, f"step {step} {part} {name}")
        if step == 0:
            first = official_parameters(rules)
    assert_same_gradients_at_first(vectors, gradients, names, lambda name: 1e-3)
    assert_moved_alike(vectors, "after_step0/", first, 1, lambda name: options["lr"])
    assert_moved_alike(vectors, "after/", official_parameters(rules), options["steps"], lambda name: options["lr"])


class RecordedNoise:
    """The draws of a step.

    Args:
        places: From our purposes to the file's names and the part of the array.
    """

    def __init__(self, vectors, step, places):
        self.vectors, self.step, self.places = vectors, step, places

    def normal(self, purpose, keys, shape):
        name, part = self.places[purpose]
        return jt.array(self.vectors[f"input/step{self.step}/{name}"][part])


FIRST, SECOND, ALL = slice(0, 1), slice(1, 2), slice(None)
PAPER_NOISE = {"D a": ("noise_D_forward", FIRST), "D b": ("noise_D_forward", SECOND)}
PAPER_NOISE.update({"G a": ("noise_G_forward", FIRST), "G b": ("noise_G_forward", SECOND)})
PAPER_NOISE.update({"G a there": ("noise_G_b2a", ALL), "G b there": ("noise_G_a2b", ALL)})
REWRITE_NOISE = {f"{net} {side}": (f"noise_{net}_{side}", ALL) for net in "DG" for side in "ab"}
REWRITE_NOISE.update({"G a there": ("noise_G_ab", ALL), "G b there": ("noise_G_ba", ALL)})


@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="UNIT (version_02, weight sharing)"))
def test_units_steps_are_the_official_trainers(path):
    vectors = Vectors(path)
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
    a, b = (vectors[f"input/images_{side}"] for side in "ab")
    system = UNITSystem(config, 29, *a.shape[2:], seed=0)
    system.prepare_training(terms=())
    rules = {
        "gen": (system.G, official_keys.unit_generator_rules(config.num_blocks)),
        "dis": (system.D, official_keys.unit_discriminator_rules(kind, config.num_layers_D)),
    }

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
    images = {name: lambda k=k: made[k - len(order)] for k, name in enumerate(order)}
    batch = ImageBatch(jt.array(a), jt.array(b), range(len(a)), alone(len(a)))
    noise_of = lambda step: RecordedNoise(vectors, step, PAPER_NOISE)  # noqa: E731
    places_of_nets = {"gen": ("G", ""), "dis": ("D", "")}
    check_steps(vectors, system, rules, places_of_nets, terms_of, images, batch, noise_of, image_stride=2)


def totals_of(terms, weights, name_of_D, name_of_G):
    """Both networks' weighted sums, under the file's names."""
    in_G = {name[2:]: value for name, value in terms.items() if name.startswith("G/")}
    in_D = [value for name, value in terms.items() if name.startswith("D/")]
    of_G = sum(getattr(weights, name.rpartition("_")[0]) * value for name, value in in_G.items())
    return {name_of_D: weights.gan * sum(in_D), name_of_G: of_G}


@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="UNIT (master, no weight sharing)"))
def test_the_rewrites_steps_are_the_official_trainers(path):
    vectors = Vectors(path)
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
    a, b = (vectors[f"input/x_{side}"] for side in "ab")
    system = UNITSystem(config, 29, *a.shape[2:], seed=0)
    system.prepare_training(terms=())
    of_D = official_keys.unit_rewrite_discriminator_rules(config.num_layers_D)
    rules, places = {}, {}
    for k, side in enumerate("ab"):
        rules[f"gen_{side}"] = system.G.sides[k], official_keys.UNIT_REWRITE_GENERATOR_RULES
        rules[f"dis_{side}"] = system.D.sides[k], of_D
        places.update({f"gen_{side}": ("G", f"sides.{k}."), f"dis_{side}": ("D", f"sides.{k}.")})

    def terms_of(terms):
        ours = {}
        for side, other, way in (("a", "b", "aba"), ("b", "a", "bab")):
            ours[f"gen_adv_{side}"] = terms[f"G/gan_{side}"]
            ours[f"gen_recon_x_{side}"] = terms[f"G/rec_{side}"]
            ours[f"gen_recon_kl_{side}"] = terms[f"G/kl_{side}"]
            ours[f"gen_cyc_x_{side}"] = terms[f"G/cycle_{side}"]
            ours[f"gen_recon_kl_cyc_{way}"] = terms[f"G/kl_cycle_{side}"]
            ours[f"dis_{side}"] = terms[f"D/real_{side}"] + terms[f"D/fake_{side}"]
        return {**ours, **totals_of(terms, weights, "dis_total", "gen_total")}

    batch = ImageBatch(jt.array(a), jt.array(b), range(len(a)), alone(len(a)))
    noise_of = lambda step: RecordedNoise(vectors, step, REWRITE_NOISE)  # noqa: E731
    check_steps(vectors, system, rules, places, terms_of, {}, batch, noise_of)
    assert_same_image(vectors, "final_x_ab_from_mean", system.generate(batch, None).numpy(), 1, 2e-3)
    back = ImageBatch(batch.b, batch.b, batch.index, batch.share)
    assert_same_image(vectors, "final_x_ba_from_mean", system.generate_back(back, None).numpy(), 1, 2e-3)
