"""Networks of StarGAN, SimGAN and UNIT with official weights: the official code's outputs and gradients."""

import jittor as jt
import pytest

from helpers.network_pass import Pass, assert_same_pass
from helpers.reference_vectors import Vectors, put_weights, record_outputs, reference_files
from jittor_tsit import losses
from jittor_tsit.conversion import official_names
from jittor_tsit.networks.simgan import LocalDiscriminator, Refiner
from jittor_tsit.networks.stargan import StarGANDiscriminator, StarGANGenerator
from jittor_tsit.networks.unit import DISCRIMINATORS, SharedLatentGenerator
from jittor_tsit.networks.unit_rewrite import AutoEncoder, ScaleDiscriminator

pytestmark = pytest.mark.reference

SIMGAN, UNIT = "SimGAN (unofficial implementation)", "UNIT (version_02, weight sharing)"
REWRITE = "UNIT (master, no weight sharing)"
UNIT_DISCRIMINATORS = {"COCODis": "separate", "COCOSharedDis": "shared", "COCOMsDis": "pyramid"}
SLOPE = 0.01  # of the recorded SimGAN's leaky ReLU


class WithoutStatistics(Vectors):
    """A file without the running statistics, which StarGAN tracks and never uses."""

    def group(self, prefix):
        return {name: array for name, array in super().group(prefix).items() if "running_" not in name}


def run_stargans_generator(vectors):
    config = vectors.config
    net = StarGANGenerator(config["c_dim"], config["conv_dim"], config["repeat"])
    rules = official_names.stargan_generator_rules(config["repeat"])
    put_weights(net, vectors.group("param/"), rules, vectors.dtype)
    recorded = record_outputs(net)
    inputs = {name: vectors.var(f"input/{name}") for name in ("x", "c")}
    outputs = {"image": net(*inputs.values())}
    for place, part in ((2, "norm_stem"), (8, "down_norms.1"), (14 + config["repeat"], "up_norms.1")):
        outputs[f"main_{place}"] = jt.nn.relu(recorded[part])
    for place, part in ((9, "blocks.0"), (8 + config["repeat"], f"blocks.{config['repeat'] - 1}")):
        outputs[f"main_{place}"] = recorded[part]
    return Pass(net, rules, outputs, inputs)


@pytest.mark.processors
@pytest.mark.parametrize("path", reference_files(kind="G", system="StarGAN", mode="train"))
def test_stargans_generator_is_the_official_one(path):
    assert_same_pass(path, run_stargans_generator, WithoutStatistics)


def run_stargans_discriminator(vectors):
    config = vectors.config
    size = config["image_size"]
    net = StarGANDiscriminator(config["c_dim"], size, size, config["conv_dim"], config["repeat"])
    rules = official_names.stargan_discriminator_rules(config["repeat"])
    put_weights(net, vectors.group("param/"), rules, vectors.dtype)
    recorded, x = record_outputs(net), vectors.var("input/x")
    logits, label_logits = net(x)
    trunk = jt.nn.leaky_relu(recorded[f"convs.{config['repeat'] - 1}"], SLOPE)
    outputs = {"src": logits, "cls": label_logits, "trunk": trunk}
    return Pass(net, rules, outputs, {"x": x})


@pytest.mark.parametrize("path", reference_files(kind="D", system="StarGAN"))
def test_stargans_discriminator_is_the_official_one(path):
    assert_same_pass(path, run_stargans_discriminator)


def run_simgans_refiner(vectors):
    net = Refiner("gaze", vectors["input/x"].shape[1], vectors.config["nb_features"], SLOPE)
    put_weights(net, vectors.group("param/"), official_names.REFINER_RULES, vectors.dtype)
    recorded, x = record_outputs(net), vectors.var("input/x")
    outputs = {"refined": net(x)}
    outputs["block0"] = recorded["blocks.0"]
    return Pass(net, official_names.REFINER_RULES, outputs, {"x": x})


@pytest.mark.parametrize("path", reference_files(kind="R", system=SIMGAN))
def test_simgans_refiner_is_the_recorded_one(path):
    assert_same_pass(path, run_simgans_refiner)


def run_simgans_discriminator(vectors):
    net = LocalDiscriminator("gaze", vectors["input/x"].shape[1], SLOPE)
    put_weights(net, vectors.group("param/"), official_names.LOCAL_DISCRIMINATOR_RULES, vectors.dtype)
    x = vectors.var("input/x")
    logits = net(x)
    outputs = {f"cross_entropy_label{k}": losses.patch_cross_entropy(logits, k).reshape(1) for k in range(2)}
    outputs["logits"] = logits.permute(0, 2, 3, 1).reshape(-1, 2)
    return Pass(net, official_names.LOCAL_DISCRIMINATOR_RULES, outputs, {"x": x})


@pytest.mark.parametrize("path", reference_files(kind="D", system=SIMGAN))
def test_simgans_discriminator_is_the_recorded_one(path):
    assert_same_pass(path, run_simgans_discriminator)


def run_units_generator(vectors):
    options = vectors.options
    net = SharedLatentGenerator(options["ch"], options["n_enc_res_blk"], has_norms=options["cls"] == "COCOResGen")
    rules = official_names.unit_generator_rules(options["n_enc_res_blk"])
    put_weights(net, vectors.group("param/"), rules, vectors.dtype)
    inputs = {name: vectors.var(f"input/{name}") for name in ("x_A", "x_B")}
    count = inputs["x_A"].shape[0]

    def code_of(image, side, noise, place=slice(None)):
        code = net.encode(image, side)
        return code + vectors.var(f"input/noise/{noise}", place) if vectors.is_train else code

    code_a = code_of(inputs["x_A"], 0, "forward", slice(0, count))
    code_b = code_of(inputs["x_B"], 1, "forward", slice(count, None))
    outputs = {"x_aa": net.decode(code_a, 0), "x_ba": net.decode(code_b, 0)}
    outputs.update(x_ab=net.decode(code_a, 1), x_bb=net.decode(code_b, 1), shared=jt.concat([code_a, code_b], 0))
    outputs["shared_bab"] = code_of(outputs["x_ba"], 0, "a2b")
    outputs["shared_aba"] = code_of(outputs["x_ab"], 1, "b2a")
    outputs.update(x_bab=net.decode(outputs["shared_bab"], 1), x_aba=net.decode(outputs["shared_aba"], 0))
    return Pass(net, rules, outputs, inputs)


@pytest.mark.parametrize("path", reference_files(kind="gen", system=UNIT))
def test_units_generator_is_the_official_one(path):
    assert_same_pass(path, run_units_generator)


def run_units_discriminators(vectors):
    options, kind = vectors.options, UNIT_DISCRIMINATORS[vectors.config["cls"]]
    num_layers = options["n_shared_layer" if kind == "shared" else "n_layer"]
    net = DISCRIMINATORS[kind](options["ch"], num_layers)
    rules = official_names.unit_discriminator_rules(kind, num_layers)
    put_weights(net, vectors.group("param/"), rules, vectors.dtype)
    inputs = {name: vectors.var(f"input/{name}") for name in ("x_A", "x_B")}
    outputs = {}
    for side, (letter, image) in enumerate(zip("ab", inputs.values())):
        outputs.update({f"{letter}{k}": logits.reshape(-1) for k, logits in enumerate(net(image, side))})
    return Pass(net, rules, outputs, inputs)


@pytest.mark.parametrize("path", reference_files(kind="dis", system=UNIT))
def test_units_discriminators_are_the_official_ones(path):
    assert_same_pass(path, run_units_discriminators)


def run_the_rewrites_generator(vectors):
    net, rules = (
        AutoEncoder(vectors.options["dim"], vectors.options["n_res"], 3),
        official_names.UNIT_REWRITE_GENERATOR_RULES,
    )
    put_weights(net, vectors.group("param/"), rules, vectors.dtype)
    image = vectors.var("input/image")
    code = net.encoder(image)
    outputs = {"hidden": code, "recon_noisy": net.decoder(code + vectors.var("input/noise"))}
    outputs["recon_mean"] = net.decoder(code)
    return Pass(net, rules, outputs, {"image": image})


@pytest.mark.parametrize("path", reference_files(kind="gen", system=REWRITE))
def test_the_rewrites_generator_is_the_official_one(path):
    assert_same_pass(path, run_the_rewrites_generator)


def run_the_rewrites_discriminator(vectors):
    net = ScaleDiscriminator(vectors.options["dim"], vectors.options["n_layer"], 3)
    rules = official_names.unit_rewrite_discriminator_rules(vectors.options["n_layer"])
    put_weights(net, vectors.group("param/"), rules, vectors.dtype)
    image, real = (vectors.var(f"input/{name}") for name in ("image", "real"))
    logits, lsgan = net(image), losses.GAN_LOSSES["lsgan"]
    outputs = {f"d{k}": each for k, each in enumerate(logits)}
    of_D = losses.over_scales(lsgan.fake, logits) + losses.over_scales(lsgan.real, net(real))
    outputs.update(calc_dis_loss_fake_image_real=of_D, calc_gen_loss_image=losses.over_scales(lsgan.gen, logits))
    return Pass(net, rules, outputs, {"image": image})


@pytest.mark.parametrize("path", reference_files(kind="dis", system=REWRITE))
def test_the_rewrites_discriminator_is_the_official_one(path):
    assert_same_pass(path, run_the_rewrites_discriminator)
