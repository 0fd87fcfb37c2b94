"""SegFormer: semantic segmentation of photos (Xie et al., NeurIPS 2021).

It is trained on the user's own pairs. It then measures how well generated images match their label maps.
"""

from typing import Any, Container, Dict, Sequence, Tuple

import jittor as jt
import numpy as np

from data_tools.sets.classes import colorize
from data_tools.sets.image_io import resize_label, resize_photo
from jittor_tsit.config.systems.segformer import SegFormerConfig, SegFormerWeights
from jittor_tsit.data.batch_kinds import PHOTOS_TO_LABEL_MAPS
from jittor_tsit.data.batches import PairedBatch, to_image
from jittor_tsit.layers.basic import to_imagenet
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.losses import balanced_cross_entropy
from jittor_tsit.networks.segformer import SegFormer, load_encoder, upsample
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import flatten_terms
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.tasks import PhotoSegmenter

__all__ = ["SegFormerConfig", "SegFormerSystem", "SegFormerWeights"]


class SegFormerSystem(PhotoSegmenter):
    """G predicts the label map of a photo."""

    Config = SegFormerConfig
    batch_kind = PHOTOS_TO_LABEL_MAPS
    decays_weights = True

    def __init__(self, config: SegFormerConfig, in_channels: int, height: int, width: int, seed: int):
        config.require_size(height, width)
        super().__init__(config.optim, vars(config.weights), seed)
        self.config, self.num_classes, self.image_size = config, in_channels, (width, height)
        self.networks["G"] = self.G = SegFormer(in_channels, config.size)

    def prepare_training(self, terms: Container[str]) -> None:
        """Load the pretrained weights, if any, and add the averaged weights and the optimizer.

        See `System.prepare_training` for the argument.
        """
        config = self.config
        if config.pretrained:
            load_encoder(self.G, config.pretrained)
        self.add_average()
        self.optimizers["G"] = Adam(trainable(self.G), config.optim.lr_G, config.optim.betas, config.optim.weight_decay)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        return flatten_terms(G=self.update("G", parts, self.terms, self.weights))

    def terms(self, batch: PairedBatch) -> Dict[str, jt.Var]:
        """Compute the cross-entropy of the predicted classes, with balanced class weights."""
        draws = self.noise.normal("G", batch.index, (self.G.num_draws,))
        logits = upsample(self.G(to_imagenet(batch.image), draws), *batch.segmap.shape[2:])
        return {"cross_entropy": balanced_cross_entropy(logits, batch.segmap, self.config.balance)}

    def predict(self, image: jt.Var) -> np.ndarray:
        """Predict the class ids [N, H, W] uint8 of images [N, 3, H, W] in [-1, 1]."""
        return jt.argmax(self.logits(image), 1)[0].numpy().astype(np.uint8)

    def logits(self, image: jt.Var) -> jt.Var:
        """Compute the logits of the classes, [N, num_classes, H, W], of images [N, 3, H, W] in [-1, 1]."""
        G = self.inference_G
        with jt.no_grad(), evaluating(*self.networks.values()):
            return upsample(G(to_imagenet(image)), *image.shape[2:])

    def segment(self, photo: np.ndarray) -> np.ndarray:
        """Predict the class ids [H, W] uint8 of a photo [H, W, 3] uint8 of any size."""
        ids = self.predict(to_image(resize_photo(photo, *self.image_size)[None]))[0]
        return resize_label(ids, photo.shape[1], photo.shape[0])

    def segment_with_confidence(self, photo: np.ndarray) -> Tuple[np.ndarray, float]:
        logits = self.logits(to_image(resize_photo(photo, *self.image_size)[None])).numpy()[0]  # [K, H, W]
        ids = logits.argmax(0).astype(np.uint8)
        likelihood = np.exp(logits - logits.max(0))  # the predicted class has 1
        confidence = float(np.mean(1 / np.sum(likelihood, axis=0)))
        return resize_label(ids, photo.shape[1], photo.shape[0]), confidence

    def generate(self, batch: PairedBatch, noise: Noise) -> jt.Var:
        """Predict the label maps of `batch.image` and return them in the colours of the classes."""
        ids = self.predict(batch.image)
        return to_image(np.stack([colorize(one, self.num_classes) for one in ids]))
