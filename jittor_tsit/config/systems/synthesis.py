"""Options that SPADE and TSIT share."""

from dataclasses import dataclass
from typing import Container, Dict, Tuple

from data_tools.basics.errors import InputError
from jittor_tsit.config.options import OptimConfig
from jittor_tsit.config.systems.base import LABEL_MAPS, SystemConfig
from jittor_tsit.config.systems.checks import GAN_LOSS_NAMES, require_choice, require_least

DIFF_AUGMENTS = ("color", "translation", "cutout")  # keys of layers.diff_augment.DiffAugment.changes
GENERATOR_NORM_NAMES = ("batch", "instance")  # keys of layers.norm.GENERATOR_NORMS


@dataclass(frozen=True)
class SynthesisWeights:
    """Weights of the loss terms. A weight of 0 switches a term off."""

    gan: float = 1.0  # adversarial loss
    feat: float = 10.0  # feature matching; default of SPADE, of TSIT's recipes for label maps and of the contest team
    vgg: float = 10.0  # perceptual loss; SPADE's default
    kld: float = 0.05  # KL divergence of the latent code; SPADE's value for the VAE
    segmenter: float = 0.0  # cross-entropy of the label map that a frozen segmenter predicts for the image
    gp: float = 0.0  # gradient penalty in D's loss, for gan_loss=wgan; WGAN-GP uses 10
    score: float = 0.0  # 1 minus the differentiable part of the contest score


@dataclass(frozen=True)
class SynthesisConfig(SystemConfig):
    """Options that SPADE and TSIT share."""

    warps_label_maps = takes_any_size = True

    width: int = 64  # channels of G's last and E's first features
    width_D: int = 64  # channels of D's first features
    num_layers_D: int = 4  # layers of D before its last ones
    num_scales_D: int = 2  # number of sizes of the image that D judges, each half of the one before
    use_vae: bool = True  # whether a latent code gives the style; False: G starts from the label map
    z_dim: int = 256  # length of the latent code
    norm_G: str = (
        "batch"  # normalisation in G: batch, over all processes, as published; or instance, by each image alone
    )
    code_in_norms: bool = False  # whether the latent code also scales and shifts each normalisation of G, as AdaIN does
    pixel_noise: bool = False  # whether noise is added to the features of each block of G, as in StyleGAN
    gan_loss: str = "hinge"  # hinge, lsgan, vanilla or wgan
    attention_G: int = 0  # height in pixels of the features of G that get self-attention; 0: no self-attention
    attention_D: int = 0  # hidden layer of D, counted from 1, that self-attention follows; 0: no self-attention
    diff_augment: Tuple[str, ...] = ()  # random changes of what D sees, in this order: color, translation, cutout
    weights: SynthesisWeights = SynthesisWeights()
    perceptual: str = "vgg19"  # or vgg16
    perceptual_weights: str = ""  # file of the VGG weights; empty: what fetch saved, else Jittor's hub
    perceptual_halvings: int = 0  # halvings of the images before the VGG network; each takes a quarter of the time
    segmenter_width: int = 256  # size of the images that the segmenter was trained on; G's images are resized to it
    segmenter_height: int = 192  # see segmenter_width
    segmenter: str = ""  # checkpoint of a SegFormer trained on the same classes, for the terms "segmenter" and "score"
    nima: str = ""  # file of NIMA's weights, for the term "score"; empty: score by the label map only
    optim: OptimConfig = OptimConfig()

    def __post_init__(self):
        require_choice(self, "gan_loss", GAN_LOSS_NAMES)
        require_choice(self, "norm_G", GENERATOR_NORM_NAMES)
        if self.code_in_norms and not self.use_vae:
            raise InputError("code_in_norms: needs a latent code, use_vae=True")
        require_choice(self, "perceptual", ("vgg16", "vgg19"))
        require_least(self, width=1, width_D=1, num_layers_D=1, num_scales_D=1, z_dim=1)
        require_least(self, segmenter_width=1, segmenter_height=1, perceptual_halvings=0)
        if not 0 <= self.attention_D <= self.num_layers_D:
            raise InputError(f"attention_D={self.attention_D}: allowed are 0 to {self.num_layers_D} (num_layers_D)")

        unknown = [name for name in self.diff_augment if name not in DIFF_AUGMENTS]
        if unknown or len(set(self.diff_augment)) < len(self.diff_augment):
            given, allowed = ",".join(self.diff_augment), ",".join(DIFF_AUGMENTS)
            raise InputError(f"diff_augment={given}: allowed are {allowed}, each at most once, separated by commas")

    @property
    def style_dim(self) -> int:
        """Length of the code that scales and shifts G's normalisations; 0 without `code_in_norms`."""
        return self.z_dim if self.code_in_norms else 0

    def data_kind(self) -> str:
        return LABEL_MAPS

    def weight_files(self, terms: Container[str]) -> Dict[str, str]:
        files = {"perceptual_weights": self.perceptual_weights} if "vgg" in terms else {}
        if "segmenter" in terms or "score" in terms:
            if not self.segmenter:
                raise InputError("segmenter=: weights.segmenter and weights.score need a checkpoint of a segmenter")
            files["segmenter"] = self.segmenter
        if "score" in terms:
            files["nima"] = self.nima
        return {option: file for option, file in files.items() if file}

    def hub_weights(self, terms: Container[str]) -> str:
        return self.perceptual if "vgg" in terms and not self.perceptual_weights else ""
