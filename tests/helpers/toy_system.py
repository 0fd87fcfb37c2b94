"""A colour for each class of a label map: the smallest system, as CONTRIBUTING.md shows it."""

from dataclasses import dataclass

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config import OptimConfig
from jittor_tsit.data.batch_kinds import LABEL_MAPS_TO_PHOTOS
from jittor_tsit.layers.basic import Conv
from jittor_tsit.layers.elementary import tanh
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import System, flatten_terms


@dataclass(frozen=True)
class ColoursWeights:
    """Weights of the loss terms."""

    l1: float = 1.0


@dataclass(frozen=True)
class ColoursConfig:
    """Options; any of them can be set on the command line, such as `kernel_size=5 weights.l1=2`."""

    kernel_size: int = 3  # pixels around a pixel that decide its colour
    weights: ColoursWeights = ColoursWeights()
    optim: OptimConfig = OptimConfig(lr_G=0.01)


class ColoursSystem(System):
    """One convolution from label map to photo."""

    Config = ColoursConfig
    batch_kind = LABEL_MAPS_TO_PHOTOS

    def __init__(self, config, in_channels, height, width, seed):
        super().__init__(config.optim, vars(config.weights), seed)
        size = config.kernel_size
        self.networks["G"] = self.G = Conv(in_channels, 3, size, padding=size // 2)

    def prepare_training(self, terms):
        self.add_average()
        self.optimizers["G"] = Adam(trainable(self.G), self.optim.lr_G, self.optim.betas)

    def train_step(self, parts, step):
        return flatten_terms(G=self.update("G", parts, self.terms, self.weights))

    def terms(self, batch):
        """Compare the image with the photo."""
        return {"l1": losses.l1(tanh(self.G(batch.segmap)), batch.image)}

    def generate(self, batch, noise):
        G = self.inference_G
        with jt.no_grad(), evaluating(G):
            return tanh(G(batch.segmap))
