"""Networks of SPADE and TSIT with official weights: the official code's outputs, gradients and buffers."""

from contextlib import nullcontext

import jittor as jt
import numpy as np
import pytest

from helpers.network_pass import Pass, assert_same_pass
from helpers.reference_vectors import (
    Vectors,
    assert_close,
    one_hot_with_edges,
    put_weights,
    record_outputs,
    reference_files,
)
from jittor_tsit.config.systems.spade import STRIDES
from jittor_tsit.config.systems.tsit import STRIDE
from jittor_tsit.conversion import official_names, renaming
from jittor_tsit.layers.basic import SLOPE
from jittor_tsit.layers.image_layouts import nchw_layout, to_nchw
from jittor_tsit.layers.norm import BatchNorm, fadain, instance_norm
from jittor_tsit.layers.residual_blocks import FADEBlock, SPADEBlock, StreamBlock
from jittor_tsit.layers.resize import resize_nearest
from jittor_tsit.layers.train_mode import set_training
from jittor_tsit.networks.first_tensor import LatentStart, MapStart
from jittor_tsit.networks.patchgan_multiscale import MultiscaleDiscriminator
from jittor_tsit.networks.spade import SPADEGenerator
from jittor_tsit.networks.style_encoder import ConvEncoder
from jittor_tsit.networks.tsit import TSITGenerator

pytestmark = pytest.mark.reference

NUM_UPSAMPLINGS = {"normal": 5, "more": 6, "most": 7}  # ours by the official option


def prepare(vectors, module, rules):
    """The file's weights in the module, the module in the file's mode, and its recorded outputs."""
    put_weights(module, vectors.group("param/"), rules, vectors.dtype)
    set_training(module, vectors.is_train)
    return record_outputs(module)


def one_hot(vectors):
    return jt.array(one_hot_with_edges(vectors)).cast(vectors.dtype)


def run_stream_block(vectors):
    config, x = vectors.config, vectors.var("input/x")
    block = StreamBlock(config["fin"], config["fout"])
    prepare(vectors, block, official_names.BLOCK_RULES)
    return Pass(block, official_names.BLOCK_RULES, {"out": block(x)}, {"x": x})


@pytest.mark.processors
@pytest.mark.parametrize("path", reference_files(kind="tsit_stream_block"))
def test_stream_block_is_the_official_one(path):
    assert_same_pass(path, run_stream_block)


def make_block(vectors):
    """Our block of the file's kind and sizes, and its inputs by the file's names."""
    config, x = vectors.config, vectors.var("input/x")
    if config["kind"] == "spade_block":
        segmap = one_hot(vectors)
        return SPADEBlock(config["fin"], config["fout"], segmap.shape[1], BatchNorm), {"x": x, "onehot": segmap}
    return FADEBlock(config["fin"], config["fout"], BatchNorm), {"x": x, "feat": vectors.var("input/feat")}


def run_modulated_block(vectors):
    block, inputs = make_block(vectors)
    recorded = prepare(vectors, block, official_names.BLOCK_RULES)
    out = block(*inputs.values())
    outputs = {_block_output_name(name): to_nchw(output) for name, output in recorded.items()}
    for name in ("norm_0", "norm_1"):  # ours activate in the same step
        outputs[name] = jt.ternary(outputs[name] > 0, outputs[name], outputs[name] / SLOPE)
    norm = block.norm0.norm
    norm.tracks = False  # once is enough
    outputs["norm_0.param_free_norm"] = norm(inputs["x"])
    return Pass(block, official_names.BLOCK_RULES, {**outputs, "out": out}, inputs)


@pytest.mark.processors
@pytest.mark.parametrize("path", reference_files(kind="tsit_fade_block") + reference_files(kind="spade_block"))
def test_modulated_block_is_the_official_one(path):
    assert_same_pass(path, run_modulated_block)


def _block_output_name(name: str) -> str:
    return renaming.rename(official_names.BLOCK_RULES, f"{name}.")[:-1]


@pytest.mark.parametrize("layout", (nullcontext, nchw_layout), ids=("fastest", "nchw"))
@pytest.mark.parametrize("path", reference_files(kind="tsit_fadain"))
def test_fadain_is_the_official_one(path, layout):
    vectors = Vectors(path)
    for variant in vectors.config["variants"]:
        for alpha in vectors.config["alphas"]:
            x, style = (jt.array(vectors[f"input/{variant}/{name}"]) for name in "xs")
            with layout():
                out, key = to_nchw(fadain(x, style, alpha)), f"{variant}/alpha{alpha:g}"
            assert_close(out, vectors[f"output/{key}"], 1e-4, key)
            loss = (out * jt.array(vectors[f"input/loss_weight/{variant}"])).sum()
            for name, gradient in zip("xs", jt.grad(loss, [x, style])):
                reference = vectors[f"grad/input/{key}/{name}"]
                # two values a channel: gradients are rounding noise, so 1e-6 absolute is allowed besides
                np.testing.assert_allclose(
                    gradient.numpy(), reference, rtol=0, atol=2e-3 * np.abs(reference).max() + 1e-6
                )


def run_encoder(vectors):
    options, image = vectors.options, vectors.var("input/image")
    encoder = ConvEncoder(options["ngf"], options.get("z_dim", 256))
    recorded = prepare(vectors, encoder, official_names.ENCODER_RULES)
    mu, logvar = encoder(image)
    layers = {f"layer{k + 1}": instance_norm(recorded[f"convs.{k}"]) for k in range(6)}
    outputs = {**layers, "mu": mu, "logvar": logvar}
    return Pass(encoder, official_names.ENCODER_RULES, outputs, {"image": image})


@pytest.mark.parametrize("path", reference_files(kind="conv_encoder"))
def test_encoder_is_the_official_one(path):
    assert_same_pass(path, run_encoder)


def make_discriminator(vectors, in_channels):
    options = vectors.options
    num_layers = 3 if options.get("task") == "AST" else options.get("n_layers_D", 4)  # the task forces it
    unit_stride_layer = num_layers - 1 if vectors.config["system"] == "SPADE" else 3
    D = MultiscaleDiscriminator(in_channels, options["ndf"], num_layers, options.get("num_D", 2), unit_stride_layer)
    return D, official_names.discriminator_rules(num_layers)


def run_discriminator(vectors):
    x = image = vectors.var("input/image")
    if vectors.options.get("task", "SIS") == "SIS":
        x = jt.concat([one_hot(vectors), image], 1)
    D, rules = make_discriminator(vectors, x.shape[1])
    prepare(vectors, D, rules)
    out = D(x)
    outputs = {f"d{i}/f{j}": feat for i, feats in enumerate(out.feats) for j, feat in enumerate(feats)}
    outputs.update({f"d{i}/f{len(out.feats[i])}": logits for i, logits in enumerate(out.logits)})
    return Pass(D, rules, outputs, {"image": image})


@pytest.mark.parametrize("path", reference_files(kind="multiscale_discriminator"))
def test_discriminator_is_the_official_one(path):
    assert_same_pass(path, run_discriminator)


def is_ast(vectors):
    return vectors.options["task"] == "AST"


def stride_of(vectors):
    if vectors.config["system"] == "TSIT":
        return STRIDE
    return STRIDES[NUM_UPSAMPLINGS[vectors.options["num_upsampling_layers"]]]


def start_size(vectors):
    """Rows and columns of the first tensor, by the official rule."""
    columns = vectors.options["crop_size"] // stride_of(vectors)
    return round(columns / vectors.options["aspect_ratio"]), columns


def make_start(vectors, in_channels):
    channels = 16 * vectors.options["ngf"]
    if vectors.options["use_vae"] and not is_ast(vectors):
        return LatentStart(vectors.options["z_dim"], channels, *start_size(vectors))
    return MapStart(in_channels, channels)


def make_generator(vectors, in_channels):
    """Our generator with the file's options, and the rules of its names."""
    options, start = vectors.options, make_start(vectors, in_channels)
    if vectors.config["system"] == "SPADE":
        num_upsamplings = NUM_UPSAMPLINGS[options["num_upsampling_layers"]]
        return SPADEGenerator(in_channels, options["ngf"], start, num_upsamplings), official_names.SPADE_GENERATOR_RULES
    G = TSITGenerator(in_channels, options["ngf"], start, has_style_stream=is_ast(vectors), alpha=options["alpha"])
    return G, official_names.TSIT_GENERATOR_RULES


def generator_inputs(vectors):
    """Arguments of our generator, and those of them that the file knows by name."""
    if is_ast(vectors):
        named = {name: vectors.var(f"input/{name}") for name in ("content", "noise", "style")}
        return tuple(named.values()), named
    segmap = one_hot(vectors)
    if vectors.options["use_vae"]:
        z = vectors.var("input/z")
        return (segmap, z), {"z": z, "onehot": segmap}
    return (segmap, resize_nearest(segmap, *start_size(vectors))), {"onehot": segmap}


GENERATOR_FILES = reference_files(kind="generator", system="TSIT") + reference_files(kind="generator", system="SPADE")


def run_generator(vectors):
    arguments, inputs = generator_inputs(vectors)
    G, rules = make_generator(vectors, in_channels=arguments[0].shape[1])
    recorded = prepare(vectors, G, rules)
    image = G(*arguments)
    outputs = {"image": image, "fc": recorded.get("start.linear", recorded.get("start.conv"))}
    outputs.update({name: recorded.get(f"blocks.{k}") for k, name in enumerate(official_names.GENERATOR_BLOCKS)})
    for prefix, stream in (("ft", "content_stream"), ("sft", "style_stream")):
        outputs.update({f"{prefix}{k}": recorded.get(f"{stream}.blocks.{k}") for k in range(8)})
    return Pass(G, rules, outputs, inputs)


@pytest.mark.parametrize("path", GENERATOR_FILES)
def test_generator_is_the_official_one(path):
    assert_same_pass(path, run_generator)
