"""`convert` and `export`: official files in, our checkpoint out, and back, for every system.

Weights are those of the reference vectors, under official names; images are compared with the recorded ones.
"""

import jittor as jt
import numpy as np
import pytest
from reference_vectors import Vectors, assert_close, one_hot_with_edges, reference_files
from weight_file_bytes import jittor_bytes, official_legacy, official_sides, official_zip

from data_tools.errors import InputError
from jittor_tsit.convert_command import run_convert
from jittor_tsit.export_command import run_export
from jittor_tsit.layers.mode import evaluating
from jittor_tsit.layers.resize import resize_nearest
from jittor_tsit.models import load_system
from jittor_tsit.training.checkpoint import load_checkpoint
from jittor_tsit.weight_files import read_weights

pytestmark = pytest.mark.reference

WITHOUT_EFFECT = ("num_batches_tracked",)


def files_of(**wanted):
    """Paths of vectors, of which there is one at least."""
    return [parameter.values[0] for parameter in reference_files(**wanted)]


def one_of(**wanted):
    path = files_of(**wanted)[0]
    if path is None:
        pytest.skip(f"no reference vectors for {wanted}")
    return Vectors(path)


def official_weights(vectors, prefix="param/"):
    """A network's arrays as its file has them."""
    return vectors.group(prefix)


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
    """Exported files hold the same arrays, bit for bit; what has no effect may be missing in the older ones."""
    assert run_export(checkpoint, folder / "official") == 0
    written = sorted((folder / "official").iterdir())
    assert len(written) == len(networks)
    found = {path: read_weights(path) for path in written}
    for name, arrays in networks.items():
        path = next(path for path in written if f"_{name}." in path.name or path.name.startswith((name, f"0-{name}")))
        for key, array in arrays.items():
            assert found[path][key].dtype == array.dtype, key
            if not key.endswith(WITHOUT_EFFECT) and "running_" not in key:
                assert found[path][key].tobytes() == array.tobytes(), key


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


def encoder_weights():
    """Of the one recorded, whose width is that of the generators."""
    return official_weights(one_of(kind="conv_encoder", mode="eval"))


GENERATORS = [
    *reference_files(kind="generator", system="TSIT", mode="eval"),
    *reference_files(kind="generator", system="SPADE", mode="eval"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", GENERATORS)
def test_a_converted_generator_makes_the_recorded_image(tmp_path, path, form):
    vectors = Vectors(path)
    networks = {"G": official_weights(vectors)}
    if vectors.options["use_vae"] and vectors.options.get("task") != "AST":
        networks["E"] = encoder_weights()
    system = vectors.config["system"].lower()
    checkpoint = convert(tmp_path, system, networks, *options_of(vectors), write=FORMS[form])
    made, _ = load_system(checkpoint)
    stride = vectors.config.get("output_stride", {}).get("image", 1)
    image = image_of(made, vectors).numpy()[..., ::stride, ::stride]
    assert_close(image, vectors["output/image"], 5e-4, "image")  # the vectors' tolerance for deep generators
    assert_same_again(tmp_path, checkpoint, networks)


@pytest.mark.parametrize(
    "path",
    [path for system in ("TSIT", "SPADE") for path in reference_files(kind="training_steps", system=system)],
)
def test_all_networks_of_a_run_are_converted_and_told_apart_by_their_names(tmp_path, path):
    vectors = Vectors(path)
    prefixes = {name: f"param/net{name}/" for name in ("G", "E", "D")}
    networks = {name: official_weights(vectors, prefix) for name, prefix in prefixes.items()}
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
