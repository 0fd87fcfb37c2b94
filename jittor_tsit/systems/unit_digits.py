"""UNIT for domain adaptation: a classifier for images of a second domain without labels (Liu et al., NIPS 2017)."""

from typing import Any, Container, Dict, List, NamedTuple, Sequence

import jittor as jt
import numpy as np

from jittor_tsit import losses
from jittor_tsit.config.systems.unit_digits import UNITDigitsConfig, UNITDigitsWeights
from jittor_tsit.data.batch_kinds import TwoDomainsWithClasses
from jittor_tsit.data.batches import LabelledBatch, LabelledImages
from jittor_tsit.data.labels import LabelNames
from jittor_tsit.layers.reductions import mean, total
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.unit_digits import DROPOUT, SIDES, A, B, CoupledDiscriminator, CoupledVAE
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import flatten_terms
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.tasks import PhotoClassifier

__all__ = ["UNITDigitsConfig", "UNITDigitsSystem", "UNITDigitsWeights"]


class GeneratorOutputs(NamedTuple):
    """Outputs of G for images of both domains."""

    aa: jt.Var  # images of a, reconstructed
    ba: jt.Var  # images of b, translated to a
    ab: jt.Var  # images of a, translated to b
    bb: jt.Var  # images of b, reconstructed
    mu: jt.Var  # mean of the codes, first those of a, then those of b
    sigma: jt.Var  # standard deviation of the codes


class UNITDigitsSystem(PhotoClassifier):
    """G encodes and decodes images of both domains. D judges both domains and classifies images of a.

    Both domains share all layers of D but the first. D therefore learns to classify images of b, too.
    """

    Config = UNITDigitsConfig
    inference_networks = ("G", "D")  # D is the classifier that this system is trained for
    former_names = {"C": "D"}

    def __init__(self, config: UNITDigitsConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        config.require_size(height, width)
        self.config, self.names = config, LabelNames((), config.classes)
        self.batch_kind = TwoDomainsWithClasses(self.names)
        self.G = CoupledVAE(config.width, config.channels, (height, width))
        self.D = CoupledDiscriminator(config.width_D, config.channels, len(config.classes), (height, width))
        self.networks.update(G=self.G, D=self.D)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add the averaged weights and the optimizers.

        See `System.prepare_training` for the argument.
        """
        optim = self.config.optim
        self.add_average()
        for name, net, lr in (("G", self.G, optim.lr_G), ("D", self.D, optim.lr_D)):
            self.optimizers[name] = Adam(trainable(net), lr, optim.betas, l2=self.config.l2)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        weights = {**self.weights, "real": self.weights["gan"], "fake": self.weights["gan"]}
        each = {f"{name}_{side}": self.weights[name] for name in ("rec", "feat") for side in "ab"}
        d_terms = self.update("D", parts, self.discriminator_terms, {**weights, **each})
        g_terms = self.update("G", parts, self.generator_terms, {**weights, **each})
        return flatten_terms(G=g_terms, D=d_terms)

    def discriminator_terms(self, batch: LabelledBatch) -> Dict[str, jt.Var]:
        """Compute D's adversarial losses, the feature-matching losses, and the cross-entropy of a's classes."""
        source, _ = batch.sets
        a, b = (self.to_channels(each.image, side) for each, side in zip(batch.sets, SIDES))
        with jt.no_grad():
            outputs = self.run_generator(a, b, batch, "D")
        outputs = GeneratorOutputs(*(var.detach() for var in outputs))
        rec = self.judge(outputs.aa, outputs.bb, batch, "D rec")
        fake = self.judge(outputs.ba, outputs.ab, batch, "D fake")
        return {
            "real": losses.patch_cross_entropy(self.judge(a, b, batch, "D real"), 1),
            "fake": (losses.patch_cross_entropy(rec, 0) + losses.patch_cross_entropy(fake, 0)) / 2,
            "feat_a": _squared_distance(self.D.features(outputs.ab, B), self.D.features(outputs.aa, A)),
            "feat_b": _squared_distance(self.D.features(outputs.ba, A), self.D.features(outputs.bb, B)),
            "cls": losses.cross_entropy(self.D.classify(a, A, self.dropout_masks([source], "D cls")), source.label),
        }

    def generator_terms(self, batch: LabelledBatch) -> Dict[str, jt.Var]:
        """Compute G's adversarial losses, the reconstruction losses, and the KL divergence of the codes."""
        a, b = (self.to_channels(each.image, side) for each, side in zip(batch.sets, SIDES))
        outputs = self.run_generator(a, b, batch, "G")
        rec = self.judge(outputs.aa, outputs.bb, batch, "G rec")
        fake = self.judge(outputs.ba, outputs.ab, batch, "G fake")
        # The logarithm of sigma and not of its square, which underflows to 0.
        variance, log_variance = outputs.sigma.sqr(), 2 * jt.log(outputs.sigma)
        return {
            "gan": losses.patch_cross_entropy(rec, 1) + losses.patch_cross_entropy(fake, 1),
            "rec_a": _squared_distance(outputs.aa, a),
            "rec_b": _squared_distance(outputs.bb, b),
            # The factor 2 counts the divergence once for each domain that a code is decoded to.
            "kl": 2 * mean(total(outputs.mu.sqr() + variance - log_variance, [1])),
        }

    def to_channels(self, image: jt.Var, side: int) -> jt.Var:
        """Convert images to the number of channels of a domain: [N, 3, H, W] -> [N, channels[side], H, W]."""
        return image if self.config.channels[side] == 3 else mean(image, [1], keepdims=True)

    def run_generator(self, a: jt.Var, b: jt.Var, batch: LabelledBatch, purpose: str) -> GeneratorOutputs:
        """Encode images of both domains, draw their codes from N(mu, sigma^2), and decode them to both domains."""
        mu, sigma = self.G.code(jt.concat([self.G.front(a, A), self.G.front(b, B)], 0))
        shape = tuple(mu.shape[1:])
        noise = [self.noise.normal(f"{purpose} {each.number}", each.index, shape) for each in batch.sets]
        of_a, of_b = self.G.decode(mu + sigma * jt.concat(noise, 0))
        count = a.shape[0]
        return GeneratorOutputs(of_a[:count], of_a[count:], of_b[:count], of_b[count:], mu, sigma)

    def judge(self, a: jt.Var, b: jt.Var, batch: LabelledBatch, purpose: str) -> jt.Var:
        """Return D's logits [N, 2, 1, 1] of images of domain a, followed by those of domain b."""
        return self.D.judge((a, b), self.dropout_masks(batch.sets, purpose))

    def dropout_masks(self, sets: Sequence[LabelledImages], purpose: str) -> List[jt.Var]:
        """Draw the dropout masks of D's layers: 0 where a value is dropped, 1 elsewhere."""
        return [
            jt.concat([self.noise.uniform(f"{purpose} {k} {each.number}", each.index, shape) for each in sets], 0)
            >= share
            for k, (shape, share) in enumerate(zip(self.D.drop_shapes, DROPOUT))
        ]

    def generate(self, batch: LabelledBatch, noise: Noise) -> jt.Var:
        """Translate the images of domain a to domain b, using the mean of their codes."""
        return self.translate(batch.sets[A].image, A, B)

    def columns(self, batch: LabelledBatch, noise: Noise) -> List[jt.Var]:
        """Return three columns: images of a translated to b, images of b, and the images of b translated to a."""
        b = batch.sets[B].image
        return [self.generate(batch, noise), b, self.translate(b, B, A)]

    def column_heads(self) -> List[str]:
        return ["A to B", "B", "B to A"]

    def translate(self, image: jt.Var, side: int, there: int) -> jt.Var:
        """Translate images [N, 3, H, W] in [-1, 1] from domain `side` to domain `there`."""
        G = self.inference_G
        with jt.no_grad(), evaluating(G):
            mu, _ = G.code(G.front(self.to_channels(image, side), side))
            translation = G.decode(mu)[there]
        return translation if translation.shape[1] == 3 else jt.concat([translation] * 3, 1)

    def classify(self, image: jt.Var, side: int) -> np.ndarray:
        """Predict the class numbers, [N] from 0, of images [N, 3, H, W] of domain `side`, 0 or 1."""
        with jt.no_grad(), evaluating(self.D):
            return jt.argmax(self.D.classify(self.to_channels(image, side), side), 1)[0].numpy()


def _squared_distance(x: jt.Var, y: jt.Var) -> jt.Var:
    """Return the sum of squared differences of x and y for each image, averaged over the images."""
    return mean(total((x - y).sqr(), [1, 2, 3]))
