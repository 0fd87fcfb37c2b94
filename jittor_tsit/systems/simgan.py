"""SimGAN: a refiner makes rendered images look like real ones (Shrivastava et al., CVPR 2017)."""

from typing import Any, Container, Dict, List, Sequence

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config.systems.simgan import SimGANConfig, SimGANWeights
from jittor_tsit.data.batch_kinds import TWO_DOMAINS, BatchKind, TwoDomains
from jittor_tsit.data.batches import ImageBatch
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.simgan import LocalDiscriminator, Refiner
from jittor_tsit.optim import SGD, trainable
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.base import System, flatten_terms
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.image_pool import HalfPool

__all__ = ["SimGANConfig", "SimGANSystem", "SimGANWeights"]

REFINED, REAL = 0, 1  # channels of D's logits
HALF_WEIGHTS = {"refined": 0.5, "real": 0.5}


class SimGANSystem(System):
    """G, the paper's refiner R, makes rendered images (a) look like photographs (b). D judges patches.

    Each step updates one of the two networks: G in the first `pretrain_G` steps, D in the next `pretrain_D` steps.
    Then, again and again, G in `k_g` steps and D in `k_d` steps. Each step reads new images.
    """

    Config = SimGANConfig
    batch_kind: BatchKind = TWO_DOMAINS

    def __init__(self, config: SimGANConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        config.require_size(height, width)
        self.config, self.image_shape, self.seed = config, (config.channels, height, width), seed
        self.batch_kind = TwoDomains((config.channels, config.channels))
        self.cycle = config.pretrain_G + config.pretrain_D, config.k_g + config.k_d
        self.networks["G"] = self.G = Refiner(config.kind, config.channels, config.width, config.slope)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add the discriminator, its image pool, the averaged weights and the optimizers.

        See `System.prepare_training` for the argument.
        """
        config, optim = self.config, self.config.optim
        self.D = self.networks["D"] = LocalDiscriminator(config.kind, config.channels, config.slope)
        self.pool = self.extras["pool"] = HalfPool(config.pool_size, self.image_shape, "pool", self.seed)
        self.add_average()
        self.optimizers["G"] = SGD(trainable(self.G), optim.lr_G, config.momentum)
        self.optimizers["D"] = SGD(trainable(self.D), optim.lr_D, config.momentum)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        config = self.config
        if step < config.pretrain_G:
            return flatten_terms(G=self.update("G", parts, self.distance_terms, self.weights))
        step -= config.pretrain_G + config.pretrain_D
        if step >= 0 and step % (config.k_g + config.k_d) < config.k_g:
            return flatten_terms(G=self.update("G", parts, self.generator_terms, self.weights))
        return flatten_terms(D=self.discriminator_step(parts))

    def distance_terms(self, batch: ImageBatch) -> Dict[str, jt.Var]:
        """Compute the L1 distance of the refined image to the rendered image, for pretraining."""
        return {"reg": losses.l1(self.G(batch.a), batch.a)}

    def generator_terms(self, batch: ImageBatch) -> Dict[str, jt.Var]:
        """Compute the adversarial loss of G over patches, and the L1 distance to the rendered image."""
        refined = self.G(batch.a)
        return {
            "gan": losses.patch_cross_entropy(self.D(refined), REAL),
            "reg": losses.l1(refined, batch.a),
        }

    def discriminator_step(self, parts: Sequence[ImageBatch]) -> Dict[str, jt.Var]:
        """Update D with the cross-entropy of refined and real patches. Half of the refined images are from the pool."""
        shown: List[jt.Var] = []
        for part in parts:
            with jt.no_grad():
                refined = self.G(part.a).detach()
            everything, index, own = parallel.gather_images(refined, part.index, part.share)
            shown.append(self.pool.query(everything, index)[own])
        refined_of = iter(shown)

        def terms(batch: ImageBatch) -> Dict[str, jt.Var]:
            return {
                "refined": losses.patch_cross_entropy(self.D(next(refined_of)), REFINED),
                "real": losses.patch_cross_entropy(self.D(batch.b), REAL),
            }

        return self.update("D", parts, terms, HALF_WEIGHTS)

    def generate(self, batch: ImageBatch, noise: Noise) -> jt.Var:
        """Refine the rendered images `a`."""
        G = self.inference_G
        with jt.no_grad(), evaluating(G):
            return G(batch.a)
