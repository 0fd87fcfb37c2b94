"""`convert` and `export`: official files in, our checkpoint out, and back, for every system.

Weights are those of the reference vectors, under official names; images are compared with the recorded ones.
"""

from pathlib import Path

import jittor as jt
import numpy as np
import pytest
from reference_vectors import Vectors, assert_close, one_hot_with_edges, reference_files
from weight_file_bytes import jittor_bytes, official_legacy, official_sides, official_zip

from data_tools.errors import InputError
from jittor_tsit.convert import official_names
from jittor_tsit.convert_command import run_convert
from jittor_tsit.export_command import run_export
from jittor_tsit.layers.mode import evaluating
from jittor_tsit.layers.norm import SpectralConv
from jittor_tsit.layers.resize import average2x, resize_nearest
from jittor_tsit.models import load_system
from jittor_tsit.networks.tsit import Stream
from jittor_tsit.official_keys import TSIT_GENERATOR_RULES
from jittor_tsit.training.checkpoint import load_checkpoint, save_checkpoint
from jittor_tsit.weight_files import read_weights

pytestmark = pytest.mark.reference


def files_of(**wanted):
    """Paths of vectors, of which there is one at least."""
    return [parameter.values[0] for parameter in reference_files(**wanted)]


def one_of(**wanted):
    path = files_of(**wanted)[0]
    if path is None:
        pytest.skip(f"no reference vectors for {wanted}")
    return Vectors(path)


def parametrized(arrays):
    """In the spelling of torch.nn.utils.parametrizations."""
    forms = {"weight_orig": "parametrizations.weight.original"}
    forms.update({f"weight_{leaf}": f"parametrizations.weight.0._{leaf}" for leaf in "uv"})
    renamed = {}
    for name, array in arrays.items():
        layer, _, leaf = name.rpartition(".")
        renamed[f"{layer}.{forms.get(leaf, leaf)}"] = array
    return renamed


def parallel_names(arrays):
    """As DataParallel has them."""
    return {f"module.{name}": array for name, array in arrays.items()}


OFFICIAL_FILES = "latest_net_{}.pth", "0-{}.ckpt", "{}_0.pkl", "{}_00000000.pkl", "{}_00000000.pt"

FORMS = {
    "zip": official_zip,
    "legacy": official_legacy,
    "zip of DataParallel": lambda arrays: official_zip(parallel_names(arrays)),
    "legacy of DataParallel": lambda arrays: official_legacy(parallel_names(arrays)),
    "zip of parametrizations": lambda arrays: official_zip(parametrized(arrays)),
    "legacy of parametrizations": lambda arrays: official_legacy(parametrized(arrays)),
}


def convert(folder, system, networks, *options, write=official_zip):
    """Our checkpoint of networks by official name, each in a file of its own."""
    words = []
    for name, arrays in networks.items():
        path = folder / f"latest_net_{name}.pth"
        path.write_bytes(write(arrays))
        words.append(f"{name}={path}")
    out = folder / "ours.safetensors"
    assert run_convert(words, system, out, options) == 0
    return out


def assert_same_again(folder, checkpoint, networks):
    """Exported files have the official names and hold the same arrays, bit for bit."""
    assert run_export(checkpoint, folder / "official") == 0
    written = {path.name: read_weights(path) for path in (folder / "official").iterdir()}
    assert len(written) == len(networks)
    for name, arrays in networks.items():
        found = next(written[file.format(name)] for file in OFFICIAL_FILES if file.format(name) in written)
        assert set(found) >= set(arrays)
        for key, array in arrays.items():
            assert (found[key].dtype, found[key].shape) == (array.dtype, array.shape), key
            assert found[key].tobytes() == array.tobytes(), key


def options_of(vectors):
    """What no array tells, as the command line has it."""
    options = vectors.options
    if options.get("task") == "AST":
        return ()
    height = round(options["crop_size"] / options["aspect_ratio"])
    words = [f"image_width={options['crop_size']}", f"image_height={height}"]
    if options.get("contain_dontcare_label", False):
        words.append(f"unknown_id={options['label_nc']}")
    if not options.get("no_instance", True):
        words.append("instance_edges=true")
    if options.get("num_upsampling_layers", "normal") == "more" and vectors.config["system"] == "SPADE":
        words.append("upsampling=more")
    return words


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
        networks["E"] = one_of(kind="conv_encoder", mode="eval").group("param/")  # as wide as the generators
    checkpoint = convert(tmp_path, vectors.config["system"].lower(), networks, *options_of(vectors))
    made, _ = load_system(checkpoint)
    stride = vectors.config.get("output_stride", {}).get("image", 1)
    image = image_of(made, vectors).numpy()[..., ::stride, ::stride]
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
    assert all(other.arrays[name].tobytes() == array.tobytes() for name, array in plain.items())


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


STEPS = {  # files of short runs: their networks' prefixes, and options that no array tells
    "pix2pix": ({"G": "netG", "D": "netD"}, ()),
    "CycleGAN": ({name: f"net{name}" for name in ("G_A", "G_B", "D_A", "D_B")}, ()),
    "BicycleGAN": ({name: f"net{name}" for name in ("G", "E", "D", "D2")}, ()),
    "StarGAN": ({"G": "G", "D": "D"}, ()),
    "UNIT (version_02, weight sharing)": ({"gen": "gen", "dis": "dis"}, ()),
    "SimGAN (unofficial implementation)": ({"R": "R", "D": "D"}, ()),
}
OURS = {
    **{name: name.partition(" ")[0].lower() for name in STEPS},
    "UNIT (master, no weight sharing)": "unit",
}


@pytest.mark.parametrize("name", STEPS)
def test_networks_of_the_other_systems_come_back_bit_for_bit(tmp_path, name):
    prefixes, options = STEPS[name]
    vectors = one_of(kind="training_steps", system=name)
    networks = {part: vectors.group(f"param/{prefix}/") for part, prefix in prefixes.items()}
    checkpoint = convert(tmp_path, OURS[name], networks, *options)
    load_system(checkpoint)
    assert_same_again(tmp_path, checkpoint, networks)
    ours = load_checkpoint(checkpoint).arrays  # each array is there, under some name
    theirs = sorted(array.tobytes() for arrays in networks.values() for array in arrays.values())
    assert sorted(array.tobytes() for array in ours.values()) == theirs


def test_the_two_sides_of_units_rewrite_lie_in_one_file(tmp_path):
    name = "UNIT (master, no weight sharing)"
    vectors, words = one_of(kind="training_steps", system=name), []
    networks = {
        part: {side: vectors.group(f"param/{part}_{side}/") for side in "ab"} for part in ("gen", "dis")
    }
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
    ("pix2pix", "G", {"kind": "netG", "system": "pix2pix"}, ()),
    ("cyclegan", "G_A", {"kind": "netG", "system": "CycleGAN"}, ()),
    ("stargan", "G", {"kind": "G", "system": "StarGAN"}, ()),
    ("unit", "gen", {"kind": "gen", "system": "UNIT (version_02, weight sharing)"}, ()),
]


@pytest.mark.parametrize(
    "system, part, path",
    [
        pytest.param(system, part, path, id=f"{system}-{path.stem}")
        for system, part, wanted, _ in SINGLE
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
            weights[f"{layer}.{leaf}"] = weights[f"{layer}.{leaf}"][: G.config["nz"]]
    networks = {"G": G.group("param/"), "E": weights}
    checkpoint = convert(tmp_path, "bicyclegan", networks)
    found = load_checkpoint(checkpoint).experiment["config"]
    assert (found["adds_to_all"], found["upsampling"]) == (where == "all", G.config["upsample"])
    assert (found["encoder"], found["in_channels"]) == (encoder.partition("_")[0], G.config["input_nc"])
    assert_same_again(tmp_path, checkpoint, networks)


def test_one_of_cyclegans_generators_is_enough_for_one_way(tmp_path):
    vectors = one_of(kind="netG", system="CycleGAN", norm="instance")
    made, _ = load_system(convert(tmp_path, "cyclegan", {"G_A": vectors.group("param/")}))
    assert list(made.networks) == ["G_ab"] and not made.has_way_back
    image = jt.array(vectors["input/image"])
    with jt.no_grad(), evaluating(made.networks["G_ab"]):
        assert_close(made.networks["G_ab"](image), vectors["output/image"], 1e-4, "image")


# ---- The contest team's port


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
    vectors = one_of(kind="generator", system="TSIT", mode="eval", **{})
    path = next(p for p in files_of(kind="generator", system="TSIT", mode="eval") if "vae" in p.stem)
    vectors = Vectors(path)
    port = as_port(vectors.group("param/"), rng)
    networks = {"G": port, "E": as_port(one_of(kind="conv_encoder", mode="eval").group("param/"), rng)}
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
            np.testing.assert_allclose(layer.normalized_weight().numpy(), port[f"{theirs}.weight"], rtol=2e-5, atol=1e-7)


def test_the_contest_teams_255_channels_of_a_label_map_are_kept(tmp_path, rng):
    path = next(p for p in files_of(kind="generator", system="TSIT", mode="eval") if "vae" in p.stem)
    vectors = Vectors(path)
    weights, first = vectors.group("param/"), "content_stream.res_0"
    grown = {"conv_0.weight_orig": (255, 255, 3, 3), "conv_0.bias": (255,), "conv_0.weight_u": (255,)}
    grown.update({"conv_0.weight_v": (9 * 255,), "conv_1.weight_orig": (2, 255, 3, 3), "conv_1.weight_v": (9 * 255,)})
    grown.update({"conv_s.weight_orig": (2, 255, 1, 1), "conv_s.weight_v": (255,)})
    for name, shape in grown.items():
        weights[f"{first}.{name}"] = rng.standard_normal(shape).astype(np.float32)
    networks = {"G": as_port(weights, rng), "E": as_port(one_of(kind="conv_encoder", mode="eval").group("param/"), rng)}
    made, experiment = load_system(convert(tmp_path, "tsit", networks, *options_of(vectors), write=jittor_bytes))
    assert experiment.data.num_classes == made.in_channels == 255


def test_the_streams_shrink_bilinearly_as_jittor_does(rng):
    x = jt.array(rng.standard_normal((1, 2, 4, 6)).astype(np.float32))
    np.testing.assert_allclose(average2x(x).numpy(), jt.nn.interpolate(x, scale_factor=0.5).numpy(), atol=1e-6)
    assert Stream(3, 1, "bilinear").downsample is average2x


# ---- Faults


@pytest.fixture
def spade():
    """Weights of a generator, and the options that they do not tell."""
    vectors = one_of(kind="generator", system="SPADE", mode="eval", network="SPADEGenerator (more)")
    return vectors.group("param/"), options_of(vectors)


def refused(folder, system, networks, *options):
    """The one line with which files are refused, after which there is no checkpoint."""
    with pytest.raises(InputError) as caught:
        convert(folder, system, networks, *options)
    assert not (folder / "ours.safetensors").exists() and "\n" not in str(caught.value)
    return str(caught.value)


def test_every_wrong_array_is_named(tmp_path, spade):
    weights, options = spade
    conv = weights.pop("conv_img.bias")
    del weights["up_3.conv_0.weight_u"]
    weights["extra.weight"] = conv
    weights["up_2.conv_1.bias"] = np.zeros(3, np.float32)
    said = refused(tmp_path, "spade", {"G": weights}, *options)
    for fault in (
        "latest_net_G.pth: ",
        "missing conv_img.bias",
        "missing up_3.conv_0.weight_u",
        "unexpected extra.weight",
        "up_2.conv_1.bias has shape (3,)",
    ):
        assert fault in said


def test_options_that_contradict_the_arrays_are_refused(tmp_path, spade):
    weights, options = spade
    assert "width=3: the arrays say 2" in refused(tmp_path, "spade", {"G": weights}, *options, "width=3")
    said = refused(tmp_path, "spade", {"G": weights}, *options, "num_classes=10")
    assert "num_classes=10" in said and "29" in said
    assert "no such field" in refused(tmp_path, "spade", {"G": weights}, *options, "widht=3")


def test_a_file_of_another_system_or_network_is_refused(tmp_path, spade):
    weights, _ = spade
    path = tmp_path / "x.pth"
    path.write_bytes(official_zip(weights))
    for system in ("pix2pix", "cyclegan", "unit", "bicyclegan", "stargan", "simgan"):
        with pytest.raises(InputError, match=f"x.pth: holds no network of {system}"):
            run_convert([str(path)], system, tmp_path / "ours.safetensors", ())
    with pytest.raises(InputError, match="both hold G"):
        run_convert([str(path), str(path)], "spade", tmp_path / "ours.safetensors", ())
    with pytest.raises(InputError, match="must end in .safetensors"):
        run_convert([str(path)], "spade", tmp_path / "ours.pth", ())


def test_names_that_tell_no_direction_ask_for_one(tmp_path):
    weights = one_of(kind="netG", system="CycleGAN", norm="instance").group("param/")
    path = tmp_path / "horse2zebra.pth"
    path.write_bytes(official_zip(weights))
    with pytest.raises(InputError, match="G_A, G_B alike; write G_A="):
        run_convert([str(path)], "cyclegan", tmp_path / "ours.safetensors", ())
    path = path.rename(tmp_path / "latest_net_G_B.pth")
    with pytest.raises(InputError, match="lacks G_A"):  # the file's own name told which it is
        run_convert([str(path)], "cyclegan", tmp_path / "ours.safetensors", ())


def test_a_missing_encoder_is_asked_for(tmp_path):
    path = next(p for p in files_of(kind="generator", system="TSIT", mode="eval") if "vae" in p.stem)
    vectors = Vectors(path)
    assert "lacks E" in refused(tmp_path, "tsit", {"G": vectors.group("param/")}, *options_of(vectors))


def test_numbers_that_float32_cannot_hold_are_refused(tmp_path, spade):
    weights, options = spade
    weights["conv_img.bias"] = np.array([1 / 3, 0, 0])
    with pytest.raises(InputError, match=r"float32 cannot: conv_img.bias \(float64\)"):
        convert(tmp_path, "spade", {"G": weights}, *options, write=jittor_bytes)


def test_a_checkpoint_with_self_attention_is_not_exported(tmp_path, spade):
    weights, options = spade
    checkpoint = load_checkpoint(convert(tmp_path, "spade", {"G": weights}, *options))
    checkpoint.experiment["config"]["attention_D"] = 2
    save_checkpoint(tmp_path / "other.safetensors", checkpoint)
    with pytest.raises(InputError, match="attention_D=2"):
        run_export(tmp_path / "other.safetensors", tmp_path / "official")
    assert not (tmp_path / "official").exists()
