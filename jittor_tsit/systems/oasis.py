"""OASIS: semantic synthesis by adversarial supervision only (Sushko et al., ICLR 2021), written from the paper.

D segments the image into the classes of the label map and one more, "generated". It therefore judges each pixel, takes
no label map as input, and G needs no perceptual loss. Noise with a value for each pixel gives different images of one
label map, as a whole or in one region.

Differs: losses are means over the pixels, where the paper writes sums. The weights of the classes are scaled to a
mean of 1 over the pixels. Photographs and generated images then weigh alike, whatever the number of classes in a batch.
Pixels without a class take no part in any term.
"""

from functools import partial
from typing import Any, Container, Dict, NamedTuple, Sequence

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config.systems.oasis import STRIDE_G, OASISConfig, OASISWeights
from jittor_tsit.data.batch_kinds import LABEL_MAPS_TO_PHOTOS
from jittor_tsit.data.batches import PairedBatch
from jittor_tsit.layers.basic import first_channels
from jittor_tsit.layers.reductions import total
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.oasis import OASISDiscriminator, OASISGenerator
from jittor_tsit.networks.vgg import find_vgg
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.base import System, flatten_terms
from jittor_tsit.systems.draws import Noise

__all__ = ["OASISConfig", "OASISSystem", "OASISWeights"]


class Balance(NamedTuple):
    """How much the pixels of a step count."""

    of_classes: jt.Var  # weight of the pixels of each class, [num_classes]; their mean over all pixels is 1
    of_known: jt.Var  # weight of a pixel that has a class, [1]; the mean over all pixels is 1


class OASISSystem(System):
    """G generates a photo from a label map and noise; D segments photos and generated images."""

    Config = OASISConfig
    batch_kind = LABEL_MAPS_TO_PHOTOS
    image_multiple = STRIDE_G
    draws_by_class = True

    def __init__(self, config: OASISConfig, in_channels: int, height: int, width: int, seed: int):
        config.require_size(height, width)
        super().__init__(config.optim, vars(config.weights), seed)
        self.config, self.in_channels = config, in_channels
        self.networks["G"] = self.G = OASISGenerator(in_channels, config.width, config.z_dim)

    @property
    def num_classes(self) -> int:
        """Number of classes that D tells apart, without "generated"."""
        return self.known_classes or self.in_channels

    def prepare_training(self, terms: Container[str]) -> None:
        """Add D, the frozen VGG network if there is its term, the averaged weights and the optimizers.

        See `System.prepare_training` for the argument.
        """
        config, optim = self.config, self.optim
        self.D = self.networks["D"] = OASISDiscriminator(self.num_classes, config.width_D)
        self.vgg: Any = find_vgg(config.perceptual, config.perceptual_weights) if "vgg" in terms else None
        self.add_average()
        self.optimizers["G"] = Adam(trainable(self.G), optim.lr_G, optim.betas)
        self.optimizers["D"] = Adam(trainable(self.D), optim.lr_D, optim.betas)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        balance = self.balance(parts)
        weights_D = {"real": 1, "fake": 1, "labelmix": self.weights["labelmix"]}
        g_terms = self.update("G", parts, partial(self.generator_terms, balance), self.weights)
        d_terms = self.update("D", parts, partial(self.discriminator_terms, balance), weights_D)
        return flatten_terms(G=g_terms, D=d_terms)

    def balance(self, parts: Sequence[PairedBatch]) -> Balance:
        """Return weights that are inverse to the share of a class in the pixels of the step.

        The step is the batch of all parts and processes.
        """
        counts = jt.zeros(self.num_classes)
        for part in parts:
            if part.share.own:  # not a placeholder
                counts = counts + total(self.classes(part), [0, 2, 3])
        height, width = parts[0].segmap.shape[2:]
        share = parallel.sum_over_processes(counts) / (parts[0].share.whole * height * width)
        balance = Balance(losses.class_weights(share, balance=1), losses.class_weights(total(share), balance=1))
        jt.sync(list(balance))  # exchanged once, before the passes that use it
        return balance

    def classes(self, batch: PairedBatch) -> jt.Var:
        """Return the one-hot classes of a label map, [N, num_classes, H, W]: all 0 where a pixel has no class."""
        return first_channels(batch.segmap, self.num_classes)

    def generator_terms(self, balance: Balance, batch: PairedBatch) -> Dict[str, jt.Var]:
        """Compute G's loss: the balanced cross-entropy of the classes that D sees in the generated image."""
        fake = self.synthesize(batch, "G")
        terms = {"gan": losses.weighted_cross_entropy(self.D(fake), self.classes(batch), balance.of_classes)}
        if self.weights["vgg"]:
            terms["vgg"] = losses.perceptual(self.vgg, fake, batch.image)
        return terms

    def discriminator_terms(self, balance: Balance, batch: PairedBatch) -> Dict[str, jt.Var]:
        """Compute D's loss: cross-entropies of photographs and of generated images, and the LabelMix consistency.

        The image is generated again by the updated G, as in SPADE.
        """
        with jt.no_grad():
            fake = self.synthesize(batch, "D")
        fake, real, classes = fake.detach(), batch.image, self.classes(batch)
        known = total(classes, [1], keepdims=True)  # 1 where a pixel has a class
        real_logits = self.D(real)
        with evaluating(self.D):  # the first pass has already updated the singular vectors in this step
            fake_logits = self.D(fake)
            terms = {
                "real": losses.weighted_cross_entropy(real_logits, classes, balance.of_classes),
                "fake": losses.weighted_cross_entropy(fake_logits, known, balance.of_known, self.num_classes),
            }
            if self.weights["labelmix"]:
                coins = self.noise.coins("labelmix", batch.index, (self.num_classes,))
                mask = losses.label_mask(classes, coins)
                logits = self.D(losses.mixed(real, fake, mask))
                of_mixture = losses.mixed(real_logits, fake_logits, mask)
                terms["labelmix"] = losses.squared_difference(logits, of_mixture, known * balance.of_known)
        return terms

    def synthesize(self, batch: PairedBatch, purpose: str) -> jt.Var:
        """Generate images in training mode, from noise that is the same in all pixels of an image, as in the paper."""
        return self.G(batch.segmap, self.draw(self.noise, purpose, batch))

    def draw(self, noise: Noise, purpose: str, batch: PairedBatch) -> jt.Var:
        """Draw noise for each image: one value for each channel.

        Returns:
            [N, z_dim, 1, 1]; or [N, z_dim, H, W] if classes have noise of their own, as `noise.of_classes` says.
        """
        z = noise.normal(purpose, batch.index, (self.config.z_dim, 1, 1))
        for number, own in noise.of_classes.items():
            pixels = self.classes(batch)[:, number : number + 1]
            z = losses.mixed(own.normal(purpose, batch.index, (self.config.z_dim, 1, 1)), z, pixels)
        return z

    def is_random_at_test(self, has_references: bool) -> bool:
        return True

    def generate(self, batch: PairedBatch, noise: Noise) -> jt.Var:
        """Generate images from label maps and noise."""
        G = self.inference_G
        with jt.no_grad(), evaluating(G):
            return G(batch.segmap, self.draw(noise, "z", batch))
