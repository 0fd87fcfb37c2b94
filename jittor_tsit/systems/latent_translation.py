"""Translation between two domains through a shared latent space: the base of both forms of UNIT (Liu et al., 2017)."""

from functools import partial
from itertools import count
from typing import Any, Container, Dict, Iterator, Optional, Sequence

import jittor as jt
from jittor import nn

from jittor_tsit import losses
from jittor_tsit.config.systems.unit import STRIDE, UNITConfig
from jittor_tsit.data.batch_kinds import TWO_DOMAINS, BatchKind, TwoDomains
from jittor_tsit.data.batches import ImageBatch
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import System, flatten_terms
from jittor_tsit.systems.draws import Noise

A, B = 0, 1
SIDES = {"a": A, "b": B}


class LatentTranslation(System):
    """G encodes images of both domains to one latent space and decodes codes to both domains. D judges both domains.

    A subclass writes `make_generator`, `make_discriminator` and `divergence`.
    """

    Config = UNITConfig
    batch_kind: BatchKind = TWO_DOMAINS
    translates_back = True

    def __init__(self, config: UNITConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        config.require_size(height, width)
        self.image_multiple = STRIDE
        self.config, self.code_shape = config, (STRIDE * config.width, height // STRIDE, width // STRIDE)
        self.channels = config.in_channels, config.out_channels
        self.batch_kind = TwoDomains(self.channels)
        self.networks["G"] = self.G = self.make_generator()

    def prepare_training(self, terms: Container[str]) -> None:
        """Add the discriminator, the averaged weights and the optimizers.

        See `System.prepare_training` for the argument.
        """
        config, optim = self.config, self.config.optim
        config.weight_files(terms)  # raises if an option is missing or has no meaning
        self.D = self.networks["D"] = self.make_discriminator()
        self.gan_loss = losses.GAN_LOSSES[config.gan_loss]
        self.add_average()
        self.optimizers["G"] = Adam(trainable(self.G), optim.lr_G, optim.betas, l2=config.l2)
        self.optimizers["D"] = Adam(trainable(self.D), optim.lr_D, optim.betas, l2=config.l2)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        each = {f"{name}_{side}": weight for name, weight in self.weights.items() for side in SIDES}
        gan = {f"{kind}_{side}": self.weights["gan"] for kind in ("real", "fake") for side in SIDES}
        d_terms = self.update("D", parts, self.discriminator_terms, {**each, **gan})
        g_terms = self.update("G", parts, self.generator_terms, each)
        return flatten_terms(G=g_terms, D=d_terms)

    def discriminator_terms(self, batch: ImageBatch) -> Dict[str, jt.Var]:
        """Compute the adversarial losses of D for real and translated images of both domains, and its penalties."""
        with jt.no_grad():
            fake_b = self.decode(self.noisy(self.encode(batch.a, A, batch, "D a"), batch, "D a"), B, batch, "D ab")
            fake_a = self.decode(self.noisy(self.encode(batch.b, B, batch, "D b"), batch, "D b"), A, batch, "D ba")
        terms = {}
        for (name, side), real, fake in zip(SIDES.items(), (batch.a, batch.b), (fake_a, fake_b)):
            terms[f"real_{name}"] = losses.over_scales(self.gan_loss.real, self.D(real, side))
            terms[f"fake_{name}"] = losses.over_scales(self.gan_loss.fake, self.D(fake.detach(), side))
            judge = partial(self.D, side=side)
            terms.update(self.penalty_terms(judge, real, fake.detach(), batch.index, f"gp_{name}"))
        return terms

    def generator_terms(self, batch: ImageBatch) -> Dict[str, jt.Var]:
        """Compute the loss terms of G for both domains.

        gan: adversarial loss of the translation. rec: L1 reconstruction of the image from its own code. cycle: L1
        reconstruction from the code of its translation. kl, kl_cycle: divergence of both codes from N(0, 1).
        """
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
            terms.update(self.own_terms(image, fake, "ba"[side]))
        return terms

    def make_generator(self) -> nn.Module:
        """Build the network of both encoders and both decoders."""
        raise NotImplementedError

    def make_discriminator(self) -> nn.Module:
        """Build the discriminator of both domains."""
        raise NotImplementedError

    def divergence(self, code: jt.Var, noisy: jt.Var) -> jt.Var:
        """Compute or estimate twice the KL divergence of N(code, 1) from N(0, 1), up to a constant.

        A subclass uses one of the two arguments.

        Args:
            code: The mean of the distribution.
            noisy: The code with its noise added, a sample of N(code, 1).
        """
        raise NotImplementedError

    def own_terms(self, image: jt.Var, fake: jt.Var, there: str) -> Dict[str, jt.Var]:
        """Compute further loss terms of G, which only one form of UNIT has.

        Args:
            fake: The image translated to the domain `there`, "a" or "b".
        """
        return {}

    def noisy(self, code: jt.Var, batch: ImageBatch, purpose: str) -> jt.Var:
        """Return the code with noise added, a draw from N(code, 1). See `encode` for the other arguments."""
        return code + self.noise.normal(purpose, batch.index, self.code_shape)

    def encode(self, image: jt.Var, side: int, batch: ImageBatch, purpose: str) -> jt.Var:
        """Encode images of domain `side`, 0 or 1, in training mode, with independent dropout for each image.

        Args:
            batch: The batch of the images; its `index` seeds the dropout.
            purpose: Name of this use of random numbers. Other names give other numbers.
        """
        return self.G.encode(image, side, self.dropout(batch, f"{purpose} encode"))

    def decode(self, code: jt.Var, side: int, batch: ImageBatch, purpose: str) -> jt.Var:
        """Decode codes to images of domain `side`, 0 or 1, in training mode. See `encode` for the other arguments."""
        return self.G.decode(code, side, self.dropout(batch, f"{purpose} decode"))

    def dropout(self, batch: ImageBatch, purpose: str) -> Optional[Iterator[jt.Var]]:
        """Return an endless iterator over dropout masks for the blocks of G; None if the option `dropout` is off.

        See `encode` for the arguments.
        """
        if not self.config.dropout:
            return None
        return (self.noise.coins(f"{purpose} {k}", batch.index, self.code_shape) for k in count())

    def generate(self, batch: ImageBatch, noise: Noise) -> jt.Var:
        """Translate the images `batch.a` from domain A to domain B, without noise on the code."""
        return self._translate(batch.a, A, B)

    def generate_back(self, batch: ImageBatch, noise: Noise) -> jt.Var:
        """Translate the images `batch.a`, which are of domain B, to domain A, without noise on the code."""
        return self._translate(batch.a, B, A)

    def _translate(self, image: jt.Var, side: int, there: int) -> jt.Var:
        G = self.inference_G
        with jt.no_grad(), evaluating(G):
            return G.decode(G.encode(image, side), there)
