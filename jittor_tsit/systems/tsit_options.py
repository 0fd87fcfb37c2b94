"""Options of both forms of TSIT."""

from dataclasses import dataclass

from data_tools.basics.errors import InputError
from jittor_tsit.networks.tsit import DOWNSAMPLINGS, STRIDE
from jittor_tsit.systems.option_checks import require_choice
from jittor_tsit.systems.synthesis import SynthesisConfig, SynthesisWeights


@dataclass(frozen=True)
class TSITWeights(SynthesisWeights):
    """Weights of the loss terms. A weight of 0 switches a term off."""

    vgg: float = 20.0  # value of TSIT's recipes for label maps and of the contest team
    cycle: float = 0.0  # ast: L1 distance of the content to its stylised image, translated back to the content's style


@dataclass(frozen=True)
class TSITConfig(SynthesisConfig):
    """Options of TSIT beside those of `SynthesisConfig` in synthesis.py.

    The defaults are those of the released recipes for semantic image synthesis.
    """

    form: str = "sis"  # sis: label map -> photo; ast: arbitrary style transfer, see TSITStyleTransferSystem
    num_layers_D: int = 4  # the released code has 4 for sis and 3 for ast
    alpha: float = 1.0  # ast: strength of the style in FAdaIN, 0 to 1
    downsampling: str = "nearest"  # of the streams; weights of the contest team's Jittor port need "bilinear"
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
