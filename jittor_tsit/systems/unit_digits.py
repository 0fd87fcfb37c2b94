"""UNIT's adaptation of a classifier from one domain of images to another (Liu et al., NIPS 2017, section 4)."""

from dataclasses import dataclass
from typing import Any, Container, Dict, List, NamedTuple, Sequence, Tuple

import jittor as jt
import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit import losses
from jittor_tsit.config import OptimConfig
from jittor_tsit.data.batch_kinds import TwoDomainsWithClasses
from jittor_tsit.data.batches import LabelledBatch, LabelledImages
from jittor_tsit.data.labels import LabelNames
from jittor_tsit.layers.reductions import mean, total
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.unit_digits import DROPOUT, SIDES, STRIDE, A, B, CoupledDiscriminator, CoupledVAE
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import System, named
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.option_checks import require_least, require_multiples


@dataclass(frozen=True)
class UNITDigitsWeights:
    """Weights of the loss terms."""

    gan: float = 1.0
    rec: float = 1e-3  # squared distance of an image that has been encoded and decoded on its side, summed over pixels
    kl: float = 1e-4  # of the codes from N(0, 1), summed over their channels
    feat: float = 1e-4  # squared distance of D's last maps of an image as either side has it, summed
    cls: float = 10.0  # cross-entropy of the classes of a's images


@dataclass(frozen=True)
class UNITDigitsConfig:
    """Options; defaults are the official ones from SVHN to MNIST."""

    classes: Tuple[str, ...] = tuple("0123456789")  # names of the folders of a's images
    channels: Tuple[int, int] = (3, 1)  # of a's and b's images: 3 colours, or 1, their mean
    width: int = 96
    width_D: int = 64
    l2: float = 5e-4  # of all weights, added to the gradients
    weights: UNITDigitsWeights = UNITDigitsWeights()
    optim: OptimConfig = OptimConfig(lr_G=2e-4, lr_D=2e-4, betas=(0.5, 0.999))

    def __post_init__(self):
        require_least(self, width=1, width_D=1, l2=0)
        if len(self.channels) != 2 or any(count not in (1, 3) for count in self.channels):
            raise InputError(f"channels={self.channels}: two numbers, each 1 or 3")
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise InputError(f"classes={self.classes}: must be two or more, each once")


class Made(NamedTuple):
    """Images by G of those of both sides: first letter whose image it was, second which side it is of now."""

    aa: jt.Var
    ba: jt.Var
    ab: jt.Var
    bb: jt.Var
    mu: jt.Var  # of the codes, first a's, then b's
    sigma: jt.Var


class UNITDigitsSystem(System):
    """G brings images of either side to one code and back; D judges both sides and reads the class of a's images.

    As the layers of D but the first are one for both sides, it then reads the class of b's images, too.
    """

    Config = UNITDigitsConfig
    inference_networks = ("G", "D")  # D is the classifier that this system is trained for
    former_names = {"C": "D"}

    def __init__(self, config: UNITDigitsConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        require_multiples("unit_digits", height, width, STRIDE)
        self.config, self.names = config, LabelNames((), config.classes)
        self.batch_kind = TwoDomainsWithClasses(self.names)
        self.G = CoupledVAE(config.width, config.channels, (height, width))
        self.D = CoupledDiscriminator(config.width_D, config.channels, len(config.classes), (height, width))
        self.networks.update(G=self.G, D=self.D)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add what only training needs, whatever the terms."""
        optim = self.config.optim
        self.add_average()
        for name, net, lr in (("G", self.G, optim.lr_G), ("D", self.D, optim.lr_D)):
            self.optimizers[name] = Adam(trainable(net), lr, optim.betas, l2=self.config.l2)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        weights = {**self.weights, "real": self.weights["gan"], "fake": self.weights["gan"]}
        each = {f"{name}_{side}": self.weights[name] for name in ("rec", "feat") for side in "ab"}
        d_terms = self.update("D", parts, self.discriminator_terms, {**weights, **each})
        g_terms = self.update("G", parts, self.generator_terms, {**weights, **each})
        return named(G=g_terms, D=d_terms)

    def discriminator_terms(self, batch: LabelledBatch) -> Dict[str, jt.Var]:
        """Real up, made down, the class of a's images, and an image alike on both sides."""
        source, _ = batch.sets
        a, b = (self.of_side(each.image, side) for each, side in zip(batch.sets, SIDES))
        with jt.no_grad():
            made = self.made(a, b, batch, "D")
        made = Made(*(var.detach() for var in made))
        rec, fake = self.judge(made.aa, made.bb, batch, "D rec"), self.judge(made.ba, made.ab, batch, "D fake")
        return {
            "real": losses.patch_cross_entropy(self.judge(a, b, batch, "D real"), 1),
            "fake": (losses.patch_cross_entropy(rec, 0) + losses.patch_cross_entropy(fake, 0)) / 2,
            "feat_a": _squared(self.D.features(made.ab, B), self.D.features(made.aa, A)),
            "feat_b": _squared(self.D.features(made.ba, A), self.D.features(made.bb, B)),
            "cls": losses.cross_entropy(self.D.classify(a, A, self.draws([source], "D cls")), source.label),
        }

    def generator_terms(self, batch: LabelledBatch) -> Dict[str, jt.Var]:
        """Each image again from its code, real on both sides; codes are N(0, 1)."""
        a, b = (self.of_side(each.image, side) for each, side in zip(batch.sets, SIDES))
        made = self.made(a, b, batch, "G")
        rec, fake = self.judge(made.aa, made.bb, batch, "G rec"), self.judge(made.ba, made.ab, batch, "G fake")
        variance, log_variance = made.sigma.sqr(), 2 * jt.log(made.sigma)  # the square of a small sigma is 0
        return {
            "gan": losses.patch_cross_entropy(rec, 1) + losses.patch_cross_entropy(fake, 1),
            "rec_a": _squared(made.aa, a),
            "rec_b": _squared(made.bb, b),
            # twice the divergence, once for each side that the codes become images of
            "kl": 2 * mean(total(made.mu.sqr() + variance - log_variance, [1])),
        }

    def of_side(self, image: jt.Var, side: int) -> jt.Var:
        """[N, 3, H, W] -> [N, channels of the side, H, W]"""
        return image if self.config.channels[side] == 3 else mean(image, [1], keepdims=True)

    def made(self, a: jt.Var, b: jt.Var, batch: LabelledBatch, purpose: str) -> Made:
        """All images that G makes of both sides', by codes drawn around their means."""
        mu, sigma = self.G.code(jt.concat([self.G.front(a, A), self.G.front(b, B)], 0))
        shape = tuple(mu.shape[1:])
        noise = [self.noise.normal(f"{purpose} {each.number}", each.index, shape) for each in batch.sets]
        of_a, of_b = self.G.decode(mu + sigma * jt.concat(noise, 0))
        count = a.shape[0]
        return Made(of_a[:count], of_a[count:], of_b[:count], of_b[count:], mu, sigma)

    def judge(self, a: jt.Var, b: jt.Var, batch: LabelledBatch, purpose: str) -> jt.Var:
        """Logits [N, 2, 1, 1] of images of side a and of side b."""
        return self.D.judge((a, b), self.draws(batch.sets, purpose))

    def draws(self, sets: Sequence[LabelledImages], purpose: str) -> List[jt.Var]:
        """For each of D's layers, zeros where dropout leaves out, and ones."""
        return [
            jt.concat([self.noise.uniform(f"{purpose} {k} {each.number}", each.index, shape) for each in sets], 0)
            >= share
            for k, (shape, share) in enumerate(zip(self.D.drop_shapes, DROPOUT))
        ]

    def generate(self, batch: LabelledBatch, noise: Noise) -> jt.Var:
        """Each image of a as one of b, by the mean of its code."""
        return self.translated(batch.sets[A].image, A, B)

    def columns(self, batch: LabelledBatch, noise: Noise) -> List[jt.Var]:
        """Images of a as b, and images of b beside them as a."""
        b = batch.sets[B].image
        return [self.generate(batch, noise), b, self.translated(b, B, A)]

    def translated(self, image: jt.Var, side: int, there: int) -> jt.Var:
        """Images [N, 3, H, W] of a side as the other has them, in [-1, 1]."""
        G = self.inference_G
        with jt.no_grad(), evaluating(G):
            mu, _ = G.code(G.front(self.of_side(image, side), side))
            made = G.decode(mu)[there]
        return made if made.shape[1] == 3 else jt.concat([made] * 3, 1)

    def classify(self, image: jt.Var, side: int) -> np.ndarray:
        """Numbers of the classes of images [N, 3, H, W] of a side, [N]."""
        with jt.no_grad(), evaluating(self.D):
            return jt.argmax(self.D.classify(self.of_side(image, side), side), 1)[0].numpy()


def _squared(x: jt.Var, y: jt.Var) -> jt.Var:
    """Squared distance summed over all values of an image, mean over the images."""
    return mean(total((x - y).sqr(), [1, 2, 3]))
