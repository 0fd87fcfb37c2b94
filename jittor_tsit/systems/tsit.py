"""TSIT: a simple and versatile framework for image-to-image translation (Jiang et al., ECCV 2020)."""

from dataclasses import dataclass
from typing import Container, Dict, Optional, Tuple, Union

import jittor as jt

from data_tools.basics.errors import InputError
from jittor_tsit import losses
from jittor_tsit.data.batches import ImageBatch, PairedBatch
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.first_tensor import MapStart
from jittor_tsit.networks.segformer import SegFormer
from jittor_tsit.networks.tsit import DOWNSAMPLINGS, STRIDE, TSITGenerator
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.option_checks import require_choice
from jittor_tsit.systems.synthesis import (
    Code,
    SynthesisConfig,
    SynthesisSystem,
    SynthesisWeights,
    Targets,
)

Batch = Union[PairedBatch, ImageBatch]


@dataclass(frozen=True)
class TSITWeights(SynthesisWeights):
    """Weights of the loss terms; 0 switches a term off."""

    vgg: float = 20.0  # the SIS recipes' value, also the contest team's
    cycle: float = 0.0  # ast: L1 distance of the content from its image brought back to the content's own style


@dataclass(frozen=True)
class TSITConfig(SynthesisConfig):
    """Options of TSIT; defaults are the released recipes' for semantic image synthesis."""

    form: str = "sis"  # label map -> photo; or "ast", the style of one photo on the content of another
    num_layers_D: int = 4  # the released code has 4 for sis and 3 for ast
    alpha: float = 1.0  # ast: share of the style that FAdaIN gives
    downsampling: str = "nearest"  # of the streams; "bilinear" in the contest team's Jittor port, whose weights need it
    weights: TSITWeights = TSITWeights()

    def __post_init__(self):
        super().__post_init__()
        require_choice(self, "form", ("sis", "ast"))
        require_choice(self, "downsampling", DOWNSAMPLINGS)


class TSITSystem(SynthesisSystem):
    """A content stream steers a FADE generator; style comes from a latent code (sis) or a second stream (ast)."""

    Config = TSITConfig

    def __init__(self, config: TSITConfig, in_channels: int, height: int, width: int, seed: int):
        if height % STRIDE or width % STRIDE or height * width <= STRIDE**2:
            raise InputError(
                f"image size {width}x{height}: TSIT needs multiples of {STRIDE}, and more than {STRIDE}x{STRIDE}"
            )
        super().__init__(config, in_channels, (height // STRIDE, width // STRIDE), seed)
        self.unit_stride_layer = 3  # of D, whatever its depth
        self.is_ast = config.form == "ast"
        if self.is_ast:
            self.batch_kind, self.has_code, self.channels_D = "unpaired", False, 3
        channels = 16 * config.width
        start = MapStart(3, channels) if self.is_ast else self.make_start(channels)
        content_channels = 3 if self.is_ast else in_channels
        attention = self.attention_block([height >> scale for scale in range(7, 0, -1)])
        sizes = content_channels, config.width
        self.set_generator(TSITGenerator(*sizes, start, self.is_ast, config.alpha, attention, config.downsampling))

    def prepare_training(self, terms: Container[str]) -> None:
        """As all of them; the cycle is the ast form's."""
        if "cycle" in terms and not self.is_ast:
            raise InputError(
                "weights.cycle: needs form=ast; the way back from photos to label maps is weights.segmenter"
            )
        super().prepare_training(terms)

    def own_terms(self, batch: Batch, fake: jt.Var) -> Dict[str, jt.Var]:
        """The content again from its image, in its own style."""
        if not self.weights["cycle"]:
            return {}
        there = ImageBatch(fake, batch.a, batch.index, batch.share)
        return {"cycle": losses.l1(self._transfer(self.G, there, self.noise, "cycle"), batch.a)}

    def find_segmenter(self) -> SegFormer:
        """The frozen network that sees classes in images; the ast form has no label maps for it."""
        if self.is_ast:
            raise InputError("weights.segmenter and weights.score need label maps, which form=ast has not")
        return super().find_segmenter()

    def targets(self, batch: Batch) -> Targets:
        """The photo for everything; in the ast form D wants the style's photo and VGG the content's."""
        return Targets(batch.b, batch.a, None) if self.is_ast else super().targets(batch)

    def synthesize(self, batch: Batch, purpose: str) -> Tuple[jt.Var, Optional[Code]]:
        """The image in training mode, and the code that its photo gave, where there is one."""
        if self.is_ast:
            return self._transfer(self.G, batch, self.noise, purpose), None
        return super().synthesize(batch, purpose)

    def generate(self, batch: Batch, noise: Noise) -> jt.Var:
        """Images for label maps, in the style of `batch.image` or of a drawn code; or `a` in the style of `b`."""
        if not self.is_ast:
            return super().generate(batch, noise)
        with jt.no_grad(), evaluating(*self.networks.values()):
            return self._transfer(self.networks.get("G_ema", self.G), batch, noise, "z")

    def _transfer(self, G: TSITGenerator, batch: ImageBatch, noise: Noise, purpose: str) -> jt.Var:
        return G(batch.a, noise.normal(purpose, batch.index, (3, *self.start_size)), batch.b)
