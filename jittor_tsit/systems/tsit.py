"""TSIT: a simple and versatile framework for image-to-image translation (Jiang et al., ECCV 2020)."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Dict, Optional, Tuple, Union

import jittor as jt

from data_tools.errors import InputError
from jittor_tsit import losses
from jittor_tsit.config import OptimConfig
from jittor_tsit.data import PairedBatch, UnpairedBatch
from jittor_tsit.layers.mode import evaluating
from jittor_tsit.layers.resize import resize_nearest
from jittor_tsit.networks.encoder import ConvEncoder
from jittor_tsit.networks.patchgan import MultiscaleDiscriminator
from jittor_tsit.networks.tsit import STRIDE, LatentStart, MapStart, TSITGenerator
from jittor_tsit.networks.vgg import find_vgg
from jittor_tsit.noise import Noise
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import System, named

Batch = Union[PairedBatch, UnpairedBatch]


@dataclass(frozen=True)
class TSITWeights:
    """Weights of the loss terms; 0 switches a term off."""

    gan: float = 1.0
    feat: float = 10.0  # the SIS recipes' value, also the contest team's
    vgg: float = 20.0  # the SIS recipes' value, also the contest team's
    kld: float = 0.05  # SPADE's value for the VAE


@dataclass(frozen=True)
class TSITConfig:
    """Options of TSIT; defaults are the released recipes' for semantic image synthesis."""

    form: str = "sis"  # label map -> photo; or "ast", the style of one photo on the content of another
    width: int = 64  # channels of G's and E's first features
    width_D: int = 64
    num_layers_D: int = 4  # the released code has 4 for sis and 3 for ast
    num_scales_D: int = 2
    use_vae: bool = True  # sis: a latent code for the photo's style; otherwise G starts from the label map
    z_dim: int = 256
    alpha: float = 1.0  # ast: share of the style that FAdaIN gives
    gan_loss: str = "hinge"  # a name in losses.GAN_LOSSES
    weights: TSITWeights = TSITWeights()
    perceptual: str = "vgg19"  # or vgg16
    perceptual_weights: str = ""  # file of the VGG weights; empty: Jittor's hub
    optim: OptimConfig = OptimConfig()

    def __post_init__(self):
        choices = (("form", ("sis", "ast")), ("gan_loss", losses.GAN_LOSSES), ("perceptual", ("vgg16", "vgg19")))
        for name, allowed in choices:
            if getattr(self, name) not in allowed:
                raise InputError(f"{name}={getattr(self, name)}: allowed are {', '.join(allowed)}")
        for name in ("width", "width_D", "num_layers_D", "num_scales_D", "z_dim"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)}: must be positive")


class TSITSystem(System):
    """A content stream steers a FADE generator; style comes from a latent code (sis) or a second stream (ast)."""

    Config = TSITConfig

    def __init__(self, config: TSITConfig, num_classes: int, height: int, width: int, seed: int):
        super().__init__(config.optim, seed)
        if height % STRIDE or width % STRIDE or height * width <= STRIDE**2:
            raise InputError(
                f"image size {width}x{height}: TSIT needs multiples of {STRIDE}, and more than {STRIDE}x{STRIDE}"
            )
        self.config, self.num_classes = config, num_classes
        self.is_ast, self.has_code = config.form == "ast", config.form == "sis" and config.use_vae
        self.batch_kind = "unpaired" if self.is_ast else "paired"
        self.start_size = (height // STRIDE, width // STRIDE)
        in_channels = 3 if self.is_ast else num_classes
        self.G = self.networks["G"] = TSITGenerator(
            in_channels, config.width, self._make_start(), self.is_ast, config.alpha
        )
        if self.has_code:
            self.E = self.networks["E"] = ConvEncoder(config.width, config.z_dim)

    def _make_start(self):
        channels = 16 * self.config.width
        if self.has_code:
            return LatentStart(self.config.z_dim, channels, *self.start_size)
        return MapStart(3 if self.is_ast else self.num_classes, channels)

    def prepare_training(self) -> None:
        """Add what only training needs: D, VGG, optimizers, averaged weights."""
        config = self.config
        in_channels = 3 if self.is_ast else self.num_classes + 3
        self.D = self.networks["D"] = MultiscaleDiscriminator(
            in_channels, config.width_D, config.num_layers_D, config.num_scales_D
        )
        self.vgg = find_vgg(config.perceptual, config.perceptual_weights) if config.weights.vgg else None
        self.gan_loss = losses.GAN_LOSSES[config.gan_loss]
        self.add_average()
        params_G = trainable(self.G, "G.")
        if self.has_code:
            params_G.update(trainable(self.E, "E."))
        self.rates = {"G": config.optim.lr_G, "D": config.optim.lr_D}
        self.optimizers["G"] = Adam(params_G, config.optim.lr_G, config.optim.betas)
        self.optimizers["D"] = Adam(trainable(self.D), config.optim.lr_D, config.optim.betas)

    def train_step(self, batch: Batch, step: int) -> Dict[str, jt.Var]:
        real, vgg_target = (batch.b, batch.a) if self.is_ast else (batch.image, batch.image)
        weights = self.config.weights

        # Generator: look real to D, resemble the photo to D's and to VGG's features, keep the code near N(0, 1).
        fake, code = self.synthesize(batch, "G")
        fake_out, real_out = self.discriminate(batch, fake, real, for_generator=True)
        g_terms = {"gan": self.gan_loss.gen(fake_out.logits)}
        if weights.feat:
            g_terms["feat"] = losses.feature_matching(fake_out.feats, real_out.feats)
        if weights.vgg:
            g_terms["vgg"] = losses.perceptual(self.vgg, fake, vgg_target)
        if code is not None:
            g_terms["kld"] = losses.kl_divergence(*code)
        self.optimizers["G"].step(losses.weighted_sum(g_terms, vars(weights)))

        # Discriminator: real up, fake down. As the reference does, redraw the fake from the updated G.
        with jt.no_grad():
            fake, _ = self.synthesize(batch, "D")
        fake_out, real_out = self.discriminate(batch, fake.detach(), real, for_generator=False)
        d_terms = {"real": self.gan_loss.real(real_out.logits), "fake": self.gan_loss.fake(fake_out.logits)}
        self.optimizers["D"].step(d_terms["real"] + d_terms["fake"])

        return named(G=g_terms, D=d_terms)

    def synthesize(self, batch: Batch, purpose: str) -> Tuple[jt.Var, Optional[Tuple[jt.Var, jt.Var]]]:
        """The image in training mode, and (mu, logvar) of the code that its photo gave, where there is one."""
        if not self.has_code:
            return self._without_code(self.G, batch, self.noise, purpose), None
        mu, logvar = self.E(batch.image)
        eps = self.noise.normal(purpose, batch.index, (self.config.z_dim,))
        return self.G(batch.segmap, mu + eps * jt.exp(0.5 * logvar)), (mu, logvar)

    def _without_code(self, G: TSITGenerator, batch: Batch, noise: Noise, purpose: str) -> jt.Var:
        if self.is_ast:
            return G(batch.a, noise.normal(purpose, batch.index, (3, *self.start_size)), batch.b)
        return G(batch.segmap, resize_nearest(batch.segmap, *self.start_size))

    def discriminate(self, batch: Batch, fake, real, for_generator: bool):
        """D's outputs for fake and real; with the label maps in the sis form.

        The reference makes one pass over both. Two passes by the same weights are equal, as D normalises each
        sample alone, and spare G's step the gradient of the real half: the first pass moves the singular
        vectors, the second takes them as they are.
        """
        if not self.is_ast:
            fake, real = (jt.concat([batch.segmap, image], 1) for image in (fake, real))
        fake_out = self.D(fake)
        with evaluating(self.D), jt.no_grad() if for_generator else nullcontext():
            return fake_out, self.D(real)

    def generate(self, batch: Batch, noise: Noise) -> jt.Var:
        """Images for label maps, in the style of `batch.image` or of a drawn code; or `a` in the style of `b`."""
        G = self.networks.get("G_ema", self.G)
        with jt.no_grad(), evaluating(*self.networks.values()):
            if self.has_code:
                return G(batch.segmap, self._code(batch, noise))
            return self._without_code(G, batch, noise, "z")

    def _code(self, batch: PairedBatch, noise: Noise) -> jt.Var:
        if batch.image is None:
            return noise.normal("z", batch.index, (self.config.z_dim,))
        mu, _ = self.E(batch.image)
        return mu
