"""The systems by name."""

from jittor_tsit.systems.bicyclegan import BicycleGANSystem
from jittor_tsit.systems.cyclegan import CycleGANSystem
from jittor_tsit.systems.pix2pix import Pix2PixSystem
from jittor_tsit.systems.segformer import SegFormerSystem
from jittor_tsit.systems.simgan import SimGANSystem
from jittor_tsit.systems.spade import SPADESystem
from jittor_tsit.systems.stargan import StarGANSystem
from jittor_tsit.systems.tsit import TSITSystem
from jittor_tsit.systems.unit import UNITSystem
from jittor_tsit.systems.unit_digits import UNITDigitsSystem

SYSTEMS = {
    "tsit": TSITSystem,
    "spade": SPADESystem,
    "segformer": SegFormerSystem,
    "pix2pix": Pix2PixSystem,
    "cyclegan": CycleGANSystem,
    "simgan": SimGANSystem,
    "unit": UNITSystem,
    "unit_digits": UNITDigitsSystem,
    "bicyclegan": BicycleGANSystem,
    "stargan": StarGANSystem,
}
