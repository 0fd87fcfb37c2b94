"""Official files made from the reference vectors, converted and exported again."""

import numpy as np
import pytest

from helpers.reference_vectors import Vectors, reference_files
from helpers.same_bytes import assert_same_bytes
from helpers.weight_file_bytes import official_legacy, official_zip
from jittor_tsit.commands.from_official import run_convert
from jittor_tsit.commands.to_official import run_export
from jittor_tsit.conversion.official_names import ENCODER_RULES
from jittor_tsit.conversion.renaming import official_names
from jittor_tsit.conversion.weight_files import read_weights
from jittor_tsit.networks.style_encoder import ConvEncoder


def files_of(**wanted):
    """Paths of vectors, of which there is one at least."""
    return [parameter.values[0] for parameter in reference_files(**wanted)]


def one_of(**wanted):
    path = files_of(**wanted)[0]
    if path is None:
        pytest.skip(f"no reference vectors for {wanted}")
    return Vectors(path)


def with_code(wanted):
    """The first of such vectors whose generator takes a latent code."""
    for path in files_of(**wanted):
        if path is None:
            break
        if Vectors(path).options.get("use_vae"):
            return Vectors(path)
    return pytest.skip(f"no reference vectors with use_vae for {wanted}")


def encoder_for(vectors):
    """Return official arrays of a style encoder for a generator: of a file, or drawn if no file has its sizes."""
    width, z_dim = (vectors.options[name] for name in ("ngf", "z_dim"))
    for path in files_of(kind="conv_encoder", mode="eval"):
        if path is not None and (Vectors(path).options["ngf"], Vectors(path).options["z_dim"]) == (width, z_dim):
            return Vectors(path).group("param/")
    state, rng = ConvEncoder(width, z_dim).state_dict(), np.random.default_rng(0)
    names = official_names(state, ENCODER_RULES)
    return {names[name]: rng.standard_normal(var.shape).astype(np.float32) for name, var in state.items()}


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
            assert_same_bytes(found[key], array, key)


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
