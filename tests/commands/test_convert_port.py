"""`convert` with the contest team's Jittor files, built by what is known of their code."""

import jittor as jt
import numpy as np
import pytest

from helpers.official_files import convert, encoder_for, options_of, with_code
from helpers.weight_file_bytes import jittor_bytes
from jittor_tsit.conversion.official_names import TSIT_GENERATOR_RULES
from jittor_tsit.conversion.renaming import official_names
from jittor_tsit.layers.resize import average2x
from jittor_tsit.layers.spectral_conv import SpectralConv
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.tsit import Stream
from jittor_tsit.runs.loading import load_system

pytestmark = pytest.mark.reference

TSIT = {"kind": "generator", "system": "TSIT", "mode": "eval"}


def as_port(arrays, rng):
    """As the port keeps them: start vectors that never move, and what spectral norm last made of each weight."""
    port = {name: array for name, array in arrays.items() if not name.endswith("num_batches_tracked")}
    for layer in [name[: -len(".weight_orig")] for name in arrays if name.endswith(".weight_orig")]:
        for leaf in "uv":
            vector = rng.standard_normal(arrays[f"{layer}.weight_{leaf}"].shape)
            port[f"{layer}.weight_{leaf}"] = (vector / np.linalg.norm(vector)).astype(np.float32)
        port[f"{layer}.weight"] = divided(port, layer)
    return port


def divided(port, layer):
    """The weight by its largest singular value, as one power iteration from the start vectors finds it."""
    weight = port[f"{layer}.weight_orig"].astype(np.float64)
    matrix = weight.reshape(len(weight), -1)
    v = matrix.T @ port[f"{layer}.weight_u"]
    v /= np.linalg.norm(v)
    u = matrix @ v
    u /= np.linalg.norm(u)
    return (weight / (u @ matrix @ v)).astype(np.float32)


def test_the_contest_teams_file_gives_the_weights_that_theirs_used(tmp_path, rng, capsys):
    vectors = with_code(TSIT)
    port = as_port(vectors.group("param/"), rng)
    networks = {"G": port, "E": as_port(encoder_for(vectors), rng)}
    checkpoint = convert(tmp_path, "tsit", networks, *options_of(vectors), write=jittor_bytes)
    said = capsys.readouterr().out
    assert "without effect: " in said and "its own statistics" in said and "label map's own picture" in said
    made, experiment = load_system(checkpoint)
    assert experiment.config.downsampling == "bilinear"  # Jittor's default, which theirs left
    names = official_names(made.G.state_dict(), TSIT_GENERATOR_RULES)
    layers = {name: module for name, module in made.G.named_modules() if isinstance(module, SpectralConv)}
    with jt.no_grad(), evaluating(made.G):
        for name, layer in layers.items():
            theirs = names[f"{name}.weight"].replace(".weight_orig", "")
            np.testing.assert_allclose(layer.normalized_weight().numpy(), port[f"{theirs}.weight"], 2e-5, 1e-7)


def test_the_contest_teams_255_channels_of_a_label_map_are_kept(tmp_path, rng):
    vectors = with_code(TSIT)
    weights, first, width = vectors.group("param/"), "content_stream.res_0", vectors.options["ngf"]
    grown = {"conv_0.weight_orig": (255, 255, 3, 3), "conv_0.bias": (255,), "conv_0.weight_u": (255,)}
    grown.update(
        {"conv_0.weight_v": (9 * 255,), "conv_1.weight_orig": (width, 255, 3, 3), "conv_1.weight_v": (9 * 255,)}
    )
    grown.update({"conv_s.weight_orig": (width, 255, 1, 1), "conv_s.weight_v": (255,)})
    for name, shape in grown.items():
        weights[f"{first}.{name}"] = rng.standard_normal(shape).astype(np.float32)
    networks = {"G": as_port(weights, rng), "E": as_port(encoder_for(vectors), rng)}
    made, experiment = load_system(convert(tmp_path, "tsit", networks, *options_of(vectors), write=jittor_bytes))
    assert experiment.data.num_classes == made.in_channels == 255


def test_the_streams_shrink_bilinearly_as_jittor_does(rng):
    x = jt.array(rng.standard_normal((1, 2, 4, 6)).astype(np.float32))
    np.testing.assert_allclose(average2x(x).numpy(), jt.nn.interpolate(x, scale_factor=0.5).numpy(), atol=1e-6)
    assert Stream(3, 1, "bilinear").downsample is average2x
