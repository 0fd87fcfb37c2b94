"""CycleGAN: unpaired image-to-image translation with a cycle-consistency loss (Zhu et al., ICCV 2017)."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Container, Dict, List, Sequence

import jittor as jt

from data_tools.basics.errors import InputError
from jittor_tsit import losses
from jittor_tsit.config import OptimConfig
from jittor_tsit.data.batch_kinds import TWO_DOMAINS, BatchKind, TwoDomains
from jittor_tsit.data.batches import ImageBatch
from jittor_tsit.layers.norm_kinds import NORMS
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.patchgan_pix2pix import PatchGAN
from jittor_tsit.networks.resnet import ResNetGenerator
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.base import System, flatten_terms
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.image_pool import ImagePool
from jittor_tsit.systems.one_by_one import one_by_one
from jittor_tsit.systems.option_checks import require_channels, require_choice, require_least, require_multiples

STRIDE = 4  # of the generator's innermost features
HALF_WEIGHTS = {"real_a": 0.5, "fake_a": 0.5, "real_b": 0.5, "fake_b": 0.5}  # the official discriminator loss is halved


@dataclass(frozen=True)
class CycleGANWeights:
    """Weights of the loss terms. A weight of 0 switches an identity term off."""

    gan_a: float = 1.0
    gan_b: float = 1.0
    cycle_a: float = 10.0
    cycle_b: float = 10.0
    idt_a: float = 5.0  # 0.5 times the cycle's weight, as in the official code; the paper uses it for paintings only
    idt_b: float = 5.0
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
class CycleGANConfig:
    """Options of CycleGAN. The defaults are those of the official code."""

    in_channels: int = 3  # of the images of domain A; 1: grey
    out_channels: int = 3  # of the images of domain B; 1: grey. If they differ, weights.idt_a and idt_b must be 0
    num_blocks: int = 9  # 6 for 128 x 128
    width: int = 64
    width_D: int = 64
    num_layers_D: int = 3  # patches of 70 pixels
    norm: str = "instance"  # or batch
    dropout: bool = False  # in the residual blocks
    training_mode_at_test: bool = True  # use dropout and each image's batch statistics, as the official test does
    pool_size: int = 50  # size of each discriminator's pool of earlier generated images
    gan_loss: str = "lsgan"  # a name in losses.GAN_LOSSES
    weights: CycleGANWeights = CycleGANWeights()
    optim: OptimConfig = OptimConfig(lr_G=2e-4, lr_D=2e-4, betas=(0.5, 0.999))

    def __post_init__(self):
        require_channels(self)
        require_choice(self, "norm", NORMS)
        require_choice(self, "gan_loss", losses.GAN_LOSSES)
        require_least(self, num_blocks=1, width=1, width_D=1, num_layers_D=0, pool_size=0)
        if self.optim.ema_halflife_nimg:
            raise InputError("optim.ema_halflife_nimg: CycleGAN keeps no averaged weights; must be 0")
        identity = {name for name in IDENTITY if getattr(self.weights, name)}
        require_equal_channels(identity, self.in_channels, self.out_channels)


class CycleGANSystem(System):
    """G_ab translates images of domain A to domain B, G_ba back. D_a and D_b are the domains' discriminators."""

    Config = CycleGANConfig
    batch_kind: BatchKind = TWO_DOMAINS
    inference_networks = ("G_ab", "G_ba")
    translates_back = True
    back_network = "G_ba"

    def __init__(self, config: CycleGANConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        require_multiples("CycleGAN", height, width, STRIDE)
        self.config, self.size, self.seed = config, (height, width), seed
        self.channels = config.in_channels, config.out_channels
        self.batch_kind = TwoDomains(self.channels)
        norm, ways = NORMS[config.norm], (self.channels, self.channels[::-1])
        self.G_ab, self.G_ba = (ResNetGenerator(*way, config.num_blocks, config.width, norm) for way in ways)
        self.networks.update(G_ab=self.G_ab, G_ba=self.G_ba)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add the discriminators, their image pools and the optimizers.

        See `System.prepare_training` for the argument.
        """
        config, optim = self.config, self.config.optim
        require_equal_channels(terms, *self.channels)
        sizes = config.width_D, config.num_layers_D, NORMS[config.norm]
        self.D_a, self.D_b = (PatchGAN(channels, *sizes) for channels in self.channels)
        self.networks.update(D_a=self.D_a, D_b=self.D_b)
        self.gan_loss = losses.GAN_LOSSES[config.gan_loss]
        self.pools = {
            name: ImagePool(config.pool_size, (channels, *self.size), name, self.seed)
            for name, channels in zip("ab", self.channels)
        }
        self.extras.update({f"pool_{name}": pool for name, pool in self.pools.items()})
        generators = {**trainable(self.G_ab, "G_ab."), **trainable(self.G_ba, "G_ba.")}
        discriminators = {**trainable(self.D_a, "D_a."), **trainable(self.D_b, "D_b.")}
        self.optimizers["G"] = Adam(generators, optim.lr_G, optim.betas)
        self.optimizers["D"] = Adam(discriminators, optim.lr_D, optim.betas)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        self.fakes: List[Dict[str, jt.Var]] = []  # of each part of the batch, generated before the generators' update
        g_terms = self.update("G", parts, self.generator_terms, self.weights)
        shown = iter([self.from_pools(part, fakes) for part, fakes in zip(parts, self.fakes)])
        weights = {**HALF_WEIGHTS, **{f"gp_{side}": self.weights["gp"] for side in "ab"}}
        d_terms = self.update("D", parts, lambda part: self.discriminator_terms(part, next(shown)), weights)
        return flatten_terms(G=g_terms, D=d_terms)

    def generator_terms(self, batch: ImageBatch) -> Dict[str, jt.Var]:
        """Compute the adversarial, cycle-consistency and identity losses of both generators."""
        a, b = batch.a, batch.b
        fake_b = self.translate(self.G_ab, a, batch.index, self.noise, "fake_b")
        fake_a = self.translate(self.G_ba, b, batch.index, self.noise, "fake_a")
        self.fakes.append({"a": fake_a.detach(), "b": fake_b.detach()})
        rec_a = self.translate(self.G_ba, fake_b, batch.index, self.noise, "rec_a")
        rec_b = self.translate(self.G_ab, fake_a, batch.index, self.noise, "rec_b")
        terms = {
            "gan_b": self.gan_loss.gen([self.D_b(fake_b)]),
            "gan_a": self.gan_loss.gen([self.D_a(fake_a)]),
            "cycle_a": losses.l1(rec_a, a),
            "cycle_b": losses.l1(rec_b, b),
        }
        if self.weights["idt_a"]:
            terms["idt_a"] = losses.l1(self.translate(self.G_ba, a, batch.index, self.noise, "idt_a"), a)
        if self.weights["idt_b"]:
            terms["idt_b"] = losses.l1(self.translate(self.G_ab, b, batch.index, self.noise, "idt_b"), b)
        return terms

    def translate(self, G: ResNetGenerator, image: jt.Var, index: Sequence[int], noise: Noise, purpose: str) -> jt.Var:
        """Translate images in training mode. With dropout, each image and each `purpose` has its own draws."""
        if not self.config.dropout:
            return G(image)
        shapes = enumerate(G.dropout_shapes(*image.shape[2:]))
        return G(image, [noise.normal(f"dropout {purpose} {k}", index, shape) for k, shape in shapes])

    def discriminator_terms(self, batch: ImageBatch, fakes: Dict[str, jt.Var]) -> Dict[str, jt.Var]:
        """Compute the adversarial losses of both discriminators for real and generated images, and their penalties."""
        terms = {}
        for side, D, real in (("a", self.D_a, batch.a), ("b", self.D_b, batch.b)):
            terms[f"real_{side}"] = self.gan_loss.real([D(real)])
            terms[f"fake_{side}"] = self.gan_loss.fake([D(fakes[side])])
            terms.update(self.penalty_terms(partial(_logits, D), real, fakes[side], batch.index, f"gp_{side}"))
        return terms

    def from_pools(self, batch: ImageBatch, fakes: Dict[str, jt.Var]) -> Dict[str, jt.Var]:
        """Exchange generated images with the image pools.

        Every process keeps the same pools, which hold images of all processes.
        """
        shown = {}
        for side, images in fakes.items():
            everything, index, own = parallel.gather_images(images, batch.index, batch.share)
            shown[side] = self.pools[side].query(everything, index)[own]
        return shown

    def is_random_at_test(self, has_references: bool) -> bool:
        """Return whether `generate` depends on the seed: it does if dropout is used at test."""
        return self.config.dropout and self.config.training_mode_at_test

    def generate(self, batch: ImageBatch, noise: Noise) -> jt.Var:
        """Translate each image of `a` from domain A to domain B, one at a time."""
        return self._translate_at_test(self.G_ab, batch, noise)

    def generate_back(self, batch: ImageBatch, noise: Noise) -> jt.Var:
        """Translate each image of `a`, which is an image of domain B, to domain A, one at a time."""
        return self._translate_at_test(self.G_ba, batch, noise)

    def _translate_at_test(self, G: ResNetGenerator, batch: ImageBatch, noise: Noise) -> jt.Var:
        a, index = batch.a, batch.index
        if self.config.training_mode_at_test and (self.config.dropout or self.config.norm == "batch"):
            return one_by_one(G, a, lambda own: self.translate(G, a[own], index[own], noise, "test"))
        with jt.no_grad(), evaluating(G):  # with instance norm and no dropout, both modes give the same output
            return G(a)


def _logits(D: PatchGAN, image: jt.Var) -> List[jt.Var]:
    return [D(image)]
