"""SPADE, also called GauGAN: semantic synthesis with spatially-adaptive normalization (Park et al., CVPR 2019)."""

from jittor_tsit.config.systems.spade import NUM_UPSAMPLINGS, SPADEConfig
from jittor_tsit.networks.spade import SPADEGenerator, block_strides
from jittor_tsit.systems.synthesis import SynthesisSystem

__all__ = ["NUM_UPSAMPLINGS", "SPADEConfig", "SPADESystem"]


class SPADESystem(SynthesisSystem):
    """G generates a photo from a label map, which gives scale and shift of every normalisation for each pixel."""

    Config = SPADEConfig

    def __init__(self, config: SPADEConfig, in_channels: int, height: int, width: int, seed: int):
        config.require_size(height, width)
        num_upsamplings = NUM_UPSAMPLINGS[config.upsampling]
        super().__init__(config, in_channels, config.stride, (height, width), seed)
        start = self.make_start(16 * config.width)
        attention = self.attention_block([height // size for size in block_strides(num_upsamplings)])
        parts = config.norm_G, config.hidden_channels, config.style_dim, config.pixel_noise
        self.set_generator(SPADEGenerator(in_channels, config.width, start, num_upsamplings, attention, *parts))
