"""Rules that turn our array names into those of official checkpoints. Imports no Jittor.

Official code: EndlessSora/TSIT, NVlabs/SPADE, junyanz/pytorch-CycleGAN-and-pix2pix, junyanz/BicycleGAN, yunjey/stargan,
mingyuliutw/UNIT (version_02 and master), daniel-merrick's SimGAN.
"""

from __future__ import annotations

from typing import List, Tuple

Rules = List[Tuple[str, str]]  # (regular expression for our name, replacement), applied one after the other

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
    """Return the rules that turn our array names of a multi-scale discriminator into the official ones.

    Args:
        num_layers: Number of hidden layers.
    """
    return [
        (r"^scales\.(\d+)\.", r"discriminator_\1."),
        (r"\.conv_first\.", ".model0.0."),
        *[(rf"\.convs\.{k}\.", f".model{k + 1}.0.0.") for k in range(num_layers - 1)],
        (r"\.conv_logits\.", f".model{num_layers}.0."),
    ]


def unet_rules(num_levels: int) -> Rules:
    """Return the rules that turn our array names of pix2pix's U-Net into the official ones (nested modules)."""
    rules, last = [], num_levels - 1
    for k in range(num_levels):
        level = "model." if k == 0 else "model.model.1." + "model.3." * (k - 1)
        places = (0, 3) if k == 0 else (1, 3) if k == last else (1, 5)  # positions of the convolutions in its sequence
        rules += [(rf"^{kind}\.{k}\.", f"{level}model.{place}.") for kind, place in zip(("downs", "ups"), places)]
        if k:
            rules.append((rf"^up_norms\.{k - 1}\.", f"{level}model.{places[1] + 1}."))
        if 0 < k < last:
            rules.append((rf"^down_norms\.{k - 1}\.", f"{level}model.{places[0] + 1}."))
    return rules


def resnet_rules(num_blocks: int, has_dropout: bool = False) -> Rules:
    """Return the rules that turn our array names of CycleGAN's generator into the official ones.

    Args:
        has_dropout: Whether blocks have dropout. In official names, dropout has a number of its own, so the second
            convolution of a block gets the next number.
    """
    rules = [(r"^stem\.", "model.1."), (r"^norm_stem\.", "model.2.")]
    for k in range(2):
        for kind, place in (("downs", 4), ("ups", 10 + num_blocks)):
            rules.append((rf"^{kind}\.{k}\.", f"model.{place + 3 * k}."))
            rules.append((rf"^{kind[:-1]}_norms\.{k}\.", f"model.{place + 3 * k + 1}."))
    for k in range(num_blocks):
        rules.append((rf"^blocks\.{k}\.", f"model.{10 + k}.conv_block."))
    parts = (("conv0", 1), ("norm0", 2), ("conv1", 5 + has_dropout), ("norm1", 6 + has_dropout))
    rules += [(rf"\.conv_block\.{part}\.", f".conv_block.{place}.") for part, place in parts]
    return [*rules, (r"^conv_image\.", f"model.{17 + num_blocks}.")]


def pix2pix_discriminator_rules(num_layers: int) -> Rules:
    """Return the rules that turn our array names of pix2pix's and CycleGAN's discriminator into the official ones.

    Args:
        num_layers: Number of strided layers; 0: the discriminator of single pixels.
    """
    sequence, count = ("model", num_layers) if num_layers else ("net", 1)
    rules = [(r"^conv_first\.", f"{sequence}.0."), (r"^conv_logits\.", f"{sequence}.{3 * count + 2}.")]
    for k in range(count):
        rules += [(rf"^convs\.{k}\.", f"{sequence}.{3 * k + 2}."), (rf"^norms\.{k}\.", f"{sequence}.{3 * k + 3}.")]
    return rules


def latent_unet_rules(num_levels: int, adds_to_all: bool, upsampling: str) -> Rules:
    """Return the rules that turn our array names of BicycleGAN's generator into the official ones.

    The arguments are those of `LatentUNet`.
    """
    rules, last, behind = [], num_levels - 1, 2 if upsampling == "bilinear" else 0  # modules before the convolution
    for k in range(num_levels):
        if adds_to_all:
            level = "model." + "submodule." * k
            down, up, place = f"{level}down.", f"{level}up.", 1 + behind
        else:
            level = "model." if k == 0 else "model.model.1." + "model.3." * (k - 1)
            down = up = f"{level}model."
            place = (5 if 0 < k < last else 3) + behind
        rules += [(rf"^downs\.{k}\.", f"{down}{min(k, 1)}."), (rf"^ups\.{k}\.(conv\.)?", f"{up}{place}.")]
        rules += [(rf"^down_norms\.{k - 1}\.", f"{down}2."), (rf"^up_norms\.{k - 1}\.", f"{up}{place + 1}.")]
    return rules  # rules for norms that a level does not have match nothing


POOLED_BLOCK = (
    ("norm0", "conv.0"),
    ("conv0", "conv.2"),
    ("norm1", "conv.3"),
    ("conv1", "conv.5.0"),
    ("conv_skip", "shortcut.1"),
)


def latent_encoder_rules(kind: str, num_layers: int) -> Rules:
    """Return the rules that turn our array names of BicycleGAN's encoder into the official ones.

    The arguments are those of `LatentEncoder`.
    """
    rules = [(r"^conv_first\.", "conv.0."), (r"^linear_mu\.", "fc.0."), (r"^linear_logvar\.", "fcVar.0.")]
    for k in range(num_layers):
        if kind == "conv":
            rules.append((rf"^layers\.{k}\.conv\.", f"conv.{3 * k + 2}."))
            rules.append((rf"^layers\.{k}\.norm\.", f"conv.{3 * k + 3}."))
            continue
        rules += [(rf"^layers\.{k}\.{part}\.", f"conv.{k + 1}.{place}.") for part, place in POOLED_BLOCK]
    return rules


def two_scale_patchgan_rules(num_layers: int) -> Rules:
    """Return the rules that turn our array names of BicycleGAN's discriminator into the official ones."""
    rules = [(r"\.conv_first\.", ".0."), (r"\.conv_logits\.", f".{3 * num_layers + 2}.")]
    for k in range(num_layers):
        rules += [(rf"\.convs\.{k}\.", f".{3 * k + 2}."), (rf"\.norms\.{k}\.", f".{3 * k + 3}.")]
    return [*rules, (r"^scales\.", "model_")]


def stargan_generator_rules(num_blocks: int) -> Rules:
    """Return the rules that turn our array names of StarGAN's generator into the official ones.

    Official running statistics have no counterpart in our names.
    """
    rules = [(r"^stem\.", "main.0."), (r"^norm_stem\.", "main.1.")]
    for k in range(2):
        for kind, place in (("downs", 3), ("ups", 9 + num_blocks)):
            rules.append((rf"^{kind}\.{k}\.", f"main.{place + 3 * k}."))
            rules.append((rf"^{kind[:-1]}_norms\.{k}\.", f"main.{place + 3 * k + 1}."))
    rules += [(rf"^blocks\.{k}\.", f"main.{9 + k}.main.") for k in range(num_blocks)]
    parts = (("conv0", 0), ("norm0", 1), ("conv1", 3), ("norm1", 4))
    rules += [(rf"\.main\.{part}\.", f".main.{place}.") for part, place in parts]
    return [*rules, (r"^conv_image\.", f"main.{15 + num_blocks}.")]


def stargan_discriminator_rules(num_layers: int) -> Rules:
    """Return the rules that turn our array names of StarGAN's discriminator into the official ones."""
    rules = [(rf"^convs\.{k}\.", f"main.{2 * k}.") for k in range(num_layers)]
    return [*rules, (r"^conv_logits\.", "conv1."), (r"^conv_label\.", "conv2.")]


REFINER_RULES: Rules = [
    (r"^stem\.", "conv_1.0."),
    (r"^blocks\.(\d+)\.conv0\.", r"resnet_blocks.\1.conv.0."),
    (r"^blocks\.(\d+)\.conv1\.", r"resnet_blocks.\1.conv.2."),
    (r"^conv_image\.", "conv_2.0."),
]

LOCAL_DISCRIMINATOR_RULES: Rules = [
    *[(rf"^convs\.{k}\.", f"convs.{place}.") for k, place in reversed(list(enumerate((0, 2, 5, 7))))],
    (r"^conv_logits\.", "convs.9."),
]

SIDES = (0, "A"), (1, "B")  # number of a domain in our names, and its letter in the code of UNIT's paper


def unit_generator_rules(num_blocks: int) -> Rules:
    """Return the rules that turn our array names of UNIT's generator into those of the paper's code."""
    rules = [(r"^shared\.0\.", "enc_shared.0."), (r"^shared\.1\.", "dec_shared.0.")]
    for side, name in SIDES:
        encoder, decoder = f"^encoders\\.{side}\\.", f"^decoders\\.{side}\\."
        rules.append((rf"{encoder}stem\.", f"encode_{name}.0.model.0."))
        rules += [(rf"{encoder}downs\.{k}\.", f"encode_{name}.{1 + k}.model.0.") for k in range(2)]
        rules += [(rf"{encoder}blocks\.{k}\.", f"encode_{name}.{3 + k}.") for k in range(num_blocks)]
        rules += [(rf"{decoder}blocks\.{k}\.", f"decode_{name}.{k}.") for k in range(num_blocks)]
        rules += [(rf"{decoder}ups\.{k}\.", f"decode_{name}.{num_blocks + k}.model.0.") for k in range(2)]
        rules.append((rf"{decoder}conv_image\.", f"decode_{name}.{num_blocks + 2}."))
    return [*rules, (r"\.conv0\.", ".model.0."), (r"\.conv1\.", ".model.3.")]


def unit_discriminator_rules(kind: str, num_layers: int) -> Rules:
    """Return the rules that turn our array names of UNIT's discriminator into those of the paper's code.

    Args:
        kind: "separate", "shared" or "pyramid".
    """
    if kind == "shared":
        rules = [(rf"^fronts\.{side}\.", f"model_{name}.") for side, name in SIDES]
        rules += [(r"^stack\.", "model_S."), (r"^logits\.", f"model_S.{num_layers}.")]
    elif kind == "separate":
        names = [f"model_{name}" for _, name in SIDES]
        rules = _stack_rules(names, num_layers)
    else:
        rules = _stack_rules([f"model_{scale}_{name}" for _, name in SIDES for scale in (1, 2, 4)], num_layers)
    return [*rules, (r"\.convs\.(\d+)\.", r".\1.model.0.")]


def _stack_rules(names: List[str], num_layers: int) -> Rules:
    rules = [(rf"^stacks\.{k}\.", f"{name}.") for k, name in enumerate(names)]
    return [*rules, *((rf"^logits\.{k}\.", f"{name}.{num_layers}.") for k, name in enumerate(names))]


SIDE_RULES: Rules = [(r"^sides\.0\.", "a."), (r"^sides\.1\.", "b.")]  # for files of UNIT's rewrite with both domains

UNIT_REWRITE_GENERATOR_RULES: Rules = [  # for one domain, or for both after SIDE_RULES
    (r"\bencoder\.stem\.", "enc.model.0.conv."),
    (r"\bencoder\.downs\.0\.", "enc.model.1.conv."),
    (r"\bencoder\.downs\.1\.", "enc.model.2.conv."),
    (r"\bencoder\.blocks\.", "enc.model.3.model."),
    (r"\bdecoder\.blocks\.", "dec.model.0.model."),
    (r"\.model\.(\d+)\.conv([01])\.", r".model.\1.model.\2.conv."),
    (r"\bdecoder\.ups\.0\.", "dec.model.2.conv."),
    (r"\bdecoder\.ups\.1\.", "dec.model.4.conv."),
    (r"\bdecoder\.up_norms\.0\.", "dec.model.2.norm."),
    (r"\bdecoder\.up_norms\.1\.", "dec.model.4.norm."),
    (r"\bdecoder\.conv_image\.", "dec.model.5.conv."),
]


def unit_rewrite_discriminator_rules(num_layers: int) -> Rules:
    """Return the rules that turn our array names of one domain's discriminator into those of UNIT's rewrite."""
    return [
        (r"\bstacks\.", "cnns."),
        (r"\.convs\.(\d+)\.", r".\1.conv."),
        (r"\.conv_logits\.", f".{num_layers}."),
    ]
