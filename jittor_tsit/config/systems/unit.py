"""Options of both forms of UNIT."""

from dataclasses import dataclass
from typing import Container, Dict

from data_tools.basics.errors import InputError
from jittor_tsit.config.options import OptimConfig
from jittor_tsit.config.systems.base import DOMAINS, SystemConfig
from jittor_tsit.config.systems.checks import (
    GAN_LOSS_NAMES,
    require_channels,
    require_choice,
    require_least,
    require_multiples,
)
from jittor_tsit.runtime.published_files import how_to_get

FORMS = ("paper", "rewrite")
DISCRIMINATORS = ("separate", "shared", "pyramid")
STRIDE = 4  # size of the image divided by the size of the generator's innermost features


@dataclass(frozen=True)
class UNITWeights:
    """Weights of the loss terms, the same for both domains."""

    gan: float = 10.0  # adversarial loss
    rec: float = 100.0  # L1 distance of an image to its reconstruction in its own domain
    kl: float = 0.1  # KL divergence of the code from N(0, 1)
    cycle: float = 100.0  # L1 distance of an image to its translation to the other domain and back
    kl_cycle: float = 0.1  # KL divergence of the code of the translation from N(0, 1)
    vgg: float = 0.0  # rewrite only: squared distance of VGG-16's features of an image and its translation
    gp: float = 0.0  # gradient penalty in D's loss, for gan_loss=wgan; WGAN-GP uses 10


REWRITE_WEIGHTS = UNITWeights(gan=1.0, rec=10.0, kl=0.01, cycle=10.0, kl_cycle=0.01)


@dataclass(frozen=True)
class UNITConfig(SystemConfig):
    """Options of UNIT. The defaults are those of the paper's code for CelebA faces."""

    form: str = "paper"  # or rewrite: without shared weights; use it with REWRITE_WEIGHTS and gan_loss="lsgan"
    in_channels: int = 3  # of the images of domain A; 1: grey
    out_channels: int = 3  # of the images of domain B; 1: grey
    discriminator: str = "shared"  # or separate, pyramid; paper form only
    num_blocks: int = 3  # residual blocks of each encoder and decoder, not counting the shared one; the rewrite has 4
    num_layers_D: int = 4  # shared layers; official values: 6 with separate, 4 with pyramid and in the rewrite
    has_norms: bool = False  # whether layers outside the residual blocks have instance norm, too; paper form only
    dropout: bool = False  # in the residual blocks; paper form only, which uses it for street scenes
    width: int = 64  # channels of G's first features
    width_D: int = 64  # channels of D's first features
    perceptual_weights: str = ""  # file of Caffe's VGG-16 in torchvision's layout, for weights.vgg
    l2: float = 1e-4  # L2 regularisation of all weights, added to the gradients
    gan_loss: str = "vanilla"  # hinge, lsgan, vanilla or wgan
    weights: UNITWeights = UNITWeights()
    optim: OptimConfig = OptimConfig(lr_G=1e-4, lr_D=1e-4, betas=(0.5, 0.999))

    def __post_init__(self):
        require_choice(self, "form", FORMS)
        require_channels(self)
        require_choice(self, "discriminator", DISCRIMINATORS)
        require_choice(self, "gan_loss", GAN_LOSS_NAMES)
        require_least(self, num_blocks=1, num_layers_D=1, width=1, width_D=1, l2=0)
        for name in ("dropout", "has_norms", "discriminator") if self.form == "rewrite" else ():
            if getattr(self, name) != getattr(UNITConfig, name):
                raise InputError(f"{name}={getattr(self, name)}: only the paper's form has this option")

    def data_kind(self) -> str:
        return DOMAINS

    def require_size(self, height: int, width: int) -> None:
        require_multiples("UNIT", height, width, STRIDE)
        least = 4 * 2**self.num_layers_D  # D's smallest scale: two pixels in its last but one layer, for its padding
        if self.form == "rewrite" and min(height, width) < least:
            raise InputError(
                f"image size {width}x{height}: num_layers_D={self.num_layers_D} needs sides of at least {least}"
            )

    def weight_files(self, terms: Container[str]) -> Dict[str, str]:
        if "vgg" not in terms:
            return {}
        if self.form != "rewrite" or not self.perceptual_weights:
            way = how_to_get("vgg16-caffe")
            raise InputError(f"weights.vgg: needs form=rewrite and perceptual_weights=FILE ({way}); or must be 0")
        return {"perceptual_weights": self.perceptual_weights}
