"""Networks of pix2pix, CycleGAN and BicycleGAN with official weights: the official code's outputs and gradients."""

import jittor as jt
import pytest

from helpers.network_pass import Pass, assert_same_pass
from helpers.reference_vectors import put_weights, record_outputs, reference_files
from jittor_tsit.conversion import official_names, renaming
from jittor_tsit.layers.basic import leaky_relu
from jittor_tsit.layers.init import xavier
from jittor_tsit.layers.norm_kinds import NORMS
from jittor_tsit.layers.train_mode import set_training
from jittor_tsit.networks.bicyclegan import LatentEncoder, LatentUNet
from jittor_tsit.networks.patchgan_pix2pix import PatchGAN, TwoScalePatchGAN
from jittor_tsit.networks.resnet import ResNetGenerator
from jittor_tsit.networks.unet import UNetGenerator

pytestmark = pytest.mark.reference

NUM_LEVELS = {"unet_128": 7, "unet_256": 8}
NUM_LAYERS_E = {"128": 3, "256": 4}
NUM_LAYERS_D = {"basic_128_multi": 2, "basic_256_multi": 3}


def make_network(config):
    """Our network with a file's options, the rules of its names, and what its output is called."""
    norm, kind = NORMS[config["norm"]], config["arch"]
    if kind in ("nlayer", "pixel"):
        D = PatchGAN(config["input_nc"], config["ndf"], config["n_layers"], norm)
        return D, official_names.pix2pix_discriminator_rules(config["n_layers"]), "pred"
    sizes = config["input_nc"], config["output_nc"]
    if kind == "unet":
        levels = config["num_downs"]
        return UNetGenerator(*sizes, levels, config["ngf"], norm), official_names.unet_rules(levels), "image"
    blocks = config["n_blocks"]
    return ResNetGenerator(*sizes, blocks, config["ngf"], norm), official_names.resnet_rules(blocks), "image"


FILES = [
    *reference_files(kind="netG", system="pix2pix"),
    *reference_files(kind="netG", system="CycleGAN"),
    *reference_files(kind="netD", system="pix2pix"),
    *reference_files(kind="netD", system="CycleGAN"),
]


def run_network(vectors):
    net, rules, output = make_network(vectors.config)
    put_weights(net, vectors.group("param/"), rules, vectors.dtype)
    set_training(net, vectors.is_train)
    recorded = record_outputs(net)
    image = vectors.var("input/image")
    outputs = {output: net(image)}
    for name, var in recorded.items():
        official = renaming.rename(rules, f"{name}.")[:-1]
        start, _, place = official.rpartition(".")
        outputs[official] = outputs[f"conv_{place}"] = var
        if place == "conv_block":
            outputs[start] = var
        if "norm" in name and start == "model":  # the file's hooks are on what follows the norm
            outputs[f"model.{int(place) + 1}"] = jt.nn.relu(var)
    return Pass(net, rules, outputs, {"image": image})


@pytest.mark.parametrize("path", FILES)
def test_network_is_the_official_one(path):
    assert_same_pass(path, run_network)


def make_bicycle_network(config):
    """Our network with a file's options, and the rules of its names."""
    norm, kind = NORMS[config["norm"]], config["kind"]
    if kind == "netG":
        levels, adds_to_all = NUM_LEVELS[config["netG"]], config["where_add"] == "all"
        sizes = config["input_nc"], config["output_nc"], levels, config["ngf"], config["nz"]
        net = LatentUNet(*sizes, norm, adds_to_all, config["upsample"])
        return net, official_names.latent_unet_rules(levels, adds_to_all, config["upsample"])
    if kind == "netE":
        kind, _, size = config["netE"].partition("_")
        layers = NUM_LAYERS_E[size]
        net = LatentEncoder(kind, config["output_nc"], config["nef"], layers, config["nz"], norm)
        return net, official_names.latent_encoder_rules(kind, layers)
    layers = NUM_LAYERS_D[config["netD"]]
    net = TwoScalePatchGAN(config["input_nc"], config["ndf"], layers, norm, xavier)
    return net, official_names.two_scale_patchgan_rules(layers)


def bicycle_outputs(kind, results, recorded):
    """Our outputs by the file's names."""
    if kind == "netG":
        beside = [recorded["up_norms.0"], recorded["downs.0"]]
        return {"image": results, "down_level1": beside[1], "level2_concat": jt.concat(beside, 1)}
    if kind == "netD":
        return {f"d{k}": logits for k, logits in enumerate(results)}
    mu, logvar = results
    last = max(name for name in recorded if name.startswith("layers.") and name.count(".") == 1)
    feat = recorded[last] if f"{last}.norm" in recorded else leaky_relu(recorded[last])
    return {"mu": mu, "logvar": logvar, "pooled": feat.mean([3], keepdims=True).mean([2], keepdims=True)}


def run_bicyclegans_network(vectors):
    net, rules = make_bicycle_network(vectors.config)
    put_weights(net, vectors.group("param/"), rules, vectors.dtype)
    set_training(net, vectors.is_train)
    recorded = record_outputs(net)
    inputs = {name: vectors.var(f"input/{name}") for name in ("image", "z") if f"input/{name}" in vectors.arrays}
    outputs = bicycle_outputs(vectors.config["kind"], net(*inputs.values()), recorded)
    return Pass(net, rules, outputs, inputs)


@pytest.mark.parametrize(
    "path", [path for kind in ("netG", "netE", "netD") for path in reference_files(kind=kind, system="BicycleGAN")]
)
def test_bicyclegans_network_is_the_official_one(path):
    assert_same_pass(path, run_bicyclegans_network)
