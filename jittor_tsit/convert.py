"""Official checkpoint keys and ours, name by name.

Layouts: EndlessSora/TSIT, NVlabs/SPADE, junyanz/pytorch-CycleGAN-and-pix2pix, junyanz/BicycleGAN.
"""

import re
from typing import Dict, Iterable, List, Mapping, Tuple

import numpy as np

from data_tools.errors import InputError

Rules = List[Tuple[str, str]]  # (pattern of our name, official form), applied one after the other

GENERATOR_BLOCKS = (
    "head_0",
    "G_middle_0",
    "G_middle_1",
    "up_0",
    "up_1",
    "up_2",
    "up_3",
    "up_4",
)  # up_4: SPADE's `most` only

BLOCK_RULES: Rules = [
    (r"\bconv_skip\.", "conv_s."),
    (r"\bconv([01])\.", r"conv_\1."),
    (r"\bnorm([01])\.", r"norm_\1."),
    (r"\bnorm_skip\.", "norm_s."),
    (r"\.conv_hidden\.", ".mlp_shared.0."),
    (r"\.conv_(gamma|beta)\.", r".mlp_\1."),
    (r"\.norm\.running_", ".param_free_norm.running_"),
]

SPADE_GENERATOR_RULES: Rules = [
    *[(rf"^blocks\.{k}\.", f"{name}.") for k, name in enumerate(GENERATOR_BLOCKS)],
    *BLOCK_RULES,
    (r"^start\.(conv|linear)\.", "fc."),
    (r"^conv_image\.", "conv_img."),
]

TSIT_GENERATOR_RULES: Rules = [(r"^(content|style)_stream\.blocks\.", r"\1_stream.res_"), *SPADE_GENERATOR_RULES]

ENCODER_RULES: Rules = [
    *[(rf"^convs\.{k}\.", f"layer{k + 1}.0.") for k in range(6)],
    (r"^linear_mu\.", "fc_mu."),
    (r"^linear_logvar\.", "fc_var."),
]


def discriminator_rules(num_layers: int) -> Rules:
    """Rules for a multi-scale discriminator with `num_layers` hidden layers."""
    return [
        (r"^scales\.(\d+)\.", r"discriminator_\1."),
        (r"\.conv_first\.", ".model0.0."),
        *[(rf"\.convs\.{k}\.", f".model{k + 1}.0.0.") for k in range(num_layers - 1)],
        (r"\.conv_logits\.", f".model{num_layers}.0."),
    ]


def unet_rules(num_levels: int) -> Rules:
    """Rules for pix2pix's U-Net, whose official modules lie in each other."""
    rules, last = [], num_levels - 1
    for k in range(num_levels):
        level = "model." if k == 0 else "model.model.1." + "model.3." * (k - 1)
        places = (0, 3) if k == 0 else (1, 3) if k == last else (1, 5)  # of the convolutions in its sequence
        rules += [(rf"^{kind}\.{k}\.", f"{level}model.{place}.") for kind, place in zip(("downs", "ups"), places)]
        if k:
            rules.append((rf"^up_norms\.{k - 1}\.", f"{level}model.{places[1] + 1}."))
        if 0 < k < last:
            rules.append((rf"^down_norms\.{k - 1}\.", f"{level}model.{places[0] + 1}."))
    return rules


def resnet_rules(num_blocks: int) -> Rules:
    """Rules for CycleGAN's generator without dropout."""
    rules = [(r"^stem\.", "model.1."), (r"^norm_stem\.", "model.2.")]
    for k in range(2):
        for kind, place in (("downs", 4), ("ups", 10 + num_blocks)):
            rules.append((rf"^{kind}\.{k}\.", f"model.{place + 3 * k}."))
            rules.append((rf"^{kind[:-1]}_norms\.{k}\.", f"model.{place + 3 * k + 1}."))
    for k in range(num_blocks):
        rules.append((rf"^blocks\.{k}\.", f"model.{10 + k}.conv_block."))
    parts = (("conv0", 1), ("norm0", 2), ("conv1", 5), ("norm1", 6))
    rules += [(rf"\.conv_block\.{part}\.", f".conv_block.{place}.") for part, place in parts]
    return [*rules, (r"^conv_image\.", f"model.{17 + num_blocks}.")]


def plain_patchgan_rules(num_layers: int) -> Rules:
    """Rules for pix2pix's and CycleGAN's discriminator; without layers, for the one of single pixels."""
    sequence, count = ("model", num_layers) if num_layers else ("net", 1)
    rules = [(r"^conv_first\.", f"{sequence}.0."), (r"^conv_logits\.", f"{sequence}.{3 * count + 2}.")]
    for k in range(count):
        rules += [(rf"^convs\.{k}\.", f"{sequence}.{3 * k + 2}."), (rf"^norms\.{k}\.", f"{sequence}.{3 * k + 3}.")]
    return rules


def latent_unet_rules(num_levels: int, adds_to_all: bool, upsampling: str) -> Rules:
    """Rules for BicycleGAN's generator."""
    rules, last, behind = [], num_levels - 1, 2 if upsampling == "bilinear" else 0  # modules before the convolution
    for k in range(num_levels):
        if adds_to_all:
            level = "model." + "submodule." * k
            down, up = f"{level}down.{min(k, 1)}.", f"{level}up.{1 + behind}."
        else:
            level = "model." if k == 0 else "model.model.1." + "model.3." * (k - 1)
            down, up = f"{level}model.{min(k, 1)}.", f"{level}model.{(5 if 0 < k < last else 3) + behind}."
        rules += [(rf"^downs\.{k}\.", down), (rf"^ups\.{k}\.(conv\.)?", up)]
    return rules


def latent_encoder_rules(kind: str, num_layers: int) -> Rules:
    """Rules for BicycleGAN's encoder."""
    rules = [(r"^conv_first\.", "conv.0."), (r"^linear_mu\.", "fc.0."), (r"^linear_logvar\.", "fcVar.0.")]
    for k in range(num_layers):
        if kind == "conv":
            rules.append((rf"^layers\.{k}\.conv\.", f"conv.{3 * k + 2}."))
            continue
        for part, place in (("conv0", "conv.2"), ("conv1", "conv.5.0"), ("conv_skip", "shortcut.1")):
            rules.append((rf"^layers\.{k}\.{part}\.", f"conv.{k + 1}.{place}."))
    return rules


def two_scale_patchgan_rules(num_layers: int) -> Rules:
    """Rules for BicycleGAN's discriminator."""
    rules = [(r"\.conv_first\.", ".0."), (r"\.conv_logits\.", f".{3 * num_layers + 2}.")]
    rules += [(rf"\.convs\.{k}\.", f".{3 * k + 2}.") for k in range(num_layers)]
    return [*rules, (r"^scales\.", "model_")]


def official_names(names: Iterable[str], rules: Rules) -> Dict[str, str]:
    """Our array names -> the official ones. Spectral norm: weight, u, v -> weight_orig, weight_u, weight_v."""
    ours = set(names)
    return {name: _apply(rules, _spectral(name, ours)) for name in ours}


def _spectral(name: str, all_names: set) -> str:
    layer, _, leaf = name.rpartition(".")
    if f"{layer}.u" not in all_names or leaf == "bias":
        return name
    return f"{layer}.weight_{'orig' if leaf == 'weight' else leaf}"


def _apply(rules: Rules, name: str) -> str:
    for pattern, form in rules:
        name = re.sub(pattern, form, name)
    return name


def from_official(
    official: Mapping[str, np.ndarray], shapes: Mapping[str, Tuple[int, ...]], rules: Rules
) -> Dict[str, np.ndarray]:
    """Arrays of an official state dict under our names.

    Args:
        shapes: Our names and shapes; each must be found, and nothing else may be there.

    Raises:
        ValueError: Lists every missing, unexpected and mis-shaped array.
    """
    names = official_names(shapes, rules)
    ignored = {name for name in official if name.endswith("num_batches_tracked")}
    faults = [f"missing {theirs} (for {ours})" for ours, theirs in sorted(names.items()) if theirs not in official]
    faults += [f"unexpected {theirs}" for theirs in sorted(set(official) - set(names.values()) - ignored)]
    faults += [
        f"{theirs} has shape {official[theirs].shape}, not {tuple(shapes[ours])}"
        for ours, theirs in sorted(names.items())
        if theirs in official and official[theirs].shape != tuple(shapes[ours])
    ]
    if faults:
        raise ValueError("; ".join(faults))
    return {ours: official[theirs] for ours, theirs in names.items()}


def require_arrays(arrays: Mapping[str, np.ndarray], shapes: Mapping[str, Tuple[int, ...]], finding: str) -> None:
    """Refuse arrays that do not have just these names and shapes.

    Args:
        finding: Begins the message: the file, and what it is not.

    Raises:
        InputError: Lists every missing, unexpected and mis-shaped array.
    """
    faults = [f"missing {name}" for name in sorted(set(shapes) - set(arrays))]
    faults += [f"unexpected {name}" for name in sorted(set(arrays) - set(shapes))]
    faults += [
        f"{name} has shape {arrays[name].shape}, not {tuple(shapes[name])}"
        for name in sorted(set(arrays) & set(shapes))
        if arrays[name].shape != tuple(shapes[name])
    ]
    if faults:
        raise InputError(f"{finding}: {'; '.join(faults)}")
