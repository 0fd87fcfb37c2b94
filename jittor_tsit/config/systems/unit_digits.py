"""Options of UNIT's adaptation of a classifier."""

from dataclasses import dataclass
from typing import Tuple

from data_tools.basics.errors import InputError
from jittor_tsit.config.options import OptimConfig
from jittor_tsit.config.systems.base import ADAPTATION, SystemConfig
from jittor_tsit.config.systems.checks import require_least, require_multiples

STRIDE = 16  # size of the image divided by the size of D's last map


@dataclass(frozen=True)
class UNITDigitsWeights:
    """Weights of the loss terms: each term is multiplied by its weight before they are added."""

    gan: float = 1.0  # adversarial loss
    rec: float = 1e-3  # squared distance of an image to its reconstruction in its own domain, summed over pixels
    kl: float = 1e-4  # KL divergence of the codes from N(0, 1), summed over channels
    feat: float = 1e-4  # squared distance of D's last features of a reconstruction and a translation, summed
    cls: float = 10.0  # cross-entropy of the classes of images of domain a


@dataclass(frozen=True)
class UNITDigitsConfig(SystemConfig):
    """Options of unit_digits. The defaults are those of the official code for SVHN to MNIST."""

    classes: Tuple[str, ...] = tuple("0123456789")  # names of the class folders of domain a
    channels: Tuple[int, int] = (3, 1)  # of the images of domains a and b: 3 for colour, 1 for the mean of the colours
    width: int = 96  # channels of G's first features
    width_D: int = 64  # channels of D's first features
    l2: float = 5e-4  # L2 regularisation of all weights, added to the gradients
    weights: UNITDigitsWeights = UNITDigitsWeights()
    optim: OptimConfig = OptimConfig(lr_G=2e-4, lr_D=2e-4, betas=(0.5, 0.999))

    def __post_init__(self):
        require_least(self, width=1, width_D=1, l2=0)
        if len(self.channels) != 2 or any(count not in (1, 3) for count in self.channels):
            raise InputError(f"channels={self.channels}: must be two numbers, each 1 or 3")
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise InputError(f"classes={self.classes}: must be two or more, each once")

    def data_kind(self) -> str:
        return ADAPTATION

    def require_size(self, height: int, width: int) -> None:
        require_multiples("unit_digits", height, width, STRIDE)
