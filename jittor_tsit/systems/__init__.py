"""The table of systems."""

from typing import Any, Dict, Tuple, Type

from data_tools.basics.errors import InputError
from jittor_tsit.systems.base import System
from jittor_tsit.systems.bicyclegan import BicycleGANSystem
from jittor_tsit.systems.cyclegan import CycleGANSystem
from jittor_tsit.systems.oasis import OASISSystem
from jittor_tsit.systems.pix2pix import Pix2PixSystem
from jittor_tsit.systems.segformer import SegFormerSystem
from jittor_tsit.systems.simgan import SimGANSystem
from jittor_tsit.systems.spade import SPADESystem
from jittor_tsit.systems.stargan import StarGANSystem
from jittor_tsit.systems.tsit import TSITSystem
from jittor_tsit.systems.tsit_style_transfer import TSITStyleTransferSystem
from jittor_tsit.systems.unit import UNITSystem
from jittor_tsit.systems.unit_digits import UNITDigitsSystem
from jittor_tsit.systems.unit_rewrite import UNITRewriteSystem

SYSTEMS: Dict[str, Type[System]] = {  # name in an experiment file -> class
    "tsit": TSITSystem,
    "spade": SPADESystem,
    "oasis": OASISSystem,
    "segformer": SegFormerSystem,
    "pix2pix": Pix2PixSystem,
    "cyclegan": CycleGANSystem,
    "simgan": SimGANSystem,
    "unit": UNITSystem,
    "unit_digits": UNITDigitsSystem,
    "bicyclegan": BicycleGANSystem,
    "stargan": StarGANSystem,
}

# Systems that share the options of another one: (name of the other, value of the option `form`) -> class.
FORMS: Dict[Tuple[str, str], Type[System]] = {
    ("tsit", "ast"): TSITStyleTransferSystem,
    ("unit", "rewrite"): UNITRewriteSystem,
}


def system_class(name: str, config: Any) -> Type[System]:
    """Return the class of the system that an experiment names.

    Args:
        name: A key of SYSTEMS.
        config: Options, of the type `SYSTEMS[name].Config`.

    Raises:
        InputError: There is no such system.
    """
    if name not in SYSTEMS:
        raise InputError(f"no system {name}; there are {', '.join(SYSTEMS)}")
    return FORMS.get((name, getattr(config, "form", "")), SYSTEMS[name])
