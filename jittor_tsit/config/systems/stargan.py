"""Options of StarGAN."""

from dataclasses import dataclass
from typing import Tuple

from data_tools.basics.errors import InputError
from jittor_tsit.config.options import OptimConfig
from jittor_tsit.config.systems.base import ATTRIBUTES, SystemConfig
from jittor_tsit.config.systems.checks import GAN_LOSS_NAMES, require_choice, require_least, require_multiples

STRIDE = 4  # size of the image divided by the size of the generator's innermost features


@dataclass(frozen=True)
class StarGANWeights:
    """Weights of the loss terms: each term is multiplied by its weight before they are added."""

    gan: float = 1.0  # adversarial loss
    cls: float = 1.0  # cross-entropy of the attributes or the class that D predicts
    rec: float = 10.0  # L1 distance of the input to its translation back to its own label
    gp: float = 10.0  # gradient penalty in D's loss


@dataclass(frozen=True)
class StarGANConfig(SystemConfig):
    """Options of StarGAN. The defaults are those of the official code. With attributes and classes: two sets."""

    attributes: Tuple[str, ...] = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")  # names in CelebA's list
    classes: Tuple[str, ...] = ()  # names of the class folders
    num_blocks: int = 6  # residual blocks of G
    num_layers_D: int = 6  # image sides must be multiples of 2^num_layers_D
    width: int = 64  # channels of G's first features
    width_D: int = 64  # channels of D's first features
    n_critic: int = 5  # G is updated in every n_critic-th step
    gan_loss: str = "wgan"  # hinge, lsgan, vanilla or wgan
    weights: StarGANWeights = StarGANWeights()
    optim: OptimConfig = OptimConfig(lr_G=1e-4, lr_D=1e-4, betas=(0.5, 0.999))

    def __post_init__(self):
        names = [*self.attributes, *self.classes]
        if len(names) < 2 or len(set(names)) < len(names):
            raise InputError(f"attributes={self.attributes}, classes={self.classes}: needs two different names or more")
        require_choice(self, "gan_loss", GAN_LOSS_NAMES)
        require_least(self, num_blocks=1, num_layers_D=1, width=1, width_D=1, n_critic=1)

    def data_kind(self) -> str:
        return ATTRIBUTES

    def require_size(self, height: int, width: int) -> None:
        stride = max(STRIDE, 2**self.num_layers_D)
        require_multiples(f"StarGAN with num_layers_D={self.num_layers_D}", height, width, stride)
