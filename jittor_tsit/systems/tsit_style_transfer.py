"""TSIT for arbitrary style transfer: the content of one photo in the style of another (Jiang et al., ECCV 2020)."""

from typing import Dict, Optional, Tuple

import jittor as jt

from data_tools.basics.errors import InputError
from jittor_tsit import losses
from jittor_tsit.data.batch_kinds import CONTENT_AND_STYLE
from jittor_tsit.data.batches import ImageBatch
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.first_tensor import MapStart
from jittor_tsit.networks.segformer import SegFormer
from jittor_tsit.networks.tsit import STRIDE, TSITGenerator
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.synthesis import Code, SynthesisSystem, Targets
from jittor_tsit.systems.tsit_options import TSITConfig, require_size


class TSITStyleTransferSystem(SynthesisSystem):
    """A content stream steers a FADE generator, a second stream gives the style through FAdaIN.

    In a batch `a` is the content and `b` the style.
    """

    Config = TSITConfig
    batch_kind = CONTENT_AND_STYLE
    inference_networks = ("G",)

    def __init__(self, config: TSITConfig, in_channels: int, height: int, width: int, seed: int):
        require_size(height, width)
        super().__init__(config, in_channels, (height // STRIDE, width // STRIDE), seed)
        self.unit_stride_layer = 3  # of D, whatever its depth
        self.has_code, self.channels_D = False, 3
        attention = self.attention_block([height >> scale for scale in range(7, 0, -1)])
        start = MapStart(3, 16 * config.width)
        self.set_generator(TSITGenerator(3, config.width, start, True, config.alpha, attention, config.downsampling))

    def find_segmenter(self) -> SegFormer:
        """Refuse the terms that need label maps."""
        raise InputError("weights.segmenter and weights.score need label maps, which form=ast has not")

    def own_terms(self, batch: ImageBatch, fake: jt.Var) -> Dict[str, jt.Var]:
        """Compare the content with its image that was brought back to the content's own style."""
        if not self.weights["cycle"]:
            return {}
        there = ImageBatch(fake, batch.a, batch.index, batch.share)
        return {"cycle": losses.l1(self._transfer(self.G, there, self.noise, "cycle"), batch.a)}

    def targets(self, batch: ImageBatch) -> Targets:
        """Compare with the style's photo by D, and with the content's photo by VGG."""
        return Targets(batch.b, batch.a, None)

    def synthesize(self, batch: ImageBatch, purpose: str) -> Tuple[jt.Var, Optional[Code]]:
        """Return the image in training mode; there is no code."""
        return self._transfer(self.G, batch, self.noise, purpose), None

    def generate(self, batch: ImageBatch, noise: Noise) -> jt.Var:
        """Return the contents `batch.a` in the styles of `batch.b`, [N, 3, H, W] in [-1, 1]."""
        with jt.no_grad(), evaluating(*self.networks.values()):
            return self._transfer(self.inference_G, batch, noise, "z")

    def _transfer(self, G: TSITGenerator, batch: ImageBatch, noise: Noise, purpose: str) -> jt.Var:
        return G(batch.a, noise.normal(purpose, batch.index, (3, *self.start_size)), batch.b)
