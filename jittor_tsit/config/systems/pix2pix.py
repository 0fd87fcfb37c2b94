"""Options of pix2pix."""

from dataclasses import dataclass

from jittor_tsit.config.options import OptimConfig
from jittor_tsit.config.systems.base import SOURCES, SystemConfig, kind_of_source
from jittor_tsit.config.systems.checks import (
    GAN_LOSS_NAMES,
    NORM_NAMES,
    require_channels,
    require_choice,
    require_least,
    require_multiples,
)

GENERATORS = ("unet", "resnet")
RESNET_STRIDE = 4  # size of the image divided by the size of the resnet's innermost features


@dataclass(frozen=True)
class Pix2PixWeights:
    """Weights of the loss terms: each term is multiplied by its weight before they are added."""

    gan: float = 1.0  # adversarial loss
    l1: float = 100.0  # L1 distance of the image to its target
    gp: float = 0.0  # gradient penalty in D's loss, for gan_loss=wgan; WGAN-GP uses 10


@dataclass(frozen=True)
class Pix2PixConfig(SystemConfig):
    """Options of pix2pix. The defaults are those of the official code."""

    source: str = "labels"  # input is the label map in the colours of its classes; or "images": pairs of images
    in_channels: int = 3  # of the input images; 1: grey
    out_channels: int = 3  # of the target images; 1: grey, with source="images" only
    generator: str = "unet"  # or resnet, CycleGAN's generator
    num_blocks: int = 9  # of the resnet, for which image sides must be multiples of 4
    num_levels: int = 8  # of the U-Net: 8 is unet_256, 7 unet_128; image sides must be multiples of 2^num_levels
    width: int = 64  # channels of G's first features
    width_D: int = 64  # channels of D's first features
    num_layers_D: int = 3  # patches of 70 pixels; 0: single pixels
    norm: str = "batch"  # or instance
    dropout: bool = True  # the only source of randomness; with resnet, in its blocks
    training_mode_at_test: bool = True  # use dropout and each image's batch statistics, as the official test does
    gan_loss: str = "vanilla"  # hinge, lsgan, vanilla or wgan
    weights: Pix2PixWeights = Pix2PixWeights()
    optim: OptimConfig = OptimConfig(lr_G=2e-4, lr_D=2e-4, betas=(0.5, 0.999))

    def __post_init__(self):
        require_choice(self, "source", SOURCES)
        require_channels(self)
        require_choice(self, "generator", GENERATORS)
        require_choice(self, "norm", NORM_NAMES)
        require_choice(self, "gan_loss", GAN_LOSS_NAMES)
        require_least(self, num_blocks=1, num_levels=2, width=1, width_D=1, num_layers_D=0)

    def data_kind(self) -> str:
        return kind_of_source(self.source)

    def require_size(self, height: int, width: int) -> None:
        if self.generator == "resnet":
            require_multiples("pix2pix with generator=resnet", height, width, RESNET_STRIDE)
        else:
            require_multiples(f"pix2pix with num_levels={self.num_levels}", height, width, 2**self.num_levels)
