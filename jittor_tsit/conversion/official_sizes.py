"""What the arrays of official checkpoints say of a system's options. Imports no Jittor.

An array that is not there says nothing; that it is missing is said where names and shapes are compared.
"""

from __future__ import annotations

import re
from typing import Dict, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

Networks = Mapping[str, Mapping[str, np.ndarray]]  # arrays under official names, by the networks' official names
Value = Union[int, bool, str]


class Told(NamedTuple):
    """What arrays say."""

    options: Dict[str, Value]  # by field
    label_channels: Optional[int] = None  # of a label map in one-hot form, where there is one
    usual: Tuple[str, ...] = ()  # field=value that no array tells, as the published models of this kind have it


class _Told(Dict[str, Value]):
    """Options, to which those are added that an array tells."""

    def size(self, field: str, arrays: Mapping[str, np.ndarray], name: str, axis: int, factor: int = 1) -> None:
        """An option that is an axis' length divided by a factor."""
        if name in arrays and arrays[name].ndim > axis and arrays[name].shape[axis] % factor == 0:
            self[field] = arrays[name].shape[axis] // factor

    def count(self, field: str, arrays: Mapping[str, np.ndarray], pattern: str, plus: int = 0) -> None:
        """An option that is the number of different texts that the pattern's group matches, and so many more."""
        found = {match[1] for match in map(re.compile(pattern).match, arrays) if match}
        if found:
            self[field] = len(found) + plus

    def norm(self, *networks: Mapping[str, np.ndarray]) -> None:
        """Batch norm has a scale beside its statistics."""
        for arrays in filter(None, networks):
            layers = [name.rpartition(".")[0] for name in arrays if name.endswith(".running_var")]
            self["norm"] = "batch" if any(f"{layer}.weight" in arrays for layer in layers) else "instance"
            return


def _size(arrays: Mapping[str, np.ndarray], name: str, axis: int) -> Optional[int]:
    return arrays[name].shape[axis] if name in arrays and arrays[name].ndim > axis else None


def tsit(networks: Networks) -> Told:
    """TSIT: the streams say whether there is a style image."""
    G, told = networks.get("G", {}), _synthesis(networks)
    if not any(name.startswith("style_stream.") for name in G):
        return Told(told, _size(G, "content_stream.res_0.conv_0.weight_orig", 1))
    usual = ("image_width=256", "image_height=256", *(() if networks.get("D") else ("num_layers_D=3",)))
    return Told({**told, "form": "ast"}, usual=usual)


def spade(networks: Networks) -> Told:
    """SPADE: a fifth `up` says `most`; `normal` and `more` have the same arrays."""
    G, told = networks.get("G", {}), _synthesis(networks)
    if any(name.startswith("up_4.") for name in G):
        told["upsampling"] = "most"
    return Told(told, _size(G, "head_0.norm_0.mlp_shared.0.weight", 1))


def _synthesis(networks: Networks) -> Dict[str, Value]:
    G, D, told = networks.get("G", {}), networks.get("D", {}), _Told()
    told.size("width", G, "head_0.conv_0.weight_orig", 0, 16)
    if "fc.weight" in G:
        told["use_vae"] = G["fc.weight"].ndim == 2
        if told["use_vae"]:
            told.size("z_dim", G, "fc.weight", 1)
    told.count("num_scales_D", D, r"discriminator_(\d+)\.")
    told.count("num_layers_D", D, r"discriminator_0\.model(\d+)\.", plus=-1)
    told.size("width_D", D, "discriminator_0.model0.0.weight", 0)
    return told


def pix2pix(networks: Networks) -> Told:
    """pix2pix: as many levels as its modules lie in each other, unless it is a ResNet."""
    G, told = networks.get("G", {}), _patchgan(networks.get("D", {}))
    told.norm(G, networks.get("D", {}))
    if any(".conv_block." in name for name in G):
        told["generator"] = "resnet"
        _resnet(told, G)
        return Told(told)
    told.update({"generator": "unet"} if G else {})
    told.count("num_levels", G, r"model\.model\.1\.((?:model\.3\.)*)model\.1\.weight", plus=1)
    told.size("width", G, "model.model.0.weight", 0)
    return Told(told)


def _resnet(told: _Told, G: Mapping[str, np.ndarray]) -> None:
    """A residual generator; dropout moves the second convolution of its blocks by a place."""
    told.count("num_blocks", G, r"model\.(\d+)\.conv_block\.")
    told.size("width", G, "model.1.weight", 0)
    for place, has_dropout in ((5, False), (6, True)):
        if any(name.endswith(f".conv_block.{place}.weight") for name in _convs(G)):
            told["dropout"] = has_dropout


def _convs(arrays: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """Without scales of norms and all else that is no kernel."""
    return {name: array for name, array in arrays.items() if array.ndim == 4}


def _patchgan(D: Mapping[str, np.ndarray]) -> _Told:
    """A plain discriminator; `net` judges single pixels."""
    told = _Told()
    convs = [int(match[1]) for match in map(re.compile(r"model\.(\d+)\.weight").match, D) if match]
    if convs:
        told["num_layers_D"] = (max(convs) - 2) // 3
    elif "net.0.weight" in D:
        told["num_layers_D"] = 0
    told.size("width_D", D, "model.0.weight", 0)
    told.size("width_D", D, "net.0.weight", 0)
    return told


def cyclegan(networks: Networks) -> Told:
    """CycleGAN."""
    G = networks.get("G_A") or networks.get("G_B") or {}
    D = networks.get("D_A") or networks.get("D_B") or {}
    told = _patchgan(D)
    _resnet(told, G)
    told.norm(G, D)
    return Told(told)


def simgan(networks: Networks) -> Told:
    """SimGAN: the size of the first kernel says for what it was made."""
    R, told = networks.get("R", {}), _Told()
    told.size("channels", R, "conv_1.0.weight", 1)
    told.size("width", R, "conv_1.0.weight", 0)
    kernel = _size(R, "conv_1.0.weight", 2)
    if kernel == 7:
        return Told({**told, "kind": "hand"}, usual=("image_width=224", "image_height=224"))
    return Told({**told, "kind": "gaze"})


def unit(networks: Networks) -> Told:
    """UNIT, of the paper's code or of the rewrite, whose names begin with the side."""
    G, D, told = networks.get("gen", {}), networks.get("dis", {}), _Told()
    if any(name.startswith("a.") for name in (*G, *D)):
        told["form"] = "rewrite"
        told.count("num_blocks", G, r"a\.enc\.model\.3\.model\.(\d+)\.")
        told.size("width", G, "a.enc.model.0.conv.weight", 0)
        told.count("num_layers_D", D, r"a\.cnns\.0\.(\d+)\.conv\.")
        told.size("width_D", D, "a.cnns.0.0.conv.weight", 0)
        return Told(told)
    told["form"] = "paper"
    told.count("num_blocks", G, r"encode_A\.(\d+)\.model\.3\.")
    told.size("width", G, "encode_A.0.model.0.weight", 0)
    for kind, stack, first in _UNIT_DISCRIMINATORS:
        if f"{first}.0.model.0.weight" in D and any(name.startswith(f"{stack}.") for name in D):
            told["discriminator"] = kind
            told.count("num_layers_D", D, rf"{stack}\.(\d+)\.model\.")
            told.size("width_D", D, f"{first}.0.model.0.weight", 0)
            break
    return Told(told)


# kind, stack whose layers count, stack with the first layer; the first that fits
_UNIT_DISCRIMINATORS: Tuple[Tuple[str, str, str], ...] = (
    ("shared", "model_S", "model_A"),
    ("separate", "model_A", "model_A"),
    ("pyramid", "model_1_A", "model_1_A"),
)


def bicyclegan(networks: Networks) -> Told:
    """BicycleGAN: the length of the code says what else comes into the generator, and the encoder tells it."""
    G, E, told = networks.get("G", {}), networks.get("E", {}), _Told()
    told.size("z_dim", E, "fc.0.weight", 0)
    told.size("width_E", E, "conv.0.weight", 0)
    if E:
        told["encoder"] = "resnet" if any(".shortcut." in name for name in E) else "conv"
        layer = r"conv\.(\d+)\.shortcut\." if told["encoder"] == "resnet" else r"conv\.([1-9]\d*)\.weight"
        told.count("num_layers_E", _convs(E), layer)
    told["adds_to_all"] = any(name.startswith("model.down.") for name in G)
    if told["adds_to_all"]:
        told.count("num_levels", G, r"model\.((?:submodule\.)*)down\.")
        stem, up = "model.down.0.weight", "model.up.{}.weight"
    else:
        told.count("num_levels", G, r"model\.model\.1\.((?:model\.3\.)*)model\.1\.weight", plus=1)
        stem, up = "model.model.0.weight", "model.model.{}.weight"
    places = (1, 3) if told["adds_to_all"] else (3, 5)  # of the last convolution: basic, bilinear
    for kind, place in zip(("basic", "bilinear"), places):
        told.update({"upsampling": kind} if up.format(place) in G else {})
    told.size("width", G, stem, 0)
    stem_channels, second = _size(G, stem, 1), _size(G, "model.submodule.down.1.weight", 1)
    usual: Tuple[str, ...] = ()
    if second and "width" in told:
        told.setdefault("z_dim", second - told["width"])  # the code comes into the second level, too
    if stem_channels and "z_dim" in told:
        told["in_channels"] = stem_channels - told["z_dim"]
    elif stem_channels:
        in_channels = 1 if stem_channels == 9 else 3  # the published codes have 8 values
        usual = f"in_channels={in_channels}", f"z_dim={stem_channels - in_channels}"
    for D in filter(None, (networks.get("D"), networks.get("D2"))):
        told.count("num_layers_D", _convs(D), r"model_0\.(\d+)\.weight", plus=-2)
        told.size("width_D", D, "model_0.0.weight", 0)
    told.norm(G, E, networks.get("D", {}), networks.get("D2", {}))
    if told.get("norm") == "instance":
        del told["norm"]  # its arrays are those of no norm at all
    return Told(told, usual=usual)


def stargan(networks: Networks) -> Told:
    """StarGAN: the kernel that reads the label is as large as the last features, which says the image's size."""
    G, D, told = networks.get("G", {}), networks.get("D", {}), _Told()
    told.count("num_blocks", G, r"main\.(\d+)\.main\.0\.")
    told.size("width", G, "main.0.weight", 0)
    told.count("num_layers_D", D, r"main\.(\d+)\.weight")
    told.size("width_D", D, "main.0.weight", 0)
    for field, axis in (("image_height", 2), ("image_width", 3)):
        side = _size(D, "conv2.weight", axis)
        told.update({field: side << told["num_layers_D"]} if side and "num_layers_D" in told else {})
    return Told(told)
