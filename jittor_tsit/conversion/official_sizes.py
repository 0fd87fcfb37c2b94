"""Read a system's options from the arrays of official checkpoints: their names and shapes. Imports no Jittor.

Missing arrays are ignored here. They are reported later, when names and shapes are compared.
"""

from __future__ import annotations

import re
from typing import Dict, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

Networks = Mapping[str, Mapping[str, np.ndarray]]  # arrays under official names, by the networks' official names
Value = Union[int, bool, str]


class FileOptions(NamedTuple):
    """Options of a system that were read from the arrays of official files."""

    options: Dict[str, Value]  # field -> value
    label_channels: Optional[int] = None  # number of channels of the one-hot label map, if there is one
    published: Tuple[str, ...] = ()  # field=value of the published models, for fields that no array shows


class _Options(Dict[str, Value]):
    """Options that were found so far, name -> value, with methods that read one more from the arrays of a network."""

    def size(self, field: str, arrays: Mapping[str, np.ndarray], name: str, axis: int, factor: int = 1) -> None:
        """Set the option `field` to the length of one axis of the array `name`, divided by `factor`.

        Nothing is set if there is no such array or axis, or if the length is not a multiple of `factor`.
        """
        if name in arrays and arrays[name].ndim > axis and arrays[name].shape[axis] % factor == 0:
            self[field] = arrays[name].shape[axis] // factor

    def count(self, field: str, arrays: Mapping[str, np.ndarray], pattern: str, plus: int = 0) -> None:
        """Set the option `field` to the number of different texts that the group in `pattern` matches, plus `plus`.

        `pattern` is matched with the beginning of each array name. Nothing is set if no name matches.
        """
        texts = {match[1] for match in map(re.compile(pattern).match, arrays) if match}
        if texts:
            self[field] = len(texts) + plus

    def norm(self, *networks: Mapping[str, np.ndarray]) -> None:
        """Set the option `norm` to "batch" or "instance", from the first of the networks that has arrays.

        Only batch norm stores a scale beside its running statistics.
        """
        for arrays in filter(None, networks):
            layers = [name.rpartition(".")[0] for name in arrays if name.endswith(".running_var")]
            self["norm"] = "batch" if any(f"{layer}.weight" in arrays for layer in layers) else "instance"
            return


def _size(arrays: Mapping[str, np.ndarray], name: str, axis: int) -> Optional[int]:
    return arrays[name].shape[axis] if name in arrays and arrays[name].ndim > axis else None


def tsit(networks: Networks) -> FileOptions:
    """Read TSIT's options. A style stream means style transfer."""
    G, found = networks.get("G", {}), _synthesis(networks)
    if not any(name.startswith("style_stream.") for name in G):
        return FileOptions(found, _size(G, "content_stream.res_0.conv_0.weight_orig", 1))
    published = ("image_width=256", "image_height=256", *(() if networks.get("D") else ("num_layers_D=3",)))
    return FileOptions({**found, "form": "ast"}, published=published)


def spade(networks: Networks) -> FileOptions:
    """Read SPADE's options. A fifth `up` block means upsampling=most; `normal` and `more` have the same arrays."""
    G, found = networks.get("G", {}), _synthesis(networks)
    if any(name.startswith("up_4.") for name in G):
        found["upsampling"] = "most"
    return FileOptions(found, _size(G, "head_0.norm_0.mlp_shared.0.weight", 1))


def _synthesis(networks: Networks) -> Dict[str, Value]:
    G, D, found = networks.get("G", {}), networks.get("D", {}), _Options()
    found.size("width", G, "head_0.conv_0.weight_orig", 0, 16)
    if G:
        found["norm_G"] = "batch" if any(name.endswith(".running_var") for name in G) else "instance"
    if "fc.weight" in G:
        found["use_vae"] = G["fc.weight"].ndim == 2
        if found["use_vae"]:
            found.size("z_dim", G, "fc.weight", 1)
    found.count("num_scales_D", D, r"discriminator_(\d+)\.")
    found.count("num_layers_D", D, r"discriminator_0\.model(\d+)\.", plus=-1)
    found.size("width_D", D, "discriminator_0.model0.0.weight", 0)
    return found


def pix2pix(networks: Networks) -> FileOptions:
    """Read pix2pix's options. The depth of nested modules is the number of levels, unless it is a ResNet."""
    G, found = networks.get("G", {}), _patchgan(networks.get("D", {}))
    found.norm(G, networks.get("D", {}))
    if any(".conv_block." in name for name in G):
        found["generator"] = "resnet"
        _resnet(found, G)
        return FileOptions(found)
    found.update({"generator": "unet"} if G else {})
    found.count("num_levels", G, r"model\.model\.1\.((?:model\.3\.)*)model\.1\.weight", plus=1)
    found.size("width", G, "model.model.0.weight", 0)
    found.size("in_channels", G, "model.model.0.weight", 1)
    found.size("out_channels", G, "model.model.3.weight", 1)
    return FileOptions(found)


def _resnet(found: _Options, G: Mapping[str, np.ndarray]) -> None:
    """Add the options of CycleGAN's generator to `found`: blocks, width, channels, and whether it has dropout.

    Args:
        G: Arrays of the generator by official names. With dropout, the second convolution of a block has another
            number.
    """
    found.count("num_blocks", G, r"model\.(\d+)\.conv_block\.")
    found.size("width", G, "model.1.weight", 0)
    found.size("in_channels", G, "model.1.weight", 1)
    places = [int(match[1]) for match in map(re.compile(r"model\.(\d+)\.weight").match, _convs(G)) if match]
    found.size("out_channels", G, f"model.{max(places, default=0)}.weight", 0)
    for place, has_dropout in ((5, False), (6, True)):
        if any(name.endswith(f".conv_block.{place}.weight") for name in _convs(G)):
            found["dropout"] = has_dropout


def _convs(arrays: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """Return only the arrays with four axes: the kernels of convolutions."""
    return {name: array for name, array in arrays.items() if array.ndim == 4}


def _patchgan(D: Mapping[str, np.ndarray]) -> _Options:
    """Read the options of pix2pix's discriminator. An array `net` means the discriminator of single pixels."""
    found = _Options()
    convs = [int(match[1]) for match in map(re.compile(r"model\.(\d+)\.weight").match, D) if match]
    if convs:
        found["num_layers_D"] = (max(convs) - 2) // 3
    elif "net.0.weight" in D:
        found["num_layers_D"] = 0
    found.size("width_D", D, "model.0.weight", 0)
    found.size("width_D", D, "net.0.weight", 0)
    return found


def cyclegan(networks: Networks) -> FileOptions:
    """Read CycleGAN's options. Without an equal number of channels in both domains there is no identity loss."""
    G = networks.get("G_A") or networks.get("G_B") or {}
    D = networks.get("D_A") or networks.get("D_B") or {}
    found = _patchgan(D)
    _resnet(found, G)
    found.norm(G, D)
    channels = found.pop("in_channels", 3), found.pop("out_channels", 3)
    a, b = channels if networks.get("G_A") else channels[::-1]  # G_B translates from b to a
    found.update({"in_channels": a, "out_channels": b} if G else {})
    return FileOptions(found, published=() if a == b else ("weights.idt_a=0", "weights.idt_b=0"))


def simgan(networks: Networks) -> FileOptions:
    """Read SimGAN's options. The size of the first kernel shows whether it is for hands or for eyes."""
    R, found = networks.get("R", {}), _Options()
    found.size("channels", R, "conv_1.0.weight", 1)
    found.size("width", R, "conv_1.0.weight", 0)
    kernel = _size(R, "conv_1.0.weight", 2)
    if kernel == 7:
        return FileOptions({**found, "kind": "hand"}, published=("image_width=224", "image_height=224"))
    return FileOptions({**found, "kind": "gaze"})


def unit(networks: Networks) -> FileOptions:
    """Read the options of UNIT, of the paper's code or of the rewrite. Names of the rewrite begin with the domain."""
    G, D, found = networks.get("gen", {}), networks.get("dis", {}), _Options()
    if any(name.startswith("a.") for name in (*G, *D)):
        found["form"] = "rewrite"
        found.count("num_blocks", G, r"a\.enc\.model\.3\.model\.(\d+)\.")
        found.size("width", G, "a.enc.model.0.conv.weight", 0)
        found.size("in_channels", G, "a.enc.model.0.conv.weight", 1)
        found.size("out_channels", G, "b.enc.model.0.conv.weight", 1)
        found.count("num_layers_D", D, r"a\.cnns\.0\.(\d+)\.conv\.")
        found.size("width_D", D, "a.cnns.0.0.conv.weight", 0)
        return FileOptions(found)
    found["form"] = "paper"
    found.count("num_blocks", G, r"encode_A\.(\d+)\.model\.3\.")
    found.size("width", G, "encode_A.0.model.0.weight", 0)
    found.size("in_channels", G, "encode_A.0.model.0.weight", 1)
    found.size("out_channels", G, "encode_B.0.model.0.weight", 1)
    for kind, stack, first in _UNIT_DISCRIMINATORS:
        if f"{first}.0.model.0.weight" in D and any(name.startswith(f"{stack}.") for name in D):
            found["discriminator"] = kind
            found.count("num_layers_D", D, rf"{stack}\.(\d+)\.model\.")
            found.size("width_D", D, f"{first}.0.model.0.weight", 0)
            break
    return FileOptions(found)


# (kind, stack whose layers are counted, stack with the first layer); the first entry that fits is used
_UNIT_DISCRIMINATORS: Tuple[Tuple[str, str, str], ...] = (
    ("shared", "model_S", "model_A"),
    ("separate", "model_A", "model_A"),
    ("pyramid", "model_1_A", "model_1_A"),
)


def bicyclegan(networks: Networks) -> FileOptions:
    """Read BicycleGAN's options. The length of the latent code (z_dim) is read from the encoder.

    The generator's first layer has in_channels + z_dim input channels.
    """
    G, E, found = networks.get("G", {}), networks.get("E", {}), _Options()
    found.size("z_dim", E, "fc.0.weight", 0)
    found.size("width_E", E, "conv.0.weight", 0)
    if E:
        found["encoder"] = "resnet" if any(".shortcut." in name for name in E) else "conv"
        layer = r"conv\.(\d+)\.shortcut\." if found["encoder"] == "resnet" else r"conv\.([1-9]\d*)\.weight"
        found.count("num_layers_E", _convs(E), layer)
    found["adds_to_all"] = any(name.startswith("model.down.") for name in G)
    if found["adds_to_all"]:
        found.count("num_levels", G, r"model\.((?:submodule\.)*)down\.")
        stem, up = "model.down.0.weight", "model.up.{}.weight"
    else:
        found.count("num_levels", G, r"model\.model\.1\.((?:model\.3\.)*)model\.1\.weight", plus=1)
        stem, up = "model.model.0.weight", "model.model.{}.weight"
    places = (
        (1, 3) if found["adds_to_all"] else (3, 5)
    )  # number of the last convolution with basic and with bilinear upsampling
    for kind, place, axis in zip(("basic", "bilinear"), places, (1, 0)):  # a transposed convolution, a convolution
        found.update({"upsampling": kind} if up.format(place) in G else {})
        found.size("out_channels", G, up.format(place), axis)
    found.size("width", G, stem, 0)
    stem_channels, second = _size(G, stem, 1), _size(G, "model.submodule.down.1.weight", 1)
    published: Tuple[str, ...] = ()
    if second and "width" in found:
        found.setdefault("z_dim", second - int(found["width"]))  # the code also enters the second level
    if stem_channels and "z_dim" in found:
        found["in_channels"] = stem_channels - int(found["z_dim"])
    elif stem_channels:
        in_channels = 1 if stem_channels == 9 else 3  # the published latent codes have 8 values
        published = f"in_channels={in_channels}", f"z_dim={stem_channels - in_channels}"
    for D in filter(None, (networks.get("D"), networks.get("D2"))):
        found.count("num_layers_D", _convs(D), r"model_0\.(\d+)\.weight", plus=-2)
        found.size("width_D", D, "model_0.0.weight", 0)
    found.norm(G, E, networks.get("D", {}), networks.get("D2", {}))
    if found.get("norm") == "instance":
        del found["norm"]  # instance norm here has the same arrays as no norm
    return FileOptions(found, published=published)


def stargan(networks: Networks) -> FileOptions:
    """Read StarGAN's options. The kernel for the label has the size of the last features, hence the image size."""
    G, D, found = networks.get("G", {}), networks.get("D", {}), _Options()
    found.count("num_blocks", G, r"main\.(\d+)\.main\.0\.")
    found.size("width", G, "main.0.weight", 0)
    found.count("num_layers_D", D, r"main\.(\d+)\.weight")
    found.size("width_D", D, "main.0.weight", 0)
    for field, axis in (("image_height", 2), ("image_width", 3)):
        side = _size(D, "conv2.weight", axis)
        found.update({field: side << int(found["num_layers_D"])} if side and "num_layers_D" in found else {})
    return FileOptions(found)
