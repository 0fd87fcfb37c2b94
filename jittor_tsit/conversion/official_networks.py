"""The official files of each system: their networks, how to recognise them, and the rules for their names.

The system itself is given. This module recognises the networks within the files of this system.
Imports no Jittor.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable, Collection, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.conversion import official_names as keys
from jittor_tsit.conversion import official_sizes as options
from jittor_tsit.conversion import unrecorded_options as unrecorded
from jittor_tsit.conversion.official_files import COUNTER
from jittor_tsit.conversion.official_names import Rules
from jittor_tsit.conversion.official_sizes import FileOptions
from jittor_tsit.conversion.weight_files import Arrays

STATISTICS = (".running_mean", ".running_var")
UNUSED = "official"  # prefix in our checkpoints of arrays without effect, which `export` writes back
REWRITE = "rewrite"  # the form of UNIT whose files hold one dict for each domain


class Part(NamedTuple):
    """One network of a system in official files: its names, how to recognise it, and the rules for array names."""

    official: str  # its name in official file names
    ours: str  # its name in our checkpoints
    mark: str  # regular expression for the beginning of an array name that only this kind of network has
    rules: Callable[[Any], Rules]  # returns the rules for the system's config


class Layout(NamedTuple):
    """How the official code stores a system: networks, how to read options, and options that no array shows."""

    parts: Tuple[Part, ...]
    options_of: Callable[[Mapping[str, Arrays]], FileOptions]  # reads options from the arrays of the parts
    unrecorded: Callable[[Any], Tuple[str, ...]]  # options that change the images but no array, for a config
    statistics: Callable[[Collection[str], str], bool]  # whether a layer's running statistics have an effect
    file_name: str = "latest_net_{part}.pth"
    defaults: Tuple[str, ...] = ()  # options of the published models that differ from our defaults
    dependent_defaults: Callable[[Any], Tuple[str, ...]] = lambda config: ()  # such options that depend on others

    def name_of(self, part: Part, config: Any, num_steps: int) -> str:
        """Return the name of the official file of the network `part` after `num_steps` steps."""
        end = "pt" if getattr(config, "form", "") == REWRITE else "pkl"
        return self.file_name.format(part=part.official, step=num_steps, end=end)


def always(names: Collection[str], layer: str) -> bool:
    """Return True: in this system, the running statistics of every layer have an effect. All norms are batch norms."""
    return True


def with_scale(names: Collection[str], layer: str) -> bool:
    """Return whether the running statistics of a layer have an effect: whether it has a scale among `names`.

    In this system only batch norms have a scale.
    """
    return f"{layer}.weight" in names


def never(names: Collection[str], layer: str) -> bool:
    """Return False: in this system, no running statistics have an effect.

    The norms are instance norms, which store statistics without using them.
    """
    return False


def split_statistics(arrays: Arrays, layout: Layout) -> Tuple[Arrays, Arrays]:
    """Split the arrays of a network in two: those with an effect, and the running statistics without effect."""
    unused = {
        name: array
        for name, array in arrays.items()
        if name.endswith(STATISTICS) and not layout.statistics(arrays, name.rpartition(".")[0])
    }
    return {name: array for name, array in arrays.items() if name not in unused}, unused


def unused_arrays(arrays: Mapping[str, np.ndarray], layout: Layout) -> Arrays:
    """Return the arrays without effect that the official code needs to load a file, with their initial values."""
    added: Arrays = {}
    if layout.statistics is never:
        scales = [name for name, array in arrays.items() if name.endswith(".weight") and array.ndim == 1]
        for layer in [name[: -len(".weight")] for name in scales]:
            added[f"{layer}.running_mean"] = np.zeros_like(arrays[f"{layer}.weight"])
            added[f"{layer}.running_var"] = np.ones_like(arrays[f"{layer}.weight"])
    variances = [name for name in {**arrays, **added} if name.endswith(".running_var")]
    added.update({name.replace(".running_var", COUNTER): np.array(0) for name in variances})
    return added


def find_part(path: Path, names: Collection[str], system: str) -> Part:
    """Recognise the network in a file by the names of its arrays.

    Raises:
        InputError: No network of the system fits, or several fit and the file name does not decide.
    """
    parts = LAYOUTS[system].parts
    fitting = [part for part in parts if any(re.match(part.mark, name) for name in names)]
    by_file_name = [part for part in fitting if path.stem.endswith(f"_net_{part.official}")]
    if len(fitting) == 1 or by_file_name:
        return (by_file_name or fitting)[0]
    possible = ", ".join(part.official for part in fitting or parts)
    if fitting:
        raise InputError(f"{path}: may be any of {possible}; name the network: {fitting[0].official}={path}")
    some = ", ".join(sorted(names)[:3])
    raise InputError(
        f"{path}: holds no network of {system} ({possible}); the first of its {len(names)} arrays are {some}"
    )


ASSIGNMENT = re.compile(r"\w[\w.]*=")  # beginning of an assignment to an option or a network


def part_by_name(system: str, official: str) -> Optional[Part]:
    """Return the network (`Part`) of a system with this official name, or None."""
    return next((part for part in LAYOUTS[system].parts if part.official == official), None)


def _synthesis_parts(rules_G: Rules) -> Tuple[Part, ...]:
    return (
        Part("G", "G", r"head_0\.", lambda config: rules_G),
        Part("E", "E", r"fc_mu\.", lambda config: keys.ENCODER_RULES),
        Part("D", "D", r"discriminator_\d", lambda config: keys.discriminator_rules(config.num_layers_D)),
    )


def _patchgan_rules(config: Any) -> Rules:
    return keys.pix2pix_discriminator_rules(config.num_layers_D)


def _resnet_rules(config: Any) -> Rules:
    return keys.resnet_rules(config.num_blocks, config.dropout)


def _pix2pix_rules_G(config: Any) -> Rules:
    return _resnet_rules(config) if config.generator == "resnet" else keys.unet_rules(config.num_levels)


def _bicycle_rules_D(config: Any) -> Rules:
    return keys.two_scale_patchgan_rules(config.num_layers_D)


def _unit_rules_G(config: Any) -> Rules:
    if config.form == REWRITE:
        return [*keys.SIDE_RULES, *keys.UNIT_REWRITE_GENERATOR_RULES]
    return keys.unit_generator_rules(config.num_blocks)


def _unit_rules_D(config: Any) -> Rules:
    if config.form == REWRITE:
        return [*keys.SIDE_RULES, *keys.unit_rewrite_discriminator_rules(config.num_layers_D)]
    return keys.unit_discriminator_rules(config.discriminator, config.num_layers_D)


def _official_crop(config: Any) -> Tuple[str, ...]:
    return (f"crop={178 if config.attributes else 256}",)  # 178 for CelebA, 256 for RaFD


SQUARE = ("image_width=256", "image_height=256")  # the size of most published models

LAYOUTS: Dict[str, Layout] = {
    "tsit": Layout(_synthesis_parts(keys.TSIT_GENERATOR_RULES), options.tsit, unrecorded.tsit, always),
    "spade": Layout(_synthesis_parts(keys.SPADE_GENERATOR_RULES), options.spade, unrecorded.spade, always),
    "pix2pix": Layout(
        (
            Part("G", "G", r"model\.model\.|model\.\d+\.conv_block\.", _pix2pix_rules_G),
            Part("D", "D", r"model\.0\.|net\.0\.", _patchgan_rules),
        ),
        options.pix2pix,
        unrecorded.pix2pix,
        with_scale,
        defaults=(*SQUARE, "source=images"),
    ),
    "cyclegan": Layout(
        (
            Part("G_A", "G_ab", r"model\.\d+\.conv_block\.", _resnet_rules),
            Part("G_B", "G_ba", r"model\.\d+\.conv_block\.", _resnet_rules),
            Part("D_A", "D_b", r"model\.0\.|net\.0\.", _patchgan_rules),  # D_A judges images of B
            Part("D_B", "D_a", r"model\.0\.|net\.0\.", _patchgan_rules),
        ),
        options.cyclegan,
        unrecorded.cyclegan,
        with_scale,
        defaults=SQUARE,
    ),
    "simgan": Layout(
        (
            Part("R", "G", r"resnet_blocks\.", lambda config: keys.REFINER_RULES),
            Part("D", "D", r"convs\.", lambda config: keys.LOCAL_DISCRIMINATOR_RULES),
        ),
        options.simgan,
        unrecorded.simgan,
        never,
        file_name="{part}_{step}.pkl",
        defaults=("image_width=55", "image_height=35", "slope=0.01"),
    ),
    "unit": Layout(
        (
            Part("gen", "G", r"encode_A\.|a\.enc\.", _unit_rules_G),
            Part("dis", "D", r"model_(S|A|1_A)\.|a\.cnns\.", _unit_rules_D),
        ),
        options.unit,
        unrecorded.unit,
        never,
        file_name="{part}_{step:08d}.{end}",
        defaults=SQUARE,
    ),
    "bicyclegan": Layout(
        (
            Part(
                "G",
                "G",
                r"model\.(down|model|submodule)\.",
                lambda config: keys.latent_unet_rules(config.num_levels, config.adds_to_all, config.upsampling),
            ),
            Part("E", "E", r"fcVar\.", lambda config: keys.latent_encoder_rules(config.encoder, config.num_layers_E)),
            Part("D", "D", r"model_0\.", _bicycle_rules_D),
            Part("D2", "D2", r"model_0\.", _bicycle_rules_D),
        ),
        options.bicyclegan,
        unrecorded.bicyclegan,
        with_scale,
        defaults=(*SQUARE, "source=images"),
    ),
    "stargan": Layout(
        (
            Part("G", "G", r"main\.1\.", lambda config: keys.stargan_generator_rules(config.num_blocks)),
            Part("D", "D", r"conv1\.", lambda config: keys.stargan_discriminator_rules(config.num_layers_D)),
        ),
        options.stargan,
        unrecorded.stargan,
        never,
        file_name="{step}-{part}.ckpt",
        defaults=("image_width=128", "image_height=128"),
        dependent_defaults=_official_crop,
    ),
}
