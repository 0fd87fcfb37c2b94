"""Options of an experiment and of each system. Experiment files import their classes from here."""

from jittor_tsit.config.options import (
    ON_NAN,
    PRECISIONS,
    DataConfig,
    Experiment,
    OptimConfig,
    Phase,
    RunConfig,
    from_dict,
    image_gan_optim,
    to_json,
)
from jittor_tsit.config.systems import CONFIGS
from jittor_tsit.config.systems.base import SystemConfig
from jittor_tsit.config.systems.bicyclegan import BicycleGANConfig, BicycleGANWeights
from jittor_tsit.config.systems.cyclegan import CycleGANConfig, CycleGANWeights
from jittor_tsit.config.systems.oasis import OASISConfig, OASISWeights
from jittor_tsit.config.systems.pix2pix import Pix2PixConfig, Pix2PixWeights
from jittor_tsit.config.systems.segformer import SegFormerConfig, SegFormerWeights
from jittor_tsit.config.systems.simgan import SimGANConfig, SimGANWeights
from jittor_tsit.config.systems.spade import SPADEConfig
from jittor_tsit.config.systems.stargan import StarGANConfig, StarGANWeights
from jittor_tsit.config.systems.synthesis import SynthesisConfig, SynthesisWeights
from jittor_tsit.config.systems.tsit import TSITConfig, TSITWeights
from jittor_tsit.config.systems.unit import REWRITE_WEIGHTS, UNITConfig, UNITWeights
from jittor_tsit.config.systems.unit_digits import UNITDigitsConfig, UNITDigitsWeights

__all__ = [
    "BicycleGANConfig",
    "BicycleGANWeights",
    "CONFIGS",
    "CycleGANConfig",
    "CycleGANWeights",
    "DataConfig",
    "Experiment",
    "OASISConfig",
    "OASISWeights",
    "ON_NAN",
    "OptimConfig",
    "PRECISIONS",
    "Phase",
    "Pix2PixConfig",
    "Pix2PixWeights",
    "REWRITE_WEIGHTS",
    "RunConfig",
    "SPADEConfig",
    "SegFormerConfig",
    "SegFormerWeights",
    "SimGANConfig",
    "SimGANWeights",
    "StarGANConfig",
    "StarGANWeights",
    "SynthesisConfig",
    "SynthesisWeights",
    "SystemConfig",
    "TSITConfig",
    "TSITWeights",
    "UNITConfig",
    "UNITDigitsConfig",
    "UNITDigitsWeights",
    "UNITWeights",
    "from_dict",
    "image_gan_optim",
    "to_json",
]
