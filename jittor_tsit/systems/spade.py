"""SPADE, also called GauGAN: semantic synthesis with spatially-adaptive normalization (Park et al., CVPR 2019)."""

from dataclasses import dataclass

from jittor_tsit.networks.spade import STRIDES, SPADEGenerator, block_strides
from jittor_tsit.systems.option_checks import require_choice, require_least, require_multiples
from jittor_tsit.systems.synthesis import SynthesisConfig, SynthesisSystem

NUM_UPSAMPLINGS = {"normal": 5, "more": 6, "most": 7}  # the official names


@dataclass(frozen=True)
class SPADEConfig(SynthesisConfig):
    """Options of SPADE beside those of `SynthesisConfig` in synthesis.py. The defaults are the official code's."""

    use_vae: bool = False  # whether a latent code gives the style; False: G starts from the label map
    upsampling: str = "normal"  # or more, most: number of upsamplings of G, see NUM_UPSAMPLINGS

    def __post_init__(self):
        super().__post_init__()
        require_choice(self, "upsampling", NUM_UPSAMPLINGS)
        require_least(self, width=2 if self.upsampling == "most" else 1)  # with most, G's last block has width / 2


class SPADESystem(SynthesisSystem):
    """G generates a photo from a label map, which gives scale and shift of every normalisation for each pixel."""

    Config = SPADEConfig

    def __init__(self, config: SPADEConfig, in_channels: int, height: int, width: int, seed: int):
        num_upsamplings = NUM_UPSAMPLINGS[config.upsampling]
        stride = STRIDES[num_upsamplings]
        require_multiples(f"SPADE with upsampling={config.upsampling}", height, width, stride)
        super().__init__(config, in_channels, stride, (height, width), seed)
        start = self.make_start(16 * config.width)
        attention = self.attention_block([height // size for size in block_strides(num_upsamplings)])
        self.set_generator(SPADEGenerator(in_channels, config.width, start, num_upsamplings, attention))
