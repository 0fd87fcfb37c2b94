"""CycleGAN: unpaired image-to-image translation with a cycle-consistency loss (Zhu et al., ICCV 2017)."""

from functools import partial
from typing import Any, Container, Dict, List, Sequence

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config.systems.cyclegan import STRIDE, CycleGANConfig, CycleGANWeights, require_equal_channels
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

__all__ = ["CycleGANConfig", "CycleGANSystem", "CycleGANWeights"]

HALF_WEIGHTS = {"real_a": 0.5, "fake_a": 0.5, "real_b": 0.5, "fake_b": 0.5}  # the official discriminator loss is halved


class CycleGANSystem(System):
    """G_ab translates images of domain A to domain B, G_ba back. D_a and D_b are the domains' discriminators."""

    Config = CycleGANConfig
    batch_kind: BatchKind = TWO_DOMAINS
    inference_networks = ("G_ab", "G_ba")
    translates_back = True
    back_network = "G_ba"

    def __init__(self, config: CycleGANConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        config.require_size(height, width)
        self.image_multiple = STRIDE
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
