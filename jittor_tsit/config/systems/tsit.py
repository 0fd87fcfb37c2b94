"""Options of both forms of TSIT."""

from dataclasses import dataclass
from typing import Container, Dict

from data_tools.basics.errors import InputError
from jittor_tsit.config.systems.base import CONTENT_AND_STYLE
from jittor_tsit.config.systems.checks import require_choice
from jittor_tsit.config.systems.synthesis import SynthesisConfig, SynthesisWeights

STRIDE = 128  # size of the image divided by the size of the deepest features: image sides are multiples of it
DOWNSAMPLINGS = ("nearest", "bilinear")


@dataclass(frozen=True)
class TSITWeights(SynthesisWeights):
    """Weights of the loss terms. A weight of 0 switches a term off."""

    vgg: float = 20.0  # value of TSIT's recipes for label maps and of the contest team
    cycle: float = 0.0  # ast: L1 distance of the content to its stylised image, translated back to the content's style


@dataclass(frozen=True)
class TSITConfig(SynthesisConfig):
    """Options of TSIT besides those of `SynthesisConfig` in synthesis.py.

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
        for option in ("code_in_norms", "pixel_noise"):
            if self.form == "ast" and getattr(self, option):
                raise InputError(f"{option}: form=ast takes its style from a photo; must be off")

    def data_kind(self) -> str:
        return CONTENT_AND_STYLE if self.form == "ast" else super().data_kind()

    def require_size(self, height: int, width: int) -> None:
        if height % STRIDE or width % STRIDE or height * width <= STRIDE**2:
            raise InputError(
                f"image size {width}x{height}: TSIT needs multiples of {STRIDE}, and more than {STRIDE}x{STRIDE}"
            )

    def weight_files(self, terms: Container[str]) -> Dict[str, str]:
        if self.form == "ast" and ("segmenter" in terms or "score" in terms):
            raise InputError(
                "weights.segmenter and weights.score need label maps, which form=ast does not have; must be 0"
            )
        if self.form == "sis" and "cycle" in terms:
            raise InputError(
                "weights.cycle: needs form=ast; to compare an image with its label map, use weights.segmenter"
            )
        return super().weight_files(terms)
