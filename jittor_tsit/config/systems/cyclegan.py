"""Options of CycleGAN."""

from dataclasses import dataclass
from typing import Container

from data_tools.basics.errors import InputError
from jittor_tsit.config.options import OptimConfig
from jittor_tsit.config.systems.base import DOMAINS, SystemConfig
from jittor_tsit.config.systems.checks import (
    GAN_LOSS_NAMES,
    NORM_NAMES,
    require_channels,
    require_choice,
    require_least,
    require_multiples,
)

STRIDE = 4  # size of the image divided by the size of the generator's innermost features


@dataclass(frozen=True)
class CycleGANWeights:
    """Weights of the loss terms. A weight of 0 switches an identity term off."""

    gan_a: float = 1.0  # adversarial loss of the translations to domain a
    gan_b: float = 1.0  # adversarial loss of the translations to domain b
    cycle_a: float = 10.0  # L1 distance of an image of a to its translation to b and back
    cycle_b: float = 10.0  # the same for domain b
    idt_a: float = 5.0  # 0.5 times the cycle's weight, as in the official code; the paper uses it for paintings only
    idt_b: float = 5.0  # the same for domain b
    gp: float = 0.0  # gradient penalty in the discriminators' loss, for gan_loss=wgan; WGAN-GP uses 10


IDENTITY = "idt_a", "idt_b"  # loss terms that give a generator an image of the domain that it translates to


def require_equal_channels(terms: Container[str], in_channels: int, out_channels: int) -> None:
    """Raise InputError if there is an identity term among the loss terms, and the domains have different channels."""
    found = [name for name in IDENTITY if name in terms]
    if found and in_channels != out_channels:
        zero = " ".join(f"weights.{name}=0" for name in IDENTITY)
        raise InputError(
            f"in_channels={in_channels}, out_channels={out_channels}: must be equal, because {found[0]}, the identity "
            f"loss, gives a generator images of both domains; or set {zero}"
        )


@dataclass(frozen=True)
class CycleGANConfig(SystemConfig):
    """Options of CycleGAN. The defaults are those of the official code."""

    in_channels: int = 3  # of the images of domain A; 1: grey
    out_channels: int = 3  # of the images of domain B; 1: grey. If they differ, weights.idt_a and idt_b must be 0
    num_blocks: int = 9  # 6 for 128 x 128
    width: int = 64  # channels of G's first features
    width_D: int = 64  # channels of D's first features
    num_layers_D: int = 3  # patches of 70 pixels
    norm: str = "instance"  # or batch
    dropout: bool = False  # in the residual blocks
    training_mode_at_test: bool = True  # use dropout and each image's batch statistics, as the official test does
    pool_size: int = 50  # size of each discriminator's pool of earlier generated images
    gan_loss: str = "lsgan"  # hinge, lsgan, vanilla or wgan
    weights: CycleGANWeights = CycleGANWeights()
    optim: OptimConfig = OptimConfig(lr_G=2e-4, lr_D=2e-4, betas=(0.5, 0.999))

    def __post_init__(self):
        require_channels(self)
        require_choice(self, "norm", NORM_NAMES)
        require_choice(self, "gan_loss", GAN_LOSS_NAMES)
        require_least(self, num_blocks=1, width=1, width_D=1, num_layers_D=0, pool_size=0)
        if self.optim.ema_halflife_nimg:
            raise InputError("optim.ema_halflife_nimg: CycleGAN keeps no averaged weights; must be 0")
        identity = {name for name in IDENTITY if getattr(self.weights, name)}
        require_equal_channels(identity, self.in_channels, self.out_channels)

    def data_kind(self) -> str:
        return DOMAINS

    def require_size(self, height: int, width: int) -> None:
        require_multiples("CycleGAN", height, width, STRIDE)
