"""TSIT for semantic image synthesis from label maps (Jiang et al., ECCV 2020)."""

from jittor_tsit.config.systems.tsit import STRIDE, TSITConfig, TSITWeights
from jittor_tsit.networks.tsit import TSITGenerator
from jittor_tsit.systems.synthesis import SynthesisSystem

__all__ = ["TSITConfig", "TSITSystem", "TSITWeights"]


class TSITSystem(SynthesisSystem):
    """G generates a photo from a label map: a content stream modulates it by FADE, a latent code gives the style."""

    Config = TSITConfig

    def __init__(self, config: TSITConfig, in_channels: int, height: int, width: int, seed: int):
        config.require_size(height, width)
        super().__init__(config, in_channels, STRIDE, (height, width), seed)
        self.unit_stride_layer = 3  # the layer of D with stride 1, for every depth of D
        start = self.make_start(16 * config.width)
        attention = self.attention_block([height >> scale for scale in range(7, 0, -1)])
        G = TSITGenerator(
            in_channels,
            config.width,
            start,
            attention_block=attention,
            downsampling=config.downsampling,
            norm=config.norm_G,
            style_dim=config.style_dim,
            has_noise=config.pixel_noise,
        )
        self.set_generator(G)
