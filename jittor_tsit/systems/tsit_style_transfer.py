"""TSIT for arbitrary style transfer: the content of one photo in the style of another (Jiang et al., ECCV 2020)."""

from typing import Dict, Optional, Tuple

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config.systems.tsit import STRIDE, TSITConfig
from jittor_tsit.data.batch_kinds import CONTENT_AND_STYLE
from jittor_tsit.data.batches import ImageBatch
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.first_tensor import MapStart
from jittor_tsit.networks.tsit import TSITGenerator
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.synthesis import Code, SynthesisSystem, Targets


class TSITStyleTransferSystem(SynthesisSystem):
    """G renders a content photo `a` in the style of a photo `b`.

    A content stream modulates G by FADE, a style stream by FAdaIN.
    """

    Config = TSITConfig
    batch_kind = CONTENT_AND_STYLE
    inference_networks = ("G",)

    def __init__(self, config: TSITConfig, in_channels: int, height: int, width: int, seed: int):
        config.require_size(height, width)
        super().__init__(config, in_channels, STRIDE, (height, width), seed)
        self.unit_stride_layer = 3  # the layer of D with stride 1, for every depth of D
        self.has_code, self.channels_D = False, 3
        attention = self.attention_block([height >> scale for scale in range(7, 0, -1)])
        start = MapStart(3, 16 * config.width)
        self.set_generator(
            TSITGenerator(3, config.width, start, True, config.alpha, attention, config.downsampling, config.norm_G)
        )

    def own_terms(self, batch: ImageBatch, fake: jt.Var) -> Dict[str, jt.Var]:
        """Compute the cycle loss, if it has a weight.

        It is the L1 distance of the content photo to the fake rendered again in the style of the content photo.
        """
        if not self.weights["cycle"]:
            return {}
        back = ImageBatch(fake, batch.a, batch.index, batch.share)
        return {"cycle": losses.l1(self._transfer(self.G, back, self.noise, "cycle"), batch.a)}

    def targets(self, batch: ImageBatch) -> Targets:
        """Return what an image is compared with: the style photo for D, the content photo for the perceptual loss."""
        return Targets(batch.b, batch.a, None)

    def synthesize(self, batch: ImageBatch, purpose: str) -> Tuple[jt.Var, Optional[Code]]:
        """Generate images in training mode. There are no latent codes."""
        return self._transfer(self.G, batch, self.noise, purpose), None

    def generate(self, batch: ImageBatch, noise: Noise) -> jt.Var:
        """Render the contents `batch.a` in the styles of `batch.b`, [N, 3, H, W] in [-1, 1]."""
        with jt.no_grad(), evaluating(*self.networks.values()):
            return self._transfer(self.inference_G, batch, noise, "z")

    def _transfer(self, G: TSITGenerator, batch: ImageBatch, noise: Noise, purpose: str) -> jt.Var:
        return G(batch.a, noise.normal(purpose, batch.index, (3, *self.start_size)), batch.b)
