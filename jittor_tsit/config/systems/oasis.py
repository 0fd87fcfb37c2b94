"""Options of OASIS."""

from dataclasses import dataclass
from typing import Container, Dict

from jittor_tsit.config.options import OptimConfig
from jittor_tsit.config.systems.base import LABEL_MAPS, SystemConfig
from jittor_tsit.config.systems.checks import require_choice, require_least, require_multiples

STRIDE_G = 32  # size of the image divided by the size of G's first features
STRIDE_D = 64  # size of the image divided by the size of D's deepest features: sides of training images are multiples
# Images until an old value counts half in the paper's moving average, which keeps 0.9999 in each step of 32 images:
# 32 ln(0.5) / ln(0.9999).
EMA_HALFLIFE_NIMG = 221_800


@dataclass(frozen=True)
class OASISWeights:
    """Weights of the loss terms. A weight of 0 switches a term off."""

    gan: float = 1.0  # G's cross-entropy: D should see the classes of the label map in the image
    labelmix: float = 10.0  # D's consistency on mixtures of photographs and generated images
    vgg: float = 0.0  # perceptual loss; the paper has none, SPADE has 10


@dataclass(frozen=True)
class OASISConfig(SystemConfig):
    """Options of OASIS. The defaults are the paper's."""

    width: int = 64  # channels of G's last features
    width_D: int = 64  # channels of D's last features; the first have twice as many
    z_dim: int = 64  # channels of the noise
    weights: OASISWeights = OASISWeights()
    perceptual: str = "vgg19"  # or vgg16
    perceptual_weights: str = ""  # file of the VGG weights; empty: what fetch saved, else Jittor's hub
    optim: OptimConfig = OptimConfig(betas=(0.0, 0.999), ema_halflife_nimg=EMA_HALFLIFE_NIMG)

    def __post_init__(self):
        require_choice(self, "perceptual", ("vgg16", "vgg19"))
        require_least(self, width=1, width_D=1, z_dim=1)

    def data_kind(self) -> str:
        return LABEL_MAPS

    def require_size(self, height: int, width: int) -> None:
        require_multiples("OASIS", height, width, STRIDE_D)

    def weight_files(self, terms: Container[str]) -> Dict[str, str]:
        has_file = "vgg" in terms and self.perceptual_weights
        return {"perceptual_weights": self.perceptual_weights} if has_file else {}

    def hub_weights(self, terms: Container[str]) -> str:
        return self.perceptual if "vgg" in terms and not self.perceptual_weights else ""
