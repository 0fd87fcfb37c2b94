"""`convert` and `export`: official files in, our checkpoint out, and back, for every system.

Weights are those of the reference vectors, under official names; images are compared with the recorded ones.
"""

from pathlib import Path

import jittor as jt
import numpy as np
import pytest

from helpers.official_files import FORMS, assert_same_again, convert, encoder_for, files_of, one_of, options_of
from helpers.reference_vectors import Vectors, assert_close, one_hot_with_edges, reference_files
from helpers.same_bytes import assert_same_bytes, digest
from helpers.weight_file_bytes import official_sides, official_zip
from jittor_tsit.commands.convert import OFFICIAL
from jittor_tsit.commands.from_official import run_convert
from jittor_tsit.conversion.official_networks import LAYOUTS
from jittor_tsit.layers.resize import resize_nearest
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.runs.checkpoint import load_checkpoint
from jittor_tsit.runs.loading import load_system

pytestmark = pytest.mark.reference


def image_of(system, vectors):
    """Our image of the recorded inputs."""
    G = system.networks["G"]
    with jt.no_grad(), evaluating(G):
        if vectors.options.get("task") == "AST":
            return G(*(jt.array(vectors[f"input/{name}"]) for name in ("content", "noise", "style")))
        segmap = jt.array(one_hot_with_edges(vectors))
        if vectors.options["use_vae"]:
            return G(segmap, jt.array(vectors["input/z"]))
        return G(segmap, resize_nearest(segmap, *system.start_size))


GENERATORS = [
    *reference_files(kind="generator", system="TSIT", mode="eval"),
    *reference_files(kind="generator", system="SPADE", mode="eval"),
]


@pytest.mark.parametrize("path", GENERATORS)
def test_a_converted_generator_makes_the_recorded_image(tmp_path, path):
    vectors = Vectors(path)
    networks = {"G": vectors.group("param/")}
    if vectors.options["use_vae"] and vectors.options.get("task") != "AST":
        networks["E"] = encoder_for(vectors)
    checkpoint = convert(tmp_path, vectors.config["system"].lower(), networks, *options_of(vectors))
    made, _ = load_system(checkpoint)
    image = vectors.thin("output/image", image_of(made, vectors).numpy())
    assert_close(image, vectors["output/image"], 5e-4, "image")  # the vectors' tolerance for deep generators
    assert_same_again(tmp_path, checkpoint, networks)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_file_gives_the_same_checkpoint(tmp_path, form):
    vectors = one_of(kind="generator", system="SPADE", mode="eval")
    networks = {"G": vectors.group("param/")}
    plain = load_checkpoint(convert(tmp_path, "spade", networks, *options_of(vectors))).arrays
    (tmp_path / "other").mkdir()
    other = load_checkpoint(convert(tmp_path / "other", "spade", networks, *options_of(vectors), write=FORMS[form]))
    assert plain.keys() == other.arrays.keys()
    for name, array in plain.items():
        assert_same_bytes(other.arrays[name], array, name)


@pytest.mark.parametrize(
    "path",
    [path for system in ("TSIT", "SPADE") for path in reference_files(kind="training_steps", system=system)],
)
def test_all_networks_of_a_run_are_converted_and_told_apart_by_their_names(tmp_path, path):
    vectors = Vectors(path)
    prefixes = {name: f"param/net{name}/" for name in ("G", "E", "D")}
    networks = {name: vectors.group(prefix) for name, prefix in prefixes.items()}
    networks = {name: arrays for name, arrays in networks.items() if arrays}
    paths = []
    for name, arrays in networks.items():
        paths.append(tmp_path / f"{ord(name)}.pth")
        paths[-1].write_bytes(official_zip(arrays))
    checkpoint = tmp_path / "ours.safetensors"
    system = vectors.config["system"].lower()
    assert run_convert([*map(str, paths), *options_of(vectors)], system, checkpoint, ()) == 0
    load_system(checkpoint)
    assert_same_again(tmp_path, checkpoint, networks)


STEPS = {  # files of short runs: how the names of each network's arrays begin
    "pix2pix": {"G": "netG", "D": "netD"},
    "CycleGAN": {name: f"net{name}" for name in ("G_A", "G_B", "D_A", "D_B")},
    "BicycleGAN": {name: f"net{name}" for name in ("G", "E", "D", "D2")},
    "StarGAN": {"G": "G", "D": "D"},
    "UNIT (version_02, weight sharing)": {"gen": "gen", "dis": "dis"},
    "SimGAN (unofficial implementation)": {"R": "R", "D": "D"},
}


@pytest.mark.parametrize("name", STEPS)
def test_networks_of_the_other_systems_come_back_bit_for_bit(tmp_path, name):
    vectors = one_of(kind="training_steps", system=name)
    networks = {part: vectors.group(f"param/{prefix}/") for part, prefix in STEPS[name].items()}
    checkpoint = convert(tmp_path, name.partition(" ")[0].lower(), networks)
    load_system(checkpoint)
    assert_same_again(tmp_path, checkpoint, networks)
    ours = load_checkpoint(checkpoint).arrays  # each array is there, under some name
    theirs = sorted(digest(array) for arrays in networks.values() for array in arrays.values())
    assert sorted(digest(array) for array in ours.values()) == theirs


def test_the_two_sides_of_units_rewrite_lie_in_one_file(tmp_path):
    name = "UNIT (master, no weight sharing)"
    vectors, words = one_of(kind="training_steps", system=name), []
    networks = {part: {side: vectors.group(f"param/{part}_{side}/") for side in "ab"} for part in ("gen", "dis")}
    for part, sides in networks.items():
        words.append(str(tmp_path / f"{part}_00000001.pt"))
        Path(words[-1]).write_bytes(official_sides(sides))
    checkpoint = tmp_path / "ours.safetensors"
    assert run_convert(words, "unit", checkpoint, ()) == 0
    assert load_checkpoint(checkpoint).experiment["config"]["form"] == "rewrite"
    load_system(checkpoint)
    flat = {
        part: {f"{side}.{key}": array for side, arrays in sides.items() for key, array in arrays.items()}
        for part, sides in networks.items()
    }
    assert_same_again(tmp_path, checkpoint, flat)


SINGLE = [
    ("pix2pix", "G", {"kind": "netG", "system": "pix2pix"}),
    ("cyclegan", "G_A", {"kind": "netG", "system": "CycleGAN"}),
    ("stargan", "G", {"kind": "G", "system": "StarGAN"}),
    ("unit", "gen", {"kind": "gen", "system": "UNIT (version_02, weight sharing)"}),
]


@pytest.mark.parametrize(
    "system, part, path",
    [
        pytest.param(system, part, path, id=f"{system}-{path.stem}")
        for system, part, wanted in SINGLE
        for path in files_of(**wanted)
        if path is not None
    ],
)
def test_a_generator_alone_comes_back_bit_for_bit(tmp_path, system, part, path):
    networks = {part: Vectors(path).group("param/")}
    checkpoint = convert(tmp_path, system, networks)
    assert_same_again(tmp_path, checkpoint, networks)


@pytest.mark.parametrize("encoder", ["resnet_128", "conv_128"])
@pytest.mark.parametrize("where", ["all", "input"])
def test_bicyclegans_options_are_told_by_its_arrays(tmp_path, where, encoder):
    G = one_of(kind="netG", system="BicycleGAN", where_add=where)
    E = one_of(kind="netE", system="BicycleGAN", netE=encoder)
    weights = E.group("param/")
    for layer in ("fc.0", "fcVar.0"):  # as long a code as the generator's
        for leaf in ("weight", "bias"):
            array = weights[f"{layer}.{leaf}"]
            weights[f"{layer}.{leaf}"] = np.resize(array, (G.config["nz"], *array.shape[1:]))
    networks = {"G": G.group("param/"), "E": weights}
    checkpoint = convert(tmp_path, "bicyclegan", networks)
    found = load_checkpoint(checkpoint).experiment["config"]
    assert (found["adds_to_all"], found["upsampling"]) == (where == "all", G.config["upsample"])
    assert (found["encoder"], found["in_channels"]) == (encoder.partition("_")[0], G.config["input_nc"])
    assert_same_again(tmp_path, checkpoint, networks)


def test_one_of_cyclegans_generators_is_enough_for_one_way(tmp_path):
    vectors = one_of(kind="netG", system="CycleGAN", norm="instance")
    made, _ = load_system(convert(tmp_path, "cyclegan", {"G_A": vectors.group("param/")}))
    assert list(made.networks) == ["G_ab"] and not made.translates_back
    image = jt.array(vectors["input/image"])
    with jt.no_grad(), evaluating(made.networks["G_ab"]):
        ours = vectors.thin("output/image", made.networks["G_ab"](image).numpy())
    assert_close(ours, vectors["output/image"], 1e-4, "image")


def test_the_command_line_knows_the_systems_that_have_a_layout():
    assert tuple(LAYOUTS) == OFFICIAL
