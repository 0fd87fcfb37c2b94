"""The systems by name."""

from jittor_tsit.systems.segformer import SegFormerSystem
from jittor_tsit.systems.spade import SPADESystem
from jittor_tsit.systems.tsit import TSITSystem

SYSTEMS = {"tsit": TSITSystem, "spade": SPADESystem, "segformer": SegFormerSystem}
