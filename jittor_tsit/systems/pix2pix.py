"""pix2pix: paired image-to-image translation with a conditional GAN and an L1 loss (Isola et al., CVPR 2017)."""

from typing import Any, Container, Dict, Sequence, Union

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config.systems.pix2pix import RESNET_STRIDE, Pix2PixConfig, Pix2PixWeights
from jittor_tsit.data.batch_kinds import LABEL_MAPS_TO_PHOTOS, BatchKind
from jittor_tsit.layers.norm_kinds import NORMS
from jittor_tsit.layers.train_mode import evaluating, holding_statistics
from jittor_tsit.networks.patchgan_pix2pix import PatchGAN
from jittor_tsit.networks.resnet import ResNetGenerator
from jittor_tsit.networks.unet import UNetGenerator
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import System, flatten_terms
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.input_and_target import InputAndTarget
from jittor_tsit.systems.one_by_one import one_by_one

__all__ = ["Pix2PixConfig", "Pix2PixSystem", "Pix2PixWeights"]

Generator = Union[UNetGenerator, ResNetGenerator]
HALF_WEIGHTS = {"fake": 0.5, "real": 0.5}  # the official discriminator loss is halved


class Pix2PixSystem(System):
    """G translates an input image. D judges the output together with the input."""

    Config = Pix2PixConfig
    batch_kind: BatchKind = LABEL_MAPS_TO_PHOTOS  # or pairs of images, by the option `source`

    def __init__(self, config: Pix2PixConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        self.config = config
        self.channels = config.in_channels, config.out_channels
        self.pairs = InputAndTarget(config.source, in_channels, self.channels)
        self.batch_kind = self.pairs.batch_kind
        config.require_size(height, width)
        self.networks["G"] = self.G = self.make_generator()

    def make_generator(self) -> Generator:
        """Build the generator that the options ask for."""
        config, norm = self.config, NORMS[self.config.norm]
        if config.generator == "resnet":
            self.image_multiple = RESNET_STRIDE
            return ResNetGenerator(*self.channels, config.num_blocks, config.width, norm)
        self.image_multiple = 2**config.num_levels
        return UNetGenerator(*self.channels, config.num_levels, config.width, norm)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add the discriminator, the averaged weights and the optimizers.

        See `System.prepare_training` for the argument.
        """
        config = self.config
        sizes = sum(self.channels), config.width_D, config.num_layers_D
        self.D = self.networks["D"] = PatchGAN(*sizes, NORMS[config.norm])
        self.gan_loss = losses.GAN_LOSSES[config.gan_loss]
        self.add_average()
        self.optimizers["G"] = Adam(trainable(self.G), config.optim.lr_G, config.optim.betas)
        self.optimizers["D"] = Adam(trainable(self.D), config.optim.lr_D, config.optim.betas)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        d_terms = self.update("D", parts, self.discriminator_terms, {**HALF_WEIGHTS, "gp": self.weights["gp"]})
        g_terms = self.update("G", parts, self.generator_terms, self.weights)
        return flatten_terms(G=g_terms, D=d_terms)

    def discriminator_terms(self, batch: Any) -> Dict[str, jt.Var]:
        """Compute the adversarial losses of D for real and generated images, and its gradient penalty.

        G's update of the same step generates the same image again.
        """
        a, b = self.pairs.images(batch)
        with jt.no_grad(), holding_statistics(self.G):
            fake = self.translate(self.G, a, batch.index, self.noise)
        fake = fake.detach()
        terms = {
            "fake": self.gan_loss.fake(self.discriminate(a, fake)),
            "real": self.gan_loss.real(self.discriminate(a, b)),
        }
        return {**terms, **self.penalty_terms(lambda image: self.discriminate(a, image), b, fake, batch.index)}

    def generator_terms(self, batch: Any) -> Dict[str, jt.Var]:
        """Compute the adversarial loss of G and the L1 distance of its output to the target."""
        a, b = self.pairs.images(batch)
        fake = self.translate(self.G, a, batch.index, self.noise)
        return {"gan": self.gan_loss.gen(self.discriminate(a, fake)), "l1": losses.l1(fake, b)}

    def discriminate(self, a: jt.Var, b: jt.Var):
        """Return D's logits for images b given the inputs a, as a list of one scale."""
        return [self.D(jt.concat([a, b], 1))]

    def translate(self, G: Generator, a: jt.Var, index: Sequence[int], noise: Noise) -> jt.Var:
        """Translate images in training mode, with independent dropout for each image."""
        draws = None
        if self.config.dropout:
            shapes = G.dropout_shapes(*a.shape[2:])
            draws = [noise.normal(f"dropout{k}", index, shape) for k, shape in enumerate(shapes)]
        return G(a, draws)

    def is_random_at_test(self, has_references: bool) -> bool:
        """Return whether `generate` depends on the seed: it does if dropout is used at test."""
        return self.config.dropout and self.config.training_mode_at_test

    def generate(self, batch: Any, noise: Noise) -> jt.Var:
        """Translate the inputs of a batch to images [N, C, H, W], one at a time if `training_mode_at_test` is set."""
        G, a = self.inference_G, self.pairs.images(batch)[0]
        if self.config.training_mode_at_test:
            return one_by_one(G, a, lambda own: self.translate(G, a[own], batch.index[own], noise))
        with jt.no_grad(), evaluating(G):
            return G(a)
