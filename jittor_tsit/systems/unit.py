"""UNIT: two domains with one latent space, from unpaired images (Liu et al., NIPS 2017)."""

from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Container, Dict, Iterator, Optional, Sequence

import jittor as jt

from data_tools.basics.errors import InputError
from jittor_tsit import losses
from jittor_tsit.config import OptimConfig
from jittor_tsit.data.batches import ImageBatch
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.unit import DISCRIMINATORS, SharedLatentGenerator
from jittor_tsit.networks.unit_rewrite import SeparateGenerator, SidesDiscriminator
from jittor_tsit.networks.vgg import ContentFeatures
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import System, named
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.option_checks import require_choice, require_least, require_multiples

STRIDE = 4  # of the generator's middle
FORMS = ("paper", "rewrite")
A, B = 0, 1
SIDES = {"a": A, "b": B}


@dataclass(frozen=True)
class UNITWeights:
    """Weights of the loss terms, each of either side."""

    gan: float = 10.0
    rec: float = 100.0  # L1 distance of an image that has been encoded and decoded on its side
    kl: float = 0.1  # of the code from N(0, 1)
    cycle: float = 100.0  # L1 distance of an image that has been to the other side and back
    kl_cycle: float = 0.1  # of the code on the other side
    vgg: float = 0.0  # squared distance of VGG-16's features of an image and its translation; of the rewrite
    gp: float = 0.0  # gradient penalty in D's loss, for gan_loss=wgan; WGAN-GP's is 10


REWRITE_WEIGHTS = UNITWeights(gan=1.0, rec=10.0, kl=0.01, cycle=10.0, kl_cycle=0.01)


@dataclass(frozen=True)
class UNITConfig:
    """Options; defaults are the paper's code for CelebA faces."""

    form: str = "paper"  # or rewrite, the later one without shared weights: give it REWRITE_WEIGHTS and gan_loss lsgan
    discriminator: str = "shared"  # or separate, pyramid; of the paper's form
    num_blocks: int = 3  # of each encoder and decoder, beside the shared one; the rewrite has 4
    num_layers_D: int = 4  # of the shared ones; 6 where the sides have their own, 4 in the pyramid and the rewrite
    has_norms: bool = False  # instance norm outside the blocks, too; of the paper's form
    dropout: bool = False  # in the residual blocks; the paper's form has it for street scenes
    width: int = 64
    width_D: int = 64
    perceptual_weights: str = ""  # file of Caffe's VGG-16 in torchvision's layout, for weights.vgg
    l2: float = 1e-4  # of all weights, added to the gradients
    gan_loss: str = "vanilla"  # a name in losses.GAN_LOSSES
    weights: UNITWeights = UNITWeights()
    optim: OptimConfig = OptimConfig(lr_G=1e-4, lr_D=1e-4, betas=(0.5, 0.999))

    def __post_init__(self):
        require_choice(self, "form", FORMS)
        require_choice(self, "discriminator", DISCRIMINATORS)
        require_choice(self, "gan_loss", losses.GAN_LOSSES)
        require_least(self, num_blocks=1, num_layers_D=1, width=1, width_D=1, l2=0)
        for name in ("dropout", "has_norms", "discriminator") if self.form == "rewrite" else ():
            if getattr(self, name) != getattr(UNITConfig, name):
                raise InputError(f"{name}={getattr(self, name)}: only the paper's form has this option")


class UNITSystem(System):
    """G encodes images of either side to one latent space and decodes them to either side; D judges each side."""

    Config = UNITConfig
    batch_kind = "domains"
    has_way_back = True

    def __init__(self, config: UNITConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        require_multiples("UNIT", height, width, STRIDE)
        least = 4 * 2**config.num_layers_D  # the least scale's last but one layer has two pixels then, to be mirrored
        if config.form == "rewrite" and min(height, width) < least:
            raise InputError(f"image size {width}x{height}: with num_layers_D={config.num_layers_D} at least {least}")
        self.config, self.code_shape = config, (STRIDE * config.width, height // STRIDE, width // STRIDE)
        if config.form == "paper":
            self.G = SharedLatentGenerator(config.width, config.num_blocks, config.has_norms)
        else:
            self.G = SeparateGenerator(config.width, config.num_blocks)
        self.networks["G"] = self.G

    def prepare_training(self, terms: Container[str]) -> None:
        """Add what only training needs, for these terms of the loss."""
        config, optim = self.config, self.config.optim
        kind = DISCRIMINATORS[config.discriminator] if config.form == "paper" else SidesDiscriminator
        self.D = self.networks["D"] = kind(config.width_D, config.num_layers_D)
        self.gan_loss = losses.GAN_LOSSES[config.gan_loss]
        if "vgg" in terms:
            if config.form != "rewrite" or not config.perceptual_weights:
                raise InputError("weights.vgg: needs form=rewrite and perceptual_weights=FILE; or must be 0")
            self.content = ContentFeatures(Path(config.perceptual_weights))
        self.add_average()
        self.optimizers["G"] = Adam(trainable(self.G), optim.lr_G, optim.betas, l2=config.l2)
        self.optimizers["D"] = Adam(trainable(self.D), optim.lr_D, optim.betas, l2=config.l2)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        each = {f"{name}_{side}": weight for name, weight in self.weights.items() for side in SIDES}
        gan = {f"{kind}_{side}": self.weights["gan"] for kind in ("real", "fake") for side in SIDES}
        d_terms = self.update("D", parts, self.discriminator_terms, {**each, **gan})
        g_terms = self.update("G", parts, self.generator_terms, each)
        return named(G=g_terms, D=d_terms)

    def discriminator_terms(self, batch: ImageBatch) -> Dict[str, jt.Var]:
        """Real up, translated down, on each side."""
        with jt.no_grad():
            fake_b = self.decode(self.noisy(self.encode(batch.a, A, batch, "D a"), batch, "D a"), B, batch, "D ab")
            fake_a = self.decode(self.noisy(self.encode(batch.b, B, batch, "D b"), batch, "D b"), A, batch, "D ba")
        terms = {}
        for (name, side), real, fake in zip(SIDES.items(), (batch.a, batch.b), (fake_a, fake_b)):
            terms[f"real_{name}"] = losses.over_scales(self.gan_loss.real, self.D(real, side))
            terms[f"fake_{name}"] = losses.over_scales(self.gan_loss.fake, self.D(fake.detach(), side))
            judge = partial(self.D, side=side)
            terms.update(self.slope_terms(judge, real, fake.detach(), batch.index, f"gp_{name}"))
        return terms

    def generator_terms(self, batch: ImageBatch) -> Dict[str, jt.Var]:
        """Each image again from its code, and from the code of its translation, which looks real; codes are N(0, 1)."""
        terms = {}
        for (name, side), image in zip(SIDES.items(), (batch.a, batch.b)):
            there, way = 1 - side, f"G {name}"
            code = self.encode(image, side, batch, way)
            noisy = self.noisy(code, batch, way)
            rec = self.decode(noisy, side, batch, f"{way} rec")
            fake = self.decode(noisy, there, batch, f"{way} fake")
            code_there = self.encode(fake, there, batch, f"{way} there")
            noisy_there = self.noisy(code_there, batch, f"{way} there")
            cycle = self.decode(noisy_there, side, batch, f"{way} cycle")
            terms[f"gan_{'ba'[side]}"] = losses.over_scales(self.gan_loss.gen, self.D(fake, there))
            terms[f"rec_{name}"] = losses.l1(rec, image)
            terms[f"kl_{name}"] = self.divergence(code, noisy)
            terms[f"cycle_{name}"] = losses.l1(cycle, image)
            terms[f"kl_cycle_{name}"] = self.divergence(code_there, noisy_there)
            if self.weights["vgg"]:
                terms[f"vgg_{'ba'[side]}"] = losses.mean((self.content(fake) - self.content(image)).sqr())
        return terms

    def divergence(self, code: jt.Var, noisy: jt.Var) -> jt.Var:
        """Twice that of N(code, 1) from N(0, 1), but for a constant; the paper's code takes the code with its noise."""
        return losses.mean((noisy if self.config.form == "paper" else code).sqr())

    def noisy(self, code: jt.Var, batch: ImageBatch, purpose: str) -> jt.Var:
        """A draw from N(code, 1)."""
        return code + self.noise.normal(purpose, batch.index, self.code_shape)

    def encode(self, image: jt.Var, side: int, batch: ImageBatch, purpose: str) -> jt.Var:
        """In training; dropout is drawn for each image."""
        return self.G.encode(image, side, self.dropout(batch, f"{purpose} encode"))

    def decode(self, code: jt.Var, side: int, batch: ImageBatch, purpose: str) -> jt.Var:
        """In training; dropout is drawn for each image."""
        return self.G.decode(code, side, self.dropout(batch, f"{purpose} decode"))

    def dropout(self, batch: ImageBatch, purpose: str) -> Optional[Iterator[jt.Var]]:
        """Draws for G's blocks, without end."""
        if not self.config.dropout:
            return None
        return (self.noise.coins(f"{purpose} {k}", batch.index, self.code_shape) for k in count())

    def generate(self, batch: ImageBatch, noise: Noise) -> jt.Var:
        """Each `a` as a `b`, by its code without noise."""
        return self._translated(batch.a, A, B)

    def generate_back(self, batch: ImageBatch, noise: Noise) -> jt.Var:
        """Each `a`, which is an image of b, as an image of a."""
        return self._translated(batch.a, B, A)

    def _translated(self, image: jt.Var, side: int, there: int) -> jt.Var:
        G = self.networks.get("G_ema", self.G)
        with jt.no_grad(), evaluating(G):
            return G.decode(G.encode(image, side), there)
