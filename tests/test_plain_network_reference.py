"""pix2pix's and CycleGAN's networks against the official PyTorch code: weights in, outputs and gradients out.

Tolerances are those of the vectors' README, section 6.
"""

import jittor as jt
import pytest
from reference_vectors import Vectors, assert_same_pass, put_weights, record_outputs, reference_files

from jittor_tsit import convert
from jittor_tsit.layers.mode import set_training
from jittor_tsit.layers.plain import NORMS
from jittor_tsit.networks.plain_patchgan import PlainPatchGAN
from jittor_tsit.networks.resnet import ResNetGenerator
from jittor_tsit.networks.unet import UNetGenerator

pytestmark = pytest.mark.reference


def make_network(config):
    """Our network with a file's options, the rules of its names, and what its output is called."""
    norm, kind = NORMS[config["norm"]], config["arch"]
    if kind in ("nlayer", "pixel"):
        D = PlainPatchGAN(config["input_nc"], config["ndf"], config["n_layers"], norm)
        return D, convert.plain_patchgan_rules(config["n_layers"]), "pred"
    sizes = config["input_nc"], config["output_nc"]
    if kind == "unet":
        levels = config["num_downs"]
        return UNetGenerator(*sizes, levels, config["ngf"], norm), convert.unet_rules(levels), "image"
    blocks = config["n_blocks"]
    return ResNetGenerator(*sizes, blocks, config["ngf"], norm), convert.resnet_rules(blocks), "image"


FILES = [
    *reference_files(kind="netG", system="pix2pix"),
    *reference_files(kind="netG", system="CycleGAN"),
    *reference_files(kind="netD", system="pix2pix"),
    *reference_files(kind="netD", system="CycleGAN"),
]


@pytest.mark.parametrize("path", FILES)
def test_network_is_the_official_one(path):
    vectors = Vectors(path)
    net, rules, output = make_network(vectors.config)
    put_weights(net, vectors.group("param/"), rules)
    set_training(net, vectors.is_train)
    recorded = record_outputs(net)
    image = jt.array(vectors["input/image"])
    outputs = {output: net(image)}
    for name, var in recorded.items():
        official = convert._apply(rules, f"{name}.")[:-1]
        start, _, place = official.rpartition(".")
        outputs[official] = outputs[f"conv_{place}"] = var
        if place == "conv_block":
            outputs[start] = var
        if "norm" in name and start == "model":  # the file's hooks are on what follows the norm
            outputs[f"model.{int(place) + 1}"] = jt.nn.relu(var)
    assert_same_pass(vectors, net, rules, outputs, {"image": image}, output_rtol=1e-4)
