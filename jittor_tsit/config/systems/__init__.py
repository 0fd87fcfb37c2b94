"""The options of each system, and the table of their classes."""

from typing import Dict

from jittor_tsit.config.systems.base import SystemConfig
from jittor_tsit.config.systems.bicyclegan import BicycleGANConfig
from jittor_tsit.config.systems.cyclegan import CycleGANConfig
from jittor_tsit.config.systems.oasis import OASISConfig
from jittor_tsit.config.systems.pix2pix import Pix2PixConfig
from jittor_tsit.config.systems.segformer import SegFormerConfig
from jittor_tsit.config.systems.simgan import SimGANConfig
from jittor_tsit.config.systems.spade import SPADEConfig
from jittor_tsit.config.systems.stargan import StarGANConfig
from jittor_tsit.config.systems.tsit import TSITConfig
from jittor_tsit.config.systems.unit import UNITConfig
from jittor_tsit.config.systems.unit_digits import UNITDigitsConfig

CONFIGS: Dict[str, type] = {  # name in an experiment file -> class of its options
    "tsit": TSITConfig,
    "spade": SPADEConfig,
    "oasis": OASISConfig,
    "segformer": SegFormerConfig,
    "pix2pix": Pix2PixConfig,
    "cyclegan": CycleGANConfig,
    "simgan": SimGANConfig,
    "unit": UNITConfig,
    "unit_digits": UNITDigitsConfig,
    "bicyclegan": BicycleGANConfig,
    "stargan": StarGANConfig,
}

__all__ = ["CONFIGS", "SystemConfig"]
