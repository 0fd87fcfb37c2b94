"""TSIT against the official PyTorch code: weights in, outputs, gradients, buffers and training steps out.

Tolerances are those of the vectors' README, section 6, unless a line says otherwise.
"""

import jittor as jt
import numpy as np
import pytest
from reference_vectors import (
    FOLDER,
    Vectors,
    assert_close,
    assert_same_pass,
    one_hot_with_edges,
    put_weights,
    record_outputs,
    reference_files,
)

from jittor_tsit import convert, losses
from jittor_tsit.data import to_image
from jittor_tsit.layers.blocks import FADEBlock, StreamBlock
from jittor_tsit.layers.mode import set_training
from jittor_tsit.layers.norm import BatchNorm, fadain, instance_norm
from jittor_tsit.layers.resize import resize_nearest
from jittor_tsit.networks.encoder import ConvEncoder
from jittor_tsit.networks.patchgan import MultiscaleDiscriminator
from jittor_tsit.networks.tsit import LatentStart, MapStart, TSITGenerator
from jittor_tsit.networks.vgg import VGGFeatures, load_vgg

pytestmark = pytest.mark.reference


def prepare(path, module, rules):
    """The file's weights in the module, the module in the file's mode, and its recorded outputs."""
    vectors = Vectors(path)
    put_weights(module, vectors.group("param/"), rules)
    set_training(module, vectors.is_train)
    return vectors, record_outputs(module)


@pytest.mark.parametrize("path", reference_files(kind="tsit_stream_block"))
def test_stream_block_is_the_official_one(path):
    config = Vectors(path).config
    block = StreamBlock(config["fin"], config["fout"])
    vectors, _ = prepare(path, block, convert.FADE_RULES)
    x = jt.array(vectors["input/x"])
    assert_same_pass(vectors, block, convert.FADE_RULES, {"out": block(x)}, {"x": x}, output_rtol=1e-4)


@pytest.mark.parametrize("path", reference_files(kind="tsit_fade_block"))
def test_fade_block_is_the_official_one(path):
    config = Vectors(path).config
    block = FADEBlock(config["fin"], config["fout"], BatchNorm)
    vectors, recorded = prepare(path, block, convert.FADE_RULES)
    inputs = {name: jt.array(vectors[f"input/{name}"]) for name in ("x", "feat")}
    out = block(**inputs)
    outputs = {_block_output_name(name): output for name, output in recorded.items()}
    assert_same_pass(vectors, block, convert.FADE_RULES, {**outputs, "out": out}, inputs, output_rtol=1e-4)


def _block_output_name(name: str) -> str:
    renamed = convert._apply(convert.FADE_RULES, f"{name}.")[:-1]
    return renamed.replace(".norm", ".param_free_norm")


@pytest.mark.parametrize("path", reference_files(kind="tsit_fadain"))
def test_fadain_is_the_official_one(path):
    vectors = Vectors(path)
    for variant in vectors.config["variants"]:
        for alpha in vectors.config["alphas"]:
            x, style = (jt.array(vectors[f"input/{variant}/{name}"]) for name in "xs")
            out, key = fadain(x, style, alpha), f"{variant}/alpha{alpha:g}"
            assert_close(out, vectors[f"output/{key}"], 1e-4, key)
            loss = (out * jt.array(vectors[f"input/loss_weight/{variant}"])).sum()
            for name, gradient in zip("xs", jt.grad(loss, [x, style])):
                reference = vectors[f"grad/input/{key}/{name}"]
                # two values a channel: gradients are rounding noise, so 1e-6 absolute is allowed besides
                np.testing.assert_allclose(
                    gradient.numpy(), reference, rtol=0, atol=2e-3 * np.abs(reference).max() + 1e-6
                )


@pytest.mark.parametrize("path", reference_files(kind="conv_encoder"))
def test_encoder_is_the_official_one(path):
    options = Vectors(path).options
    encoder = ConvEncoder(options["ngf"], options.get("z_dim", 256))
    vectors, recorded = prepare(path, encoder, convert.ENCODER_RULES)
    image = jt.array(vectors["input/image"])
    mu, logvar = encoder(image)
    layers = {f"layer{k + 1}": instance_norm(recorded[f"convs.{k}"]) for k in range(6)}
    outputs = {**layers, "mu": mu, "logvar": logvar}
    assert_same_pass(vectors, encoder, convert.ENCODER_RULES, outputs, {"image": image}, output_rtol=1e-4)


def make_discriminator(vectors, in_channels):
    options = vectors.options
    num_layers = 3 if options.get("task") == "AST" else options.get("n_layers_D", 4)  # the task forces it
    unit_stride_layer = num_layers - 1 if vectors.config["system"] == "SPADE" else 3
    D = MultiscaleDiscriminator(in_channels, options["ndf"], num_layers, options.get("num_D", 2), unit_stride_layer)
    return D, convert.discriminator_rules(num_layers)


@pytest.mark.parametrize("path", reference_files(kind="multiscale_discriminator"))
def test_discriminator_is_the_official_one(path):
    vectors = Vectors(path)
    image = jt.array(vectors["input/image"])
    x = image
    if vectors.options.get("task", "SIS") == "SIS":
        x = jt.concat([jt.array(one_hot_with_edges(vectors)), image], 1)
    D, rules = make_discriminator(vectors, x.shape[1])
    vectors, _ = prepare(path, D, rules)
    out = D(x)
    outputs = {f"d{i}/f{j}": feat for i, feats in enumerate(out.feats) for j, feat in enumerate(feats)}
    outputs.update({f"d{i}/f{len(out.feats[i])}": logits for i, logits in enumerate(out.logits)})
    assert_same_pass(vectors, D, rules, outputs, {"image": image}, output_rtol=1e-4)


def make_generator(options, in_channels):
    width = options["ngf"]
    columns = options["crop_size"] // 128
    rows = round(columns / options["aspect_ratio"])
    if options["task"] == "AST":
        return TSITGenerator(3, width, MapStart(3, 16 * width), has_style_stream=True, alpha=options["alpha"])
    if options["use_vae"]:
        return TSITGenerator(in_channels, width, LatentStart(options["z_dim"], 16 * width, rows, columns))
    return TSITGenerator(in_channels, width, MapStart(in_channels, 16 * width))


def generator_inputs(vectors):
    """Keyword arguments of our generator, and those of them that the file knows by name."""
    if vectors.options["task"] == "AST":
        named = {name: jt.array(vectors[f"input/{name}"]) for name in ("content", "style", "noise")}
        return {"content": named["content"], "start": named["noise"], "style": named["style"]}, named
    segmap = jt.array(one_hot_with_edges(vectors))
    if vectors.options["use_vae"]:
        z = jt.array(vectors["input/z"])
        return {"content": segmap, "start": z}, {"z": z, "onehot": segmap}
    rows, columns = (side // 128 for side in segmap.shape[2:])
    return {"content": segmap, "start": resize_nearest(segmap, rows, columns)}, {"onehot": segmap}


@pytest.mark.parametrize("path", reference_files(kind="generator", system="TSIT"))
def test_generator_is_the_official_one(path):
    vectors = Vectors(path)
    arguments, inputs = generator_inputs(vectors)
    G = make_generator(vectors.options, arguments["content"].shape[1])
    vectors, recorded = prepare(path, G, convert.TSIT_GENERATOR_RULES)
    image = G(**arguments)
    outputs = {"image": image, "fc": recorded.get("start.linear", recorded.get("start.conv"))}
    outputs.update({name: recorded[f"blocks.{k}"] for k, name in enumerate(convert.GENERATOR_BLOCKS)})
    for prefix, stream in (("ft", "content_stream"), ("sft", "style_stream")):
        outputs.update({f"{prefix}{k}": recorded.get(f"{stream}.blocks.{k}") for k in range(8)})
    # a deep network: the vectors' README allows 5e-4 for outputs and features
    assert_same_pass(vectors, G, convert.TSIT_GENERATOR_RULES, outputs, inputs, output_rtol=5e-4)


OFFICIAL_GAN_MODES = {"hinge": "hinge", "ls": "lsgan", "original": "vanilla", "w": "wgan"}


@pytest.mark.parametrize("path", reference_files(kind="losses", system="TSIT"))
def test_losses_are_the_official_ones(path):
    vectors = Vectors(path)
    inputs = {name: jt.array(array) for name, array in vectors.group("input/").items()}
    feats = {side: _nested(inputs, side) for side in ("fake", "real")}
    logits = {side: [scale[-1] for scale in feats[side]] for side in feats}
    values = {}
    for official, ours in OFFICIAL_GAN_MODES.items():
        loss = losses.GAN_LOSSES[ours]
        for term, function, side in (
            ("G", loss.gen, "fake"),
            ("D_fake", loss.fake, "fake"),
            ("D_real", loss.real, "real"),
        ):
            values[f"{official}/{term}"] = function(logits[side])
            values[f"{official}/{term}/single_tensor"] = function([inputs["single"]])
    hidden = {side: [scale[:-1] for scale in feats[side]] for side in feats}
    values["feature_matching"] = vectors.config["lambda_feat"] * losses.feature_matching(hidden["fake"], hidden["real"])
    values["kld"] = losses.kl_divergence(inputs["mu"], inputs["logvar"])
    for name, reference in vectors.group("loss/").items():
        assert_close(values[name], reference, 1e-5, name)
    for name, reference in vectors.group("grad/input/").items():
        loss_name, target = _split_gradient_name(name, values)
        assert_close(jt.grad(values[loss_name], inputs[target]), reference, 2e-3, name)


def _nested(inputs, side):
    """input/<side>/d<i>/f<j> as a list of lists."""
    scales = sorted({name.split("/")[1] for name in inputs if name.startswith(f"{side}/")})
    return [
        [inputs[name] for name in sorted(n for n in inputs if n.startswith(f"{side}/{scale}/"))] for scale in scales
    ]


def _split_gradient_name(name, values):
    loss_name = max((known for known in values if name.startswith(f"{known}/")), key=len)
    return loss_name, name[len(loss_name) + 1 :]


VGG19_FEATURES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)  # torchvision's convolutions up to relu5_1


def vgg_weights(vectors):
    """The file's weights in torchvision's names, drawn anew where the file says how."""
    if "weight_seed" not in vectors.config:
        return {f"features.{name.split('.', 1)[1]}": array for name, array in vectors.group("param/").items()}
    rng = np.random.RandomState(vectors.config["weight_seed"])
    widths = vectors.config["channels"]
    stage_widths = [widths[0]] * 2 + [widths[1]] * 2 + [widths[2]] * 4 + [widths[3]] * 5
    weights = {}
    for index, in_channels, out_channels in zip(VGG19_FEATURES, [3] + stage_widths, stage_widths):
        shape = (out_channels, in_channels, 3, 3)
        weights[f"features.{index}.weight"] = rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
        weights[f"features.{index}.bias"] = rng.standard_normal(out_channels) * 0.05
    return {name: array.astype(np.float32) for name, array in weights.items()}


@pytest.mark.parametrize("path", reference_files(kind="vgg_loss"))
def test_perceptual_loss_is_the_official_one(path):
    vectors = Vectors(path)
    vgg = VGGFeatures("vgg19", vgg_weights(vectors))
    x, y = (jt.array(vectors[f"input/{name}"]) for name in "xy")
    for k, feat in enumerate(vgg(x), start=1):
        assert_close(feat, vectors[f"output/x/relu{k}_1"], 1e-4, f"relu{k}_1")
    loss = losses.perceptual(vgg, x, y)
    assert_close(loss, vectors["loss/vgg"], 1e-5, "loss")
    assert_close(jt.grad(loss, x), vectors["grad/input/x"], 2e-3, "gradient of x")


VGG16_WEIGHTS = FOLDER.parent / "weights/vgg16_features.npz"


@pytest.mark.parametrize("path", reference_files(weights=[1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0]))
@pytest.mark.skipif(not VGG16_WEIGHTS.exists(), reason=f"no ImageNet weights at {VGG16_WEIGHTS}")
def test_perceptual_loss_on_real_vgg16_weights_is_the_same(path):
    vectors = Vectors(path)
    vgg = load_vgg("vgg16", VGG16_WEIGHTS)
    fake, real = (to_image(vectors[f"input/{name}_u8_nhwc"]) for name in ("fake", "real"))
    feats, real_feats = vgg(fake), vgg(real)
    distances = [losses.absolute(x - y).mean().item() for x, y in zip(feats, real_feats)]
    assert_close(np.array(distances), vectors["output/l1_per_layer_batch"], 1e-4, "distance of each slice")
    for k, feat in enumerate(feats, start=1):
        assert_close(feat.mean([2, 3]), vectors[f"output/feat_fake/relu{k}_1_chanmean"], 1e-4, f"relu{k}_1")
        assert_close(feat[:, :16, :4, :4], vectors[f"output/feat_fake/relu{k}_1_corner"], 1e-4, f"corner of relu{k}_1")
    loss = losses.perceptual(vgg, fake, real)
    assert_close(loss, vectors["output/loss_batch"], 1e-4, "loss")
    reference = vectors["output/grad_loss_batch_wrt_fake"]
    off = np.abs(jt.grad(loss, fake).numpy() - reference) / np.abs(reference).max()
    # Flat parts of a photograph give equal activations, between which rounding decides max-pool's and L1's choice:
    # 66 of 110,592 elements were off by more than 2e-3, none by more than 6e-3. A wrong gradient differs everywhere.
    assert np.quantile(off, 0.999) <= 2e-3 and off.max() <= 2e-2, (np.quantile(off, [0.5, 0.99, 0.999]), off.max())
