"""Options of TSIT, of both its forms."""

from dataclasses import dataclass

from data_tools.basics.errors import InputError
from jittor_tsit.networks.tsit import DOWNSAMPLINGS, STRIDE
from jittor_tsit.systems.option_checks import require_choice
from jittor_tsit.systems.synthesis import SynthesisConfig, SynthesisWeights


@dataclass(frozen=True)
class TSITWeights(SynthesisWeights):
    """Weights of the loss terms; 0 switches a term off."""

    vgg: float = 20.0  # the SIS recipes' value, also the contest team's
    cycle: float = 0.0  # ast: L1 distance of the content from its image brought back to the content's own style


@dataclass(frozen=True)
class TSITConfig(SynthesisConfig):
    """Options of TSIT; defaults are the released recipes' for semantic image synthesis."""

    form: str = "sis"  # label map -> photo; or "ast", which is TSITStyleTransferSystem
    num_layers_D: int = 4  # the released code has 4 for sis and 3 for ast
    alpha: float = 1.0  # ast: share of the style that FAdaIN gives
    downsampling: str = "nearest"  # of the streams; "bilinear" in the contest team's Jittor port, whose weights need it
    weights: TSITWeights = TSITWeights()

    def __post_init__(self):
        super().__post_init__()
        require_choice(self, "form", ("sis", "ast"))
        require_choice(self, "downsampling", DOWNSAMPLINGS)


def require_size(height: int, width: int) -> None:
    """Check the size of the images, in pixels.

    Raises:
        InputError: TSIT cannot make images of this size.
    """
    if height % STRIDE or width % STRIDE or height * width <= STRIDE**2:
        raise InputError(
            f"image size {width}x{height}: TSIT needs multiples of {STRIDE}, and more than {STRIDE}x{STRIDE}"
        )
