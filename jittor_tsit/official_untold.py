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
    return ("alpha", "downsampling") if config.form == "ast" else (*LABEL_MAPS, "downsampling")


def spade(config: Any) -> Fields:
    return ("upsampling", *LABEL_MAPS)


def pix2pix(config: Any) -> Fields:
    return (*_inputs(config), "dropout", "training_mode_at_test")


def cyclegan(config: Any) -> Fields:
    return ("training_mode_at_test",)


def simgan(config: Any) -> Fields:
    return ("slope",)


def unit(config: Any) -> Fields:
    return ("has_norms",) if config.form == "paper" else ()


def bicyclegan(config: Any) -> Fields:
    return (*_inputs(config), "norm", "in_channels", "z_dim")


def stargan(config: Any) -> Fields:
    return ("attributes", "classes", "crop")
