"""SegFormer as a judge: which class each pixel of an image shows (Xie et al., NeurIPS 2021).

Trained on the user's own pairs, so that generated images can be judged by their label maps.
"""

from dataclasses import dataclass
from typing import Any, Container, Dict, Sequence

import jittor as jt
import numpy as np

from data_tools.basics.errors import InputError
from data_tools.sets.classes import colorize
from data_tools.sets.image_io import resize_label, resize_photo
from jittor_tsit.config import OptimConfig
from jittor_tsit.data.batch_kinds import PHOTOS_TO_LABEL_MAPS
from jittor_tsit.data.batches import PairedBatch, to_image
from jittor_tsit.layers.basic import to_imagenet
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.losses import balanced_cross_entropy
from jittor_tsit.networks.mix_transformer import SIZES
from jittor_tsit.networks.segformer import SegFormer, load_encoder, upsample
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import System, named
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.option_checks import require_choice

LEAST_SIDE = 32  # pixels, the stride of the deepest features


@dataclass(frozen=True)
class SegFormerWeights:
    """Weights of the loss terms."""

    cross_entropy: float = 1.0


@dataclass(frozen=True)
class SegFormerConfig:
    """Options; rates are `optim.lr_G`, there being one network."""

    size: str = "b0"  # MiT-b0 to b5
    pretrained: str = ""  # file of a published encoder's or model's weights; empty: from random weights
    balance: float = 0.5  # power of a class's inverse share of the batch that weighs its pixels; 0: none; 1: all alike
    weights: SegFormerWeights = SegFormerWeights()
    optim: OptimConfig = OptimConfig(lr_G=6e-5, betas=(0.9, 0.999), weight_decay=0.01)  # the paper's

    def __post_init__(self):
        require_choice(self, "size", SIZES)
        if not 0 <= self.balance <= 1:
            raise InputError(f"balance={self.balance}: allowed are 0 to 1")


class SegFormerSystem(System):
    """One network from photo to label map."""

    Config = SegFormerConfig
    batch_kind = PHOTOS_TO_LABEL_MAPS
    decays_weights = True

    def __init__(self, config: SegFormerConfig, in_channels: int, height: int, width: int, seed: int):
        if min(height, width) < LEAST_SIDE:
            raise InputError(f"image size {width}x{height}: SegFormer needs at least {LEAST_SIDE} pixels a side")
        super().__init__(config.optim, vars(config.weights), seed)
        self.config, self.num_classes, self.image_size = config, in_channels, (width, height)
        self.networks["G"] = self.G = SegFormer(in_channels, config.size)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add what only training needs, whatever the terms."""
        config = self.config
        if config.pretrained:
            load_encoder(self.G, config.pretrained)
        self.add_average()
        self.optimizers["G"] = Adam(trainable(self.G), config.optim.lr_G, config.optim.betas, config.optim.weight_decay)

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        return named(G=self.update("G", parts, self.terms, self.weights))

    def terms(self, batch: PairedBatch) -> Dict[str, jt.Var]:
        """Every pixel its class."""
        draws = self.noise.normal("G", batch.index, (self.G.num_draws,))
        logits = upsample(self.G(to_imagenet(batch.image), draws), *batch.segmap.shape[2:])
        return {"cross_entropy": balanced_cross_entropy(logits, batch.segmap, self.config.balance)}

    def predict(self, image: jt.Var) -> np.ndarray:
        """Class ids [N, H, W] uint8 of images [N, 3, H, W] in [-1, 1]."""
        G = self.inference_G
        with jt.no_grad(), evaluating(*self.networks.values()):
            logits = upsample(G(to_imagenet(image)), *image.shape[2:])
        return jt.argmax(logits, 1)[0].numpy().astype(np.uint8)

    def segment(self, photo: np.ndarray) -> np.ndarray:
        """Class ids [H, W] uint8 of a photo [H, W, 3] uint8 of any size."""
        ids = self.predict(to_image(resize_photo(photo, *self.image_size)[None]))[0]
        return resize_label(ids, photo.shape[1], photo.shape[0])

    def generate(self, batch: PairedBatch, noise: Noise) -> jt.Var:
        """What is seen in `batch.image`, in the classes' colours."""
        ids = self.predict(batch.image)
        return to_image(np.stack([colorize(one, self.num_classes) for one in ids]))
