"""Options that no array of an official checkpoint tells, although other values give other images. Imports no Jittor.

Every function takes a system's config and returns the names of those that matter with such options, beside the image's
size. Arrays may tell some of them after all: `convert` leaves out what they have told.
"""

from __future__ import annotations

from typing import Any, Tuple

Fields = Tuple[str, ...]

SIZE = ("image_width", "image_height")  # of every system
LABEL_MAPS = ("num_classes", "unknown_id", "instance_edges", "output_width", "output_height")
PAIRS = ("direction", "side_by_side")


def _inputs(config: Any) -> Fields:
    """Of a system that takes label maps or images."""
    return ("source", *(LABEL_MAPS if config.source == "labels" else PAIRS))


def tsit(config: Any) -> Fields:
    """TSIT, from label maps or from photographs."""
    return ("alpha", "downsampling") if config.form == "ast" else (*LABEL_MAPS, "downsampling")


def spade(config: Any) -> Fields:
    """SPADE."""
    return ("upsampling", *LABEL_MAPS)


def pix2pix(config: Any) -> Fields:
    """pix2pix."""
    return (*_inputs(config), "dropout", "training_mode_at_test")


def cyclegan(config: Any) -> Fields:
    """CycleGAN."""
    return ("training_mode_at_test",)


def simgan(config: Any) -> Fields:
    """SimGAN."""
    return ("slope",)


def unit(config: Any) -> Fields:
    """UNIT; the norms of the rewrite have arrays."""
    return ("has_norms",) if config.form == "paper" else ()


def bicyclegan(config: Any) -> Fields:
    """BicycleGAN."""
    return (*_inputs(config), "norm", "in_channels", "z_dim")


def stargan(config: Any) -> Fields:
    """StarGAN."""
    return ("attributes", "classes", "crop")
