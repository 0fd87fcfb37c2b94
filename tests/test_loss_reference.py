"""Losses against the official PyTorch code: values and gradients.

Tolerances are those of the vectors' README, section 6, unless a line says otherwise.
"""

import jittor as jt
import numpy as np
import pytest

from helpers.kinks import recording_signs
from helpers.network_pass import assert_same_gradients
from helpers.reference_vectors import SHARED, Vectors, assert_close, cast_state, noise_of, reference_files
from jittor_tsit import losses
from jittor_tsit.data.batches import to_image
from jittor_tsit.layers.basic import leaky_relu
from jittor_tsit.networks.vgg import VGGFeatures, load_vgg

pytestmark = pytest.mark.reference

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
    values["kld"] = losses.kl_divergence(inputs["mu"], inputs["logvar"]) * inputs["mu"].shape[0]  # theirs is a sum
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
    for index, in_channels, out_channels in zip(VGG19_FEATURES, [3, *stage_widths], stage_widths):
        shape = (out_channels, in_channels, 3, 3)
        weights[f"features.{index}.weight"] = rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
        weights[f"features.{index}.bias"] = rng.standard_normal(out_channels) * 0.05
    return {name: array.astype(np.float32) for name, array in weights.items()}


def perceptual_gradient(vectors, vgg):
    """Perceptual loss of the file's images and its gradient."""
    x, y = (vectors.var(f"input/{name}") for name in "xy")
    loss = losses.perceptual(vgg, x, y)
    return loss, {"input/x": vectors.thin("grad/input/x", jt.grad(loss, x).numpy())}


@pytest.mark.parametrize("path", reference_files(kind="vgg_loss"))
def test_perceptual_loss_is_the_official_one(path):
    vectors, exact = Vectors(path), Vectors(path, "float64")
    vgg, exact_vgg = (VGGFeatures("vgg19", vgg_weights(vectors)) for _ in range(2))
    for k, feat in enumerate(vgg(vectors.var("input/x")), start=1):
        name = f"output/x/relu{k}_1"
        assert_close(vectors.thin(name, feat.numpy()), vectors[name], noise_of(vectors, "output/"), name)
    with recording_signs() as signs:
        loss, gradients = perceptual_gradient(vectors, vgg)
    assert_close(loss, vectors["loss/vgg"], noise_of(vectors, "loss/"), "loss")
    cast_state(exact_vgg, "float64")
    assert_same_gradients(vectors, gradients, signs, lambda: perceptual_gradient(exact, exact_vgg)[1])


VGG16_WEIGHTS = SHARED.parent / "weights/vgg16_features.npz"


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
    name = "output/grad_loss_batch_wrt_fake"
    gradient, reference = vectors.thin(name, jt.grad(loss, fake).numpy()), vectors[name]
    off = np.abs(gradient - reference) / np.abs(reference).max()
    # Flat parts of a photograph give equal activations, between which rounding decides max-pool's and L1's choice:
    # 66 of 110,592 elements were off by more than 2e-3, none by more than 6e-3. A wrong gradient differs everywhere.
    assert np.quantile(off, 0.999) <= 2e-3 and off.max() <= 2e-2, (np.quantile(off, [0.5, 0.99, 0.999]), off.max())


PIX2PIX_MODES = {"lsgan": "lsgan", "vanilla": "vanilla", "wgangp": "wgan"}


@pytest.mark.parametrize("path", reference_files(kind="losses_gan"))
def test_pix2pixs_losses_are_the_official_ones(path):
    vectors = Vectors(path)
    for mode, name in PIX2PIX_MODES.items():
        for kind in ("real", "fake"):
            logits = jt.array(vectors["input/pred"])
            loss = getattr(losses.GAN_LOSSES[name], kind)([logits])
            assert_close(loss.item(), vectors[f"loss/{mode}/{kind}"], 1e-5, f"{mode} {kind}")
            assert_close(jt.grad(loss, logits), vectors[f"grad/input/{mode}/{kind}/pred"], 1e-5, f"{mode} {kind}")


@pytest.mark.parametrize("path", reference_files(kind="losses_gan"))
def test_the_gradient_penalty_and_its_gradients_are_the_official_ones(path):
    vectors = Vectors(path)
    params = {name: jt.array(array) for name, array in vectors.group("param/").items()}
    jt.sync_all()
    real, fake = (jt.array(vectors[f"input/{name}"]) for name in ("real", "fake"))
    drawn = vectors["input/alpha"].reshape(-1, 1, 1, 1)

    def logits_of(image):
        x = leaky_relu(jt.nn.conv2d(image, params["weight"], params["bias"], 2, 1))
        return [jt.nn.conv2d(x, params["weight2"], None, 1, 1)]

    for kind, alpha in (("mixed", drawn), ("real", np.ones_like(drawn)), ("fake", np.zeros_like(drawn))):
        penalty = losses.gradient_penalty(logits_of, real, fake, jt.array(alpha))
        assert_close(10 * penalty.item(), vectors[f"loss/gradient_penalty/{kind}"], 1e-5, kind)  # the file's weight
        for name, gradient in zip(params, jt.grad(10 * penalty, list(params.values()))):
            reference = vectors[f"grad/gradient_penalty/{kind}/{name}"]
            # second derivatives: the README's bound for gradients; those of the bias are 0
            assert np.abs(gradient.numpy() - reference).max() <= 2e-3 * np.abs(reference).max() + 1e-7, (kind, name)
