"""Options of BicycleGAN."""

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

UPSAMPLINGS = ("basic", "bilinear")
ENCODERS = ("resnet", "conv")


@dataclass(frozen=True)
class BicycleGANWeights:
    """Weights of the loss terms: each term is multiplied by its weight before they are added."""

    gan: float = 1.0  # adversarial loss of the image in the style of its target
    gan2: float = 1.0  # adversarial loss of the image in a random style
    l1: float = 10.0  # L1 distance of the image in the style of its target to the target
    kl: float = 0.01  # KL divergence of the encoded code from N(0, 1)
    gp: float = 0.0  # gradient penalty in the discriminators' losses, for gan_loss=wgan; WGAN-GP uses 10
    latent: float = 0.5  # L1 distance of the code that E finds in a generated image to its code; trains G only


@dataclass(frozen=True)
class BicycleGANConfig(SystemConfig):
    """Options of BicycleGAN. The defaults are those of the official code."""

    source: str = "labels"  # input is the label map in the colours of its classes; or "images": pairs of images
    in_channels: int = 3  # of the input images; 1: grey, as in edges -> shoes
    out_channels: int = 3  # of the target images; 1: grey, with source="images" only
    num_levels: int = 8  # of the U-Net: 8 is unet_256, 7 unet_128; image sides must be multiples of 2^num_levels
    z_dim: int = 8  # length of the latent code
    adds_to_all: bool = True  # whether every level of the U-Net gets the code; False: only the first level
    upsampling: str = "basic"  # or bilinear
    encoder: str = "resnet"  # or conv
    num_layers_E: int = 4  # 4: resnet_256; 3: resnet_128
    width: int = 64  # channels of G's first features
    width_D: int = 64  # channels of D's first features
    width_E: int = 64  # channels of E's first features
    num_layers_D: int = 3  # 3: patches of 70 pixels; the official scripts use 2 for images of 128 x 128
    norm: str = "instance"  # or batch
    dropout: bool = False  # in training; the published scripts set it to True
    gan_loss: str = "lsgan"  # hinge, lsgan, vanilla or wgan
    weights: BicycleGANWeights = BicycleGANWeights()
    optim: OptimConfig = OptimConfig(lr_G=2e-4, lr_D=2e-4, betas=(0.5, 0.999))

    def __post_init__(self):
        require_choice(self, "source", SOURCES)
        require_channels(self)
        require_choice(self, "upsampling", UPSAMPLINGS)
        require_choice(self, "encoder", ENCODERS)
        require_choice(self, "norm", NORM_NAMES)
        require_choice(self, "gan_loss", GAN_LOSS_NAMES)
        require_least(self, num_levels=2, z_dim=1, num_layers_E=1, width=1, width_D=1, width_E=1, num_layers_D=0)

    def data_kind(self) -> str:
        return kind_of_source(self.source)

    def require_size(self, height: int, width: int) -> None:
        require_multiples(f"BicycleGAN with num_levels={self.num_levels}", height, width, 2**self.num_levels)
