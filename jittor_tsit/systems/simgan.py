"""SimGAN: a refiner makes rendered images look like real ones (Shrivastava et al., CVPR 2017)."""

from dataclasses import dataclass
from typing import Any, Container, Dict, List, Sequence

import jittor as jt

from data_tools.basics.errors import InputError
from jittor_tsit import losses
from jittor_tsit.config import OptimConfig
from jittor_tsit.data.batch_kinds import TWO_DOMAINS, BatchKind, TwoDomains
from jittor_tsit.data.batches import ImageBatch
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.simgan import ARCHITECTURES, LocalDiscriminator, Refiner
from jittor_tsit.optim import SGD, trainable
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.base import System, flatten_terms
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.image_pool import HalfPool
from jittor_tsit.systems.option_checks import require_choice, require_least

REFINED, REAL = 0, 1  # channels of D's logits
LEAST_SIDE = {"gaze": 13, "hand": 25}  # pixels; below this, D's 3 x 3 pooling would get at most 3 x 3 values
HALF_WEIGHTS = {"refined": 0.5, "real": 0.5}


@dataclass(frozen=True)
class SimGANWeights:
    """Weights of the refiner's loss terms. The terms are means over patches and pixels; the paper's are sums."""

    gan: float = 1.0
    reg: float = 0.5  # L1 distance to the rendered image; value of daniel-merrick's implementation


@dataclass(frozen=True)
class SimGANConfig:
    """Options of SimGAN. Where the paper gives no value, the default is that of daniel-merrick's implementation."""

    kind: str = "gaze"  # or hand: the paper's two architectures
    channels: int = 1  # of the networks' images: 1 is grey, 3 is colour
    width: int = 64
    slope: float = 0.0  # negative slope of the leaky ReLU; 0: ReLU
    pretrain_G: int = 1_000  # first steps, which train the refiner only, with its L1 loss only
    pretrain_D: int = 200  # following steps, which train D only
    k_g: int = 2  # after that, steps of the refiner in each cycle
    k_d: int = 1  # and steps of D in each cycle
    pool_size: int = 25_600  # size of D's pool of earlier refined images; value of carpedm20's code, not in the paper
    momentum: float = 0.9  # of SGD
    weights: SimGANWeights = SimGANWeights()
    optim: OptimConfig = OptimConfig(lr_G=1e-3, lr_D=1e-3)  # values of the paper; SGD has no betas

    def __post_init__(self):
        require_choice(self, "kind", ARCHITECTURES)
        require_choice(self, "channels", (1, 3))
        require_least(self, pretrain_G=0, pretrain_D=0, k_g=1, k_d=1, width=1, pool_size=1)
        if self.optim.betas != OptimConfig().betas:
            raise InputError(f"optim.betas={self.optim.betas}: SimGAN uses SGD, which has no betas; leave the default")
        for name in ("slope", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)}: must be at least 0 and below 1")


class SimGANSystem(System):
    """G, the paper's refiner R, makes rendered images (a) look like photographs (b). D judges patches.

    Each step updates one of the two networks: G in the first `pretrain_G` steps, D in the next `pretrain_D` steps.
    Then, again and again, G in `k_g` steps and D in `k_d` steps. Each step reads new images.
    """

    Config = SimGANConfig
    batch_kind: BatchKind = TWO_DOMAINS

    def __init__(self, config: SimGANConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        least = LEAST_SIDE[config.kind]
        if min(height, width) < least:
            raise InputError(
                f"image size {width}x{height}: SimGAN's D for {config.kind} needs sides of at least {least}"
            )
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
