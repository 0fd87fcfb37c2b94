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
    """Return the names of the options that say which inputs a system takes (label maps or images)."""
    return ("source", *(LABEL_MAPS if config.source == "labels" else PAIRS))


def tsit(config: Any) -> Fields:
    """Return the names of TSIT's options that change the images but cannot be read from the arrays of a file."""
    return ("alpha", "downsampling") if config.form == "ast" else (*LABEL_MAPS, "downsampling")


def spade(config: Any) -> Fields:
    """Return the names of SPADE's options that change the images but cannot be read from the arrays of a file."""
    return ("upsampling", *LABEL_MAPS)


def pix2pix(config: Any) -> Fields:
    """Return the names of pix2pix's options that change the images but cannot be read from the arrays of a file."""
    return (*_inputs(config), "dropout", "training_mode_at_test")


def cyclegan(config: Any) -> Fields:
    """Return the names of CycleGAN's options that change the images but cannot be read from the arrays of a file."""
    return ("training_mode_at_test",)


def simgan(config: Any) -> Fields:
    """Return the names of SimGAN's options that change the images but cannot be read from the arrays of a file."""
    return ("slope",)


def unit(config: Any) -> Fields:
    """Return the names of UNIT's options that change the images but cannot be read from the arrays of a file.

    In files of the rewrite, the arrays show which norms there are.
    """
    return ("has_norms",) if config.form == "paper" else ()


def bicyclegan(config: Any) -> Fields:
    """Return the names of BicycleGAN's options that change the images but cannot be read from the arrays of a file."""
    return (*_inputs(config), "norm", "in_channels", "z_dim")


def stargan(config: Any) -> Fields:
    """Return the names of StarGAN's options that change the images but cannot be read from the arrays of a file."""
    return ("attributes", "classes", "crop")
