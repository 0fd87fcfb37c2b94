"""BicycleGAN: image-to-image translation with a latent style code and its encoder (Zhu et al., NIPS 2017)."""

from typing import Any, Container, Dict, List, NamedTuple, Optional, Sequence

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config.systems.bicyclegan import BicycleGANConfig, BicycleGANWeights
from jittor_tsit.data.batch_kinds import LABEL_MAPS_TO_PHOTOS, BatchKind
from jittor_tsit.layers.init import xavier
from jittor_tsit.layers.norm_kinds import NORMS
from jittor_tsit.layers.train_mode import detached, evaluating
from jittor_tsit.networks.bicyclegan import LatentEncoder, LatentUNet
from jittor_tsit.networks.patchgan_pix2pix import TwoScalePatchGAN
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import System, flatten_terms
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.input_and_target import InputAndTarget

__all__ = ["BicycleGANConfig", "BicycleGANSystem", "BicycleGANWeights"]

UNIT_WEIGHTS = {"real": 1.0, "fake": 1.0, "real2": 1.0, "fake2": 1.0}  # weights of the discriminators' terms


class Fakes(NamedTuple):
    """Images of G for D's update, as detached copies. They are generated before G's update of the same step."""

    encoded: jt.Var  # in the style of the target
    drawn: jt.Var  # in a random style


class BicycleGANSystem(System):
    """G translates an image in the style of a latent code, E encodes the style of an image.

    D judges images with encoded codes, D2 images with random codes. The official code uses batches of 2 N pairs. Here a
    batch is N pairs (for D) and the targets of N other pairs (the real images of D2).
    """

    Config = BicycleGANConfig
    batch_kind: BatchKind = LABEL_MAPS_TO_PHOTOS  # or pairs of images, by the option `source`
    inference_networks = ("G", "E")
    wants_other = True
    has_code = True
    style_network = "E"

    def __init__(self, config: BicycleGANConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        config.require_size(height, width)
        self.image_multiple = 2**config.num_levels
        self.config = config
        self.pairs = InputAndTarget(config.source, in_channels, (config.in_channels, config.out_channels))
        self.batch_kind = self.pairs.batch_kind
        norm, z_dim = NORMS[config.norm], config.z_dim
        sizes = config.in_channels, config.out_channels, config.num_levels, config.width, z_dim
        self.G = LatentUNet(*sizes, norm, config.adds_to_all, config.upsampling)
        self.E = LatentEncoder(config.encoder, config.out_channels, config.width_E, config.num_layers_E, z_dim, norm)
        self.networks.update(G=self.G, E=self.E)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add the discriminators, the averaged weights and the optimizers.

        See `System.prepare_training` for the argument.
        """
        config, optim = self.config, self.config.optim
        sizes = config.out_channels, config.width_D, config.num_layers_D
        self.D, self.D2 = (TwoScalePatchGAN(*sizes, NORMS[config.norm], xavier) for _ in range(2))
        self.networks.update(D=self.D, D2=self.D2)
        self.gan_loss = losses.GAN_LOSSES[config.gan_loss]
        self.add_average()
        self.optimizers["G"] = Adam({**trainable(self.G, "G."), **trainable(self.E, "E.")}, optim.lr_G, optim.betas)
        self.optimizers["D"] = Adam({**trainable(self.D, "D."), **trainable(self.D2, "D2.")}, optim.lr_D, optim.betas)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        self.fakes: List[Fakes] = []  # of each part of the batch
        g_terms = self.update("G", parts, self.generator_terms, self.weights)
        fakes = iter(self.fakes)
        weights = {**UNIT_WEIGHTS, "gp": self.weights["gp"], "gp2": self.weights["gp"]}
        d_terms = self.update("D", parts, lambda part: self.discriminator_terms(part, next(fakes)), weights)
        return flatten_terms(G=g_terms, D=d_terms)

    def generator_terms(self, batch: Any) -> Dict[str, jt.Var]:
        """Compute the loss terms of G and E.

        gan, gan2: adversarial losses with encoded and with random codes. l1: reconstruction of the target from its own
        code. kl: KL divergence of the encoded code. latent: reconstruction of the random code from its image.
        """
        a, b = self.pairs.images(batch)
        mu, logvar = self.E(b)
        eps, z = (self.noise.normal(purpose, batch.index, (self.config.z_dim,)) for purpose in ("G", "z"))
        encoded = self.G(a, mu + eps * jt.exp(0.5 * logvar), self.dropout(a, batch.index, "encoded"))
        drawn = self.G(a, z, self.dropout(a, batch.index, "drawn"))
        self.fakes.append(Fakes(encoded.detach(), drawn.detach()))
        with detached(self.E):
            found, _ = self.E(drawn)
        return {
            "gan": losses.over_scales(self.gan_loss.gen, self.D(encoded)),
            "gan2": losses.over_scales(self.gan_loss.gen, self.D2(drawn)),
            "l1": losses.l1(encoded, b),
            "kl": losses.kl_divergence(mu, logvar) * batch.share.whole,  # the official code sums over the batch
            "latent": losses.l1(found, z),
        }

    def discriminator_terms(self, batch: Any, fakes: Fakes) -> Dict[str, jt.Var]:
        """Compute the adversarial losses of D and D2 for real and generated images, and their gradient penalties."""
        b = self.pairs.images(batch)[1]
        return {
            "fake": losses.over_scales(self.gan_loss.fake, self.D(fakes.encoded)),
            "real": losses.over_scales(self.gan_loss.real, self.D(b)),
            "fake2": losses.over_scales(self.gan_loss.fake, self.D2(fakes.drawn)),
            "real2": losses.over_scales(self.gan_loss.real, self.D2(batch.other)),
            **self.penalty_terms(self.D, b, fakes.encoded, batch.index),
            **self.penalty_terms(self.D2, batch.other, fakes.drawn, batch.index, "gp2"),
        }

    def dropout(self, a: jt.Var, index: Sequence[int], purpose: str) -> Optional[List[jt.Var]]:
        """Return random draws for the dropout of G in training; None without dropout.

        Args:
            a: Inputs of G, whose size decides the shapes.
            purpose: Name of the random stream.
        """
        if not self.config.dropout:
            return None
        shapes = self.G.dropout_shapes(*a.shape[2:])
        return [self.noise.normal(f"dropout {purpose} {k}", index, shape) for k, shape in enumerate(shapes)]

    def is_random_at_test(self, has_references: bool) -> bool:
        """Return whether `generate` depends on the seed: the code is random unless a reference photo gives it."""
        return not has_references

    def generate(self, batch: Any, noise: Noise) -> jt.Var:
        """Translate the inputs in random styles, or for label maps in the styles of `batch.image` if it is given."""
        a = self.pairs.images(batch)[0]
        with jt.no_grad(), evaluating(*self.networks.values()):
            z = noise.normal("z", batch.index, (self.config.z_dim,))
            if self.config.source == "labels" and batch.image is not None:
                z, _ = self.E(batch.image)
            return self.inference_G(a, z)
