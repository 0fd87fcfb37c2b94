"""Options of SimGAN."""

from dataclasses import dataclass

from data_tools.basics.errors import InputError
from jittor_tsit.config.options import OptimConfig
from jittor_tsit.config.systems.base import DOMAINS, SystemConfig
from jittor_tsit.config.systems.checks import require_choice, require_least

# Kind -> least side of an image in pixels; below this, D's 3 x 3 pooling would get at most 3 x 3 values.
LEAST_SIDE = {"gaze": 13, "hand": 25}


@dataclass(frozen=True)
class SimGANWeights:
    """Weights of the refiner's loss terms. The terms are means over patches and pixels; the paper's are sums."""

    gan: float = 1.0  # adversarial loss
    reg: float = 0.5  # L1 distance to the rendered image; value of daniel-merrick's implementation


@dataclass(frozen=True)
class SimGANConfig(SystemConfig):
    """Options of SimGAN. Where the paper gives no value, the default is that of daniel-merrick's implementation."""

    kind: str = "gaze"  # or hand: the paper's two architectures
    channels: int = 1  # of the networks' images: 1 is grey, 3 is colour
    width: int = 64  # channels of G's first features
    slope: float = 0.0  # negative slope of the leaky ReLU; 0: ReLU
    pretrain_G: int = 1_000  # first steps, which train the refiner only, with its L1 loss only
    pretrain_D: int = 200  # following steps, which train D only
    k_g: int = 2  # after that, steps of the refiner in each cycle
    k_d: int = 1  # and steps of D in each cycle
    pool_size: int = 25_600  # size of D's pool of earlier refined images; value of carpedm20's code, not in the paper
    momentum: float = 0.9  # of SGD
    weights: SimGANWeights = SimGANWeights()
    optim: OptimConfig = OptimConfig(lr_G=1e-3, lr_D=1e-3)  # values of the paper; SGD has no betas

    def __post_init__(self):
        require_choice(self, "kind", LEAST_SIDE)
        require_choice(self, "channels", (1, 3))
        require_least(self, pretrain_G=0, pretrain_D=0, k_g=1, k_d=1, width=1, pool_size=1)
        if self.optim.betas != OptimConfig().betas:
            raise InputError(f"optim.betas={self.optim.betas}: SimGAN uses SGD, which has no betas; leave the default")
        for name in ("slope", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)}: must be at least 0 and below 1")

    def data_kind(self) -> str:
        return DOMAINS

    def require_size(self, height: int, width: int) -> None:
        least = LEAST_SIDE[self.kind]
        if min(height, width) < least:
            raise InputError(f"image size {width}x{height}: SimGAN's D for {self.kind} needs sides of at least {least}")
