"""StarGAN: one generator that translates between many domains, given by labels (Choi et al., CVPR 2018)."""

from typing import Container, Dict, List, Sequence

import jittor as jt
import numpy as np

from jittor_tsit import losses
from jittor_tsit.config.systems.stargan import STRIDE, StarGANConfig, StarGANWeights
from jittor_tsit.data.batch_kinds import PhotosWithLabels
from jittor_tsit.data.batches import LabelledBatch, LabelledImages
from jittor_tsit.data.labels import LabelNames
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.stargan import StarGANDiscriminator, StarGANGenerator
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import flatten_terms
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.tasks import PhotoRelabeler

__all__ = ["StarGANConfig", "StarGANSystem", "StarGANWeights"]

HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")  # hair colours of CelebA, which exclude each other


class StarGANSystem(PhotoRelabeler):
    """G translates an image to a target label. D judges images and predicts their labels.

    In training, `LabelledSamples` of data/labels.py draws the target label. At test, `targets` lists the target labels.
    """

    Config = StarGANConfig
    inference_networks = ("G", "D")
    label_network = "D"

    def __init__(self, config: StarGANConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        config.require_size(height, width)
        self.image_multiple = STRIDE
        self.config, self.size, self.cycle = config, (height, width), (0, config.n_critic)
        self.names = LabelNames(config.attributes, config.classes)
        self.batch_kind = PhotosWithLabels(self.names)
        self.networks["G"] = self.G = StarGANGenerator(self.names.size, config.width, config.num_blocks)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add the discriminator, the averaged weights and the optimizers.

        See `System.prepare_training` for the argument.
        """
        config, optim = self.config, self.config.optim
        self.add_discriminator()
        self.gan_loss = losses.GAN_LOSSES[config.gan_loss]
        self.add_average()
        self.optimizers["G"] = Adam(trainable(self.G), optim.lr_G, optim.betas)
        self.optimizers["D"] = Adam(trainable(self.D), optim.lr_D, optim.betas)

    def prepare_test(self) -> None:
        self.add_discriminator()

    def add_discriminator(self) -> None:
        """Build D, which judges images in training and finds the attributes of photos."""
        config = self.config
        num_labels = len(config.attributes) + len(config.classes)
        self.D = StarGANDiscriminator(num_labels, *self.size, config.width_D, config.num_layers_D)
        self.networks["D"] = self.D

    def train_step(self, parts: Sequence[LabelledBatch], step: int) -> Dict[str, jt.Var]:
        terms = {}
        for k in range(len(parts[0].sets)):
            own, suffix = [part.sets[k] for part in parts], str(k + 1) if k else ""
            d_terms = self.update("D", own, self.discriminator_terms, self.discriminator_weights())
            terms.update(flatten_terms(**{f"D{suffix}": d_terms}))
            if (step + 1) % self.config.n_critic == 0:
                terms.update(flatten_terms(**{f"G{suffix}": self.update("G", own, self.generator_terms, self.weights)}))
        return terms

    def updates_of(self, name: str, num_steps: int) -> int:
        updates = num_steps // self.config.n_critic if name == "G" else num_steps
        return updates * (1 + self.names.has_two_sets)

    def discriminator_weights(self) -> Dict[str, float]:
        """Return the weights of D's loss terms by name."""
        gan, cls, gp = (self.weights[name] for name in ("gan", "cls", "gp"))
        return {"real": gan, "fake": gan, "cls": cls, "gp": gp}

    def discriminator_terms(self, images: LabelledImages) -> Dict[str, jt.Var]:
        """Compute D's adversarial losses, its gradient penalty, and the cross-entropy of the photos' labels."""
        with jt.no_grad():
            fake = self.G(images.image, images.target).detach()
        logits, label_logits = self.D(images.image)
        return {
            "real": self.gan_loss.real([logits]),
            "fake": self.gan_loss.fake([self.D(fake)[0]]),
            "cls": self.label_loss(label_logits, images.label, images.number),
            **self.penalty_terms(lambda x: [self.D(x)[0]], images.image, fake, images.index),
        }

    def generator_terms(self, images: LabelledImages) -> Dict[str, jt.Var]:
        """Compute G's loss terms.

        gan: adversarial loss of the fake. cls: cross-entropy of D's class logits for the fake with the target labels.
        rec: L1 distance of the image to its fake, translated back to the image's own label.
        """
        fake = self.G(images.image, images.target)
        logits, label_logits = self.D(fake)
        return {
            "gan": self.gan_loss.gen([logits]),
            "cls": self.label_loss(label_logits, images.target, images.number),
            "rec": losses.l1(self.G(fake, images.label), images.image),
        }

    def label_loss(self, logits: jt.Var, label: jt.Var, number: int) -> jt.Var:
        """Compute the cross-entropy of the labels that a set has: attributes (set 0, if there are any) or classes.

        Args:
            number: Number of the set.
        """
        split = len(self.names.attributes)
        if number == 0 and split:
            return losses.binary_cross_entropy(logits[:, :split], label[:, :split])
        end = split + len(self.names.classes)
        return losses.cross_entropy(logits[:, split:end], label[:, split:end])

    def find_label(self, image: jt.Var) -> np.ndarray:
        """Return the label vector [c] of a photo without known attributes: those that D finds, or none without D.

        Args:
            image: [1, 3, H, W] in [-1, 1]
        """
        if "D" not in self.networks:
            return self.names.of_attributes([0] * len(self.names.attributes))
        with jt.no_grad(), evaluating(self.D):
            logits = self.D(image)[1].numpy()[0]
        return self.names.of_attributes([int(logit > 0) for logit in logits[: len(self.names.attributes)]])

    def targets(self, label: np.ndarray) -> Dict[str, np.ndarray]:
        """Return the target labels of a photo at test, by the name of the attribute or class that changes.

        A hair colour replaces the photo's own hair colour. Every other attribute is inverted.

        Args:
            label: The photo's own label.

        Source: the official test.
        """
        own = [int(value) for value in label[: len(self.names.attributes)]]
        hair = [k for k, name in enumerate(self.names.attributes) if name in HAIR]
        found = {}
        for k, name in enumerate(self.names.attributes):
            values = [0 if other in hair and k in hair else value for other, value in enumerate(own)]
            values[k] = 1 if k in hair else 1 - own[k]
            found[name] = self.names.of_attributes(values)
        for k, name in enumerate(self.names.classes):
            found[name] = self.names.of_class(k)
        return found

    def generate(self, batch: LabelledBatch, noise: Noise) -> jt.Var:
        """Translate the images of the first set to their target labels."""
        return self.relabel(batch.sets[0].image, batch.sets[0].target)

    def columns(self, batch: LabelledBatch, noise: Noise) -> List[jt.Var]:
        images, labels = batch.sets[0].image, batch.sets[0].label.numpy()
        targets = [self.targets(label) for label in labels]
        return [self.relabel(images, jt.array(np.stack([each[name] for each in targets]))) for name in targets[0]]

    def column_heads(self) -> List[str]:
        return [*self.names.attributes, *self.names.classes]

    def relabel(self, image: jt.Var, target: jt.Var) -> jt.Var:
        """Translate images [N, 3, H, W] to target labels [N, c]."""
        G = self.inference_G
        with jt.no_grad(), evaluating(G):
            return G(image, target)
