"""Options of SegFormer."""

from dataclasses import dataclass
from typing import Container, Dict

from data_tools.basics.errors import InputError
from jittor_tsit.config.options import OptimConfig
from jittor_tsit.config.systems.base import LABEL_MAPS, SystemConfig
from jittor_tsit.config.systems.checks import require_choice

SIZES = ("b0", "b1", "b2", "b3", "b4", "b5")
LEAST_SIDE = 32  # pixels; the stride of the deepest features


@dataclass(frozen=True)
class SegFormerWeights:
    """Weights of the loss terms: each term is multiplied by its weight before they are added."""

    cross_entropy: float = 1.0  # cross-entropy of the predicted classes


@dataclass(frozen=True)
class SegFormerConfig(SystemConfig):
    """Options of SegFormer. The learning rate is `optim.lr_G`."""

    size: str = "b0"  # MiT-b0 to b5
    pretrained: str = ""  # weight file of a published encoder or model; empty: random initial weights
    balance: float = (
        0.5  # a class weighs (1 / its share of the pixels) ** balance; 0: all pixels alike; 1: all classes alike
    )
    weights: SegFormerWeights = SegFormerWeights()
    optim: OptimConfig = OptimConfig(lr_G=6e-5, betas=(0.9, 0.999), weight_decay=0.01)  # values of the paper

    def __post_init__(self):
        require_choice(self, "size", SIZES)
        if not 0 <= self.balance <= 1:
            raise InputError(f"balance={self.balance}: allowed are 0 to 1")

    def data_kind(self) -> str:
        return LABEL_MAPS

    def require_size(self, height: int, width: int) -> None:
        if min(height, width) < LEAST_SIDE:
            raise InputError(f"image size {width}x{height}: SegFormer needs at least {LEAST_SIDE} pixels a side")

    def weight_files(self, terms: Container[str]) -> Dict[str, str]:
        return {"pretrained": self.pretrained} if self.pretrained else {}
