"""Options of SPADE."""

from dataclasses import dataclass

from jittor_tsit.config.systems.checks import require_choice, require_least, require_multiples
from jittor_tsit.config.systems.synthesis import SynthesisConfig

NUM_UPSAMPLINGS = {"normal": 5, "more": 6, "most": 7}  # the official names
# Number of upsamplings -> size of the image divided by the size of the first features. Image sides are multiples of it.
STRIDES = {5: 32, 6: 64, 7: 128}


@dataclass(frozen=True)
class SPADEConfig(SynthesisConfig):
    """Options of SPADE besides those of `SynthesisConfig` in synthesis.py. The defaults are the official code's."""

    use_vae: bool = False  # whether a latent code gives the style; False: G starts from the label map
    hidden_channels: int = 128  # of SPADE's hidden layers; narrow networks need fewer
    upsampling: str = "normal"  # or more, most: number of upsamplings of G, see NUM_UPSAMPLINGS

    def __post_init__(self):
        super().__post_init__()
        require_choice(self, "upsampling", NUM_UPSAMPLINGS)
        require_least(self, hidden_channels=1)
        require_least(self, width=2 if self.upsampling == "most" else 1)  # with most, G's last block has width / 2

    @property
    def stride(self) -> int:
        """Size of the image divided by the size of G's first features."""
        return STRIDES[NUM_UPSAMPLINGS[self.upsampling]]

    def require_size(self, height: int, width: int) -> None:
        require_multiples(f"SPADE with upsampling={self.upsampling}", height, width, self.stride)
