"""Options that change the generated images but not the arrays of an official checkpoint. Imports no Jittor.

Each function takes a system's config and returns the names of these options, besides the size of the image. Some of
them can be read from the arrays in certain cases; `convert` leaves those out.
"""

from __future__ import annotations

from typing import Any, Tuple

Fields = Tuple[str, ...]

SIZE = ("image_width", "image_height")  # for every system
LABEL_MAPS = ("num_classes", "unknown_id", "instance_edges", "output_width", "output_height")
PAIRS = ("direction", "side_by_side")


def _inputs(config: Any) -> Fields:
    """Return the names of the options for the input of a system that takes label maps or images."""
    return ("source", *(LABEL_MAPS if config.source == "labels" else PAIRS))


def tsit(config: Any) -> Fields:
    """Return the names of the options of TSIT, from label maps or from photographs."""
    return ("alpha", "downsampling") if config.form == "ast" else (*LABEL_MAPS, "downsampling")


def spade(config: Any) -> Fields:
    """Return the names of the options of SPADE."""
    return ("upsampling", *LABEL_MAPS)


def pix2pix(config: Any) -> Fields:
    """Return the names of the options of pix2pix."""
    return (*_inputs(config), "dropout", "training_mode_at_test")


def cyclegan(config: Any) -> Fields:
    """Return the names of the options of CycleGAN."""
    return ("training_mode_at_test",)


def simgan(config: Any) -> Fields:
    """Return the names of the options of SimGAN."""
    return ("slope",)


def unit(config: Any) -> Fields:
    """Return the names of the options of UNIT. In the rewrite, norms are visible in the arrays."""
    return ("has_norms",) if config.form == "paper" else ()


def bicyclegan(config: Any) -> Fields:
    """Return the names of the options of BicycleGAN."""
    return (*_inputs(config), "norm", "in_channels", "z_dim")


def stargan(config: Any) -> Fields:
    """Return the names of the options of StarGAN."""
    return ("attributes", "classes", "crop")
