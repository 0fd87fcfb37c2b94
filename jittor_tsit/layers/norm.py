"""Normalisations, and FAdaIN.

Sources: instance norm (Ulyanov et al., arXiv 1607.08022), batch norm (Ioffe & Szegedy, ICML 2015), FAdaIN (TSIT, Jiang
et al., ECCV 2020).
"""

from typing import Optional, Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.kernels.norm import modulate, moments
from jittor_tsit.layers.elementary import sqrt
from jittor_tsit.layers.image_layouts import BlockedImage, Image, activate, has_kernels, to_fast_layout, to_nchw
from jittor_tsit.layers.reductions import broadcast_like, mean
from jittor_tsit.runtime.parallel import batch_moments

EPS = 1e-5  # the value of PyTorch and of every paper here
Style = Tuple[jt.Var, jt.Var]  # gain and shift of each channel of each sample, [N, C, 1, 1]
MOMENTUM = 0.1  # share of the new batch in the running statistics, PyTorch's default


def _mean_var(x: jt.Var, axes: Tuple[int, ...]):
    """Return mean and biased variance over `axes`, kept as axes of size 1, in float64, from one pass over x.

    Each channel is first shifted by one of its own values. The variance is then at least the squared mean divided by
    the number of values, so E[x^2] - E[x]^2 in float64 keeps 10 of its 16 digits for a million values.
    """
    shift = x[tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(4))].detach().float64()
    shifted = x.float64() - shift
    centre = mean(shifted, axes, keepdims=True)
    variance = mean(shifted * shifted, axes, keepdims=True) - centre * centre
    return centre + shift, jt.maximum(variance, 0.0)  # rounding may leave a tiny negative


def normalize(
    x: Image, mean: jt.Var, var: jt.Var, *maps: Image, slope: float = 1.0, style: Optional[Style] = None
) -> Image:
    """Return leaky_relu(((x - mean) / sqrt(var + EPS) * (1 + gain) + shift) * (1 + gamma) + beta) with this slope.

    Args:
        maps: Gamma and beta, or nothing. For a blocked x one image with the channels of both, as `conv2d_of_two` makes
            it.
        style: Gain and shift of each channel of each sample; None: both are 0.

    Shapes:
        x, gamma, beta [N, C, H, W], gain, shift [N, C, 1, 1], mean, var [N, C, 1, 1] or [1, C, 1, 1] float64
        -> [N, C, H, W], in the layout of x
    """
    scale, shift = 1 / jt.sqrt(var + EPS), None
    if style is not None:
        mean, scale, shift = _styled(mean, scale, style)
    if has_kernels(x):
        return _modulate(x, mean, scale, *maps, slope=slope, shift=shift)
    y = _subtract(x, mean) * broadcast_like(scale, x)
    if shift is not None:
        y = y + broadcast_like(shift, x)
    if maps:
        gamma, beta = map(to_nchw, maps)
        y = y * (1 + gamma) + beta
    return activate(y, slope)


def _styled(mean: jt.Var, scale: jt.Var, style: Style) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """Return mean, scale times 1 + gain, and shift, [N, C, 1, 1] float64 each."""
    gain, shift = (part.float64() for part in style)
    return mean.broadcast(gain.shape), scale.broadcast(gain.shape) * (1 + gain), shift


def _subtract(x: jt.Var, mean: jt.Var) -> jt.Var:
    """Return x - mean in the type of x. It is computed in float64, to keep digits where the mean is large."""
    return (x.float64() - mean).cast(x.dtype)


def _modulate(
    x: Image, mean: jt.Var, scale: jt.Var, *maps: Image, slope: float = 1.0, shift: Optional[jt.Var] = None
) -> Image:
    """Normalise, scale and shift an image of any layout by `kernels.norm.modulate`, with its arguments."""
    if isinstance(x, BlockedImage):
        return BlockedImage(modulate(x.blocks, mean, scale, shift, [both.blocks for both in maps], slope), x.channels)
    return modulate(x, mean, scale, shift, list(map(to_nchw, maps)), slope)


def instance_norm(x: Image, slope: float = 1.0) -> Image:
    """Normalise each channel of each sample to mean 0 and variance 1, then apply leaky ReLU with this slope.

    Shapes:
        x [N, C, H, W] -> [N, C, H, W], in the layout of x
    """
    return normalize(*_moments(x, over_batch=False), slope=slope)


def _moments(x: Image, over_batch: bool) -> Tuple[Image, jt.Var, jt.Var]:
    """Return x and the mean and biased variance of each channel.

    Mean and variance are float64, [N, C, 1, 1], or [1, C, 1, 1] with `over_batch`.

    Use the returned x from here on, so that its gradient includes the gradient of mean and variance.
    """
    if isinstance(x, BlockedImage):
        return (x, *x.moments(over_batch))
    axes = (0, 2, 3) if over_batch else (2, 3)
    return moments(x, x.shape[1], over_batch) if has_kernels(x) else (x, *_mean_var(x, axes))


class BatchNorm(nn.Module):
    """Normalise each channel to mean 0 and variance 1 over the batch; in evaluation mode by running statistics.

    The batch is the one of all processes that train together, as in synchronised batch norm.

    Shapes:
        x [N, C, H, W] -> [N, C, H, W], in the layout of x

    Source: torch.nn.BatchNorm2d(affine=False): the running variance takes the unbiased batch variance. SPADE and TSIT
        synchronise with vacancy/Synchronized-BatchNorm-PyTorch, which divides by sqrt(max(var, eps)) on several GPUs.
        Differs: here one process and several give the same result.
    """

    def __init__(self, channels: int):
        self.running_mean = jt.zeros(channels).stop_grad()
        self.running_var = jt.ones(channels).stop_grad()
        self.tracks = True  # whether training updates the running statistics

    def execute(self, x):
        return normalize(*self.moments(x))

    def moments(self, x: Image) -> Tuple[Image, jt.Var, jt.Var]:
        """Return x, and the mean and variance to normalise it with, [1, C, 1, 1] float64; see `_moments`.

        In training mode these are the batch's, and the running statistics are updated.
        """
        if not self.is_training():
            return (x, *(part.float64().reshape(1, -1, 1, 1) for part in (self.running_mean, self.running_var)))
        x, mean, var = _moments(x, over_batch=True)
        mean, var, count = batch_moments(mean, var, x.shape[0] * x.shape[2] * x.shape[3])
        if self.tracks:
            self._track(mean, var, count)
        return x, mean, var

    def _track(self, mean: jt.Var, var: jt.Var, count: int) -> None:
        unbiased = var * (count / max(count - 1, 1))
        for running, new in ((self.running_mean, mean), (self.running_var, unbiased)):
            running.update(running + MOMENTUM * (new.detach().reshape(-1).float32() - running))


class AffineBatchNorm(BatchNorm):
    """Batch norm with a learned scale and shift for each channel.

    Args:
        scale: Initial scales, [channels]; 1 by default.

    Shapes:
        x [N, C, H, W] -> [N, C, H, W]
    """

    def __init__(self, channels: int, scale: Optional[jt.Var] = None):
        super().__init__(channels)
        self.weight, self.bias = jt.ones(channels) if scale is None else scale, jt.zeros(channels)

    def execute(self, x):
        return _affine(super().execute(x), self.weight, self.bias)


class InstanceNorm(nn.Module):
    """`instance_norm` as a module, without learned scale and shift.

    Args:
        channels: Not used; it is there so that all norms are built alike.
    """

    def __init__(self, channels: int):
        super().__init__()

    def execute(self, x):
        return instance_norm(x)

    def moments(self, x: Image) -> Tuple[Image, jt.Var, jt.Var]:
        """Return x, and the means and variances to normalise it with, [N, C, 1, 1] float64; see `_moments`."""
        return _moments(x, over_batch=False)


class AffineInstanceNorm(nn.Module):
    """`instance_norm` with a learned scale and shift for each channel.

    Shapes:
        x [N, C, H, W] -> [N, C, H, W]

    Source: StarGAN. Differs: StarGAN also tracks running statistics, which it never uses.
    """

    def __init__(self, channels: int):
        self.weight, self.bias = jt.ones(channels), jt.zeros(channels)

    def execute(self, x):
        return _affine(instance_norm(x), self.weight, self.bias)


GENERATOR_NORMS = {"batch": BatchNorm, "instance": InstanceNorm}  # of SPADE and TSIT, before their modulation


class LayerNorm(nn.Module):
    """Normalise each sample to mean 0 and deviation 1 over all its values, then scale and shift each channel.

    Shapes:
        x [N, channels, H, W] -> [N, channels, H, W]

    Source: MUNIT, also in UNIT's rewrite: the deviation is unbiased, epsilon is added to it, scales begin in [0, 1).
    """

    def __init__(self, channels: int):
        self.gamma, self.beta = jt.rand(channels), jt.zeros(channels)

    def execute(self, x):
        centre, var = _mean_var(x, (1, 2, 3))
        count = x.shape[1] * x.shape[2] * x.shape[3]
        x = _subtract(x, centre) / broadcast_like(sqrt(var * (count / max(count - 1, 1))) + EPS, x)
        return _affine(x, self.gamma, self.beta)


def _affine(x: jt.Var, scale: jt.Var, shift: jt.Var) -> jt.Var:
    """Multiply each channel by its scale and add its shift."""
    return x * broadcast_like(scale, x) + broadcast_like(shift, x)


def fadain(x: Image, style: Image, alpha: float = 1.0) -> Image:
    """Give each channel of each sample of x the mean and deviation of the same channel of `style`.

    Args:
        alpha: Share of this result; the rest is x itself.

    Shapes:
        x [N, C, H, W], style [N, C, H', W'] -> [N, C, H, W], with alpha 1 in the fastest layout

    Source: TSIT; the deviation is the root of the unbiased variance plus 1e-5.
    """
    x, x_mean, x_std = _mean_std(to_fast_layout(x))
    _, style_mean, style_std = _mean_std(style)
    if has_kernels(x) and alpha == 1.0:
        return _modulate(x, x_mean, style_std / x_std, shift=style_mean)
    x = to_nchw(x)
    styled = _subtract(x, x_mean) * broadcast_like(style_std / x_std, x) + broadcast_like(style_mean, x)
    return styled if alpha == 1.0 else alpha * styled + (1 - alpha) * x


def _mean_std(x: Image):
    """Return x, and mean and deviation of each channel of each sample, [N, C, 1, 1] float64.

    The deviation is the root of the unbiased variance plus EPS.

    Use the returned x from here on, so that its gradient includes the gradient of mean and deviation.
    """
    x, mean, var = _moments(x, over_batch=False)
    count = x.shape[2] * x.shape[3]
    return x, mean, jt.sqrt(var * (count / max(count - 1, 1)) + EPS)
