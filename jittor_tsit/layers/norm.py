"""Normalisations without learned affine, and the spectrally normalised convolution.

Sources: instance norm (Ulyanov et al., arXiv 1607.08022), batch norm (Ioffe & Szegedy, ICML 2015),
spectral norm (Miyato et al., ICLR 2018) as torch.nn.utils.spectral_norm does it, FAdaIN (TSIT, Jiang et
al., ECCV 2020).
"""

from typing import Optional, Tuple

import jittor as jt
from jittor import nn

from jittor_tsit.kernels.cpu import runs_on
from jittor_tsit.kernels.norm import modulate, moments
from jittor_tsit.kernels.spectral import spectrally_normalized
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.elementary import absolute, sqrt
from jittor_tsit.layers.image_layouts import Image, Packed, activated, has_kernels, plain
from jittor_tsit.layers.init import default_weight, unit_vector
from jittor_tsit.layers.matmul import matmul
from jittor_tsit.layers.reductions import mean, spread, total
from jittor_tsit.runtime.parallel import batch_moments

EPS = 1e-5  # the value of PyTorch and of every paper here
MOMENTUM = 0.1  # share of the new batch in the running statistics, PyTorch's default


def _mean_var(x: jt.Var, axes: Tuple[int, ...]):
    """Mean and biased variance over `axes`, kept as axes of size 1, in float64, from one pass over `x`.

    Each channel is first shifted by one of its own values. The variance is then at least the squared mean over the
    number of values, so E[x^2] - E[x]^2 in float64 keeps 10 of its 16 digits among a million of them.
    """
    shift = x[tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(4))].detach().float64()
    shifted = x.float64() - shift
    centre = mean(shifted, axes, keepdims=True)
    variance = mean(shifted * shifted, axes, keepdims=True) - centre * centre
    return centre + shift, jt.maximum(variance, 0.0)  # rounding may leave a tiny negative


def normalized(x: Image, mean: jt.Var, var: jt.Var, *maps: Image, slope: float = 1.0) -> Image:
    """(x - mean) / deviation, times 1 + gamma, plus beta, then leaky ReLU of this slope.

    Args:
        maps: Gamma and beta, if there are any; for a packed `x` both in one, as `conv2d_of_two` makes them.

    Shapes:
        x, gamma, beta [N, C, H, W], mean, var [N, C, 1, 1] or [1, C, 1, 1] float64 -> as x
    """
    scale = 1 / jt.sqrt(var + EPS)
    if has_kernels(x):
        return _modulated(x, mean, scale, *maps, slope=slope)
    y = _centred(x, mean) * spread(scale, x)
    if maps:
        gamma, beta = map(plain, maps)
        y = y * (1 + gamma) + beta
    return activated(y, slope)


def _centred(x: jt.Var, mean: jt.Var) -> jt.Var:
    """x - mean in float64: of values a thousand deviations from 0, float32 would leave the deviation three digits."""
    return (x.float64() - mean).cast(x.dtype)


def _modulated(
    x: Image, mean: jt.Var, scale: jt.Var, *maps: Image, slope: float = 1.0, shift: Optional[jt.Var] = None
) -> Image:
    """`modulate` of images."""
    if isinstance(x, Packed):
        return Packed(modulate(x.blocks, mean, scale, shift, [both.blocks for both in maps], slope), x.channels)
    return modulate(x, mean, scale, shift, list(map(plain, maps)), slope)


def instance_norm(x: Image, slope: float = 1.0) -> Image:
    """Each channel of each sample brought to mean 0, variance 1, then leaky ReLU of this slope.

    Shapes:
        x [N, C, H, W] -> [N, C, H, W]
    """
    return normalized(*_moments(x, over_batch=False), slope=slope)


def _moments(x: Image, over_batch: bool) -> Tuple[Image, jt.Var, jt.Var]:
    """Return x (use it from here on), mean and biased variance: float64 [N, C, 1, 1], over the batch [1, C, 1, 1]."""
    if isinstance(x, Packed):
        return (x, *x.moments(over_batch))
    axes = (0, 2, 3) if over_batch else (2, 3)
    return moments(x, x.shape[1], over_batch) if has_kernels(x) else (x, *_mean_var(x, axes))


class BatchNorm(nn.Module):
    """Each channel brought to mean 0, variance 1 over the batch; by running statistics in eval mode.

    The batch is that of all processes that train together, as in synchronised batch norm.

    Shapes:
        x [N, C, H, W] -> [N, C, H, W]

    Source: torch.nn.BatchNorm2d(affine=False): the running variance takes the unbiased batch variance. SPADE and TSIT
        synchronise by vacancy/Synchronized-BatchNorm-PyTorch. Differs: that one divides by sqrt(max(var, eps)) on
        several GPUs; here one process and several give the same.
    """

    def __init__(self, channels: int):
        self.running_mean = jt.zeros(channels).stop_grad()
        self.running_var = jt.ones(channels).stop_grad()
        self.tracks = True  # whether training moves the running statistics

    def execute(self, x):
        return normalized(*self.moments(x))

    def moments(self, x: Image) -> Tuple[Image, jt.Var, jt.Var]:
        """`x` and the mean and variance that it is normalised by, [1, C, 1, 1] float64; training mode tracks them."""
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
    """Batch norm with a learned scale and shift.

    Args:
        scale: The first scales, [channels]; 1 by default.
    """

    def __init__(self, channels: int, scale: Optional[jt.Var] = None):
        super().__init__(channels)
        self.weight, self.bias = jt.ones(channels) if scale is None else scale, jt.zeros(channels)

    def execute(self, x):
        return _affine(super().execute(x), self.weight, self.bias)


class InstanceNorm(nn.Module):
    """`instance_norm` as a module.

    Args:
        channels: Any number.
    """

    def __init__(self, channels: int):
        super().__init__()

    def execute(self, x):
        return instance_norm(x)

    def moments(self, x: Image) -> Tuple[Image, jt.Var, jt.Var]:
        """`x` and the means and variances that it is normalised by, [N, C, 1, 1] float64."""
        return _moments(x, over_batch=False)


class AffineInstanceNorm(nn.Module):
    """`instance_norm` with a learned scale and shift.

    Source: StarGAN's, which also tracks running statistics and never uses them: not here.
    """

    def __init__(self, channels: int):
        self.weight, self.bias = jt.ones(channels), jt.zeros(channels)

    def execute(self, x):
        return _affine(instance_norm(x), self.weight, self.bias)


class LayerNorm(nn.Module):
    """Each sample brought to mean 0, deviation 1 over all its values, then scaled and shifted by channel.

    Shapes:
        x [N, channels, H, W] -> the same

    Source: MUNIT's, also in UNIT's rewrite: the deviation is unbiased, epsilon is added to it, scales begin in [0, 1).
    """

    def __init__(self, channels: int):
        self.gamma, self.beta = jt.rand(channels), jt.zeros(channels)

    def execute(self, x):
        centre, var = _mean_var(x, (1, 2, 3))
        count = x.shape[1] * x.shape[2] * x.shape[3]
        x = _centred(x, centre) / spread(sqrt(var * (count / max(count - 1, 1))) + EPS, x)
        return _affine(x, self.gamma, self.beta)


def _affine(x: jt.Var, scale: jt.Var, shift: jt.Var) -> jt.Var:
    """Scale and shift of each channel."""
    return x * spread(scale, x) + spread(shift, x)


def fadain(x: Image, style: Image, alpha: float = 1.0) -> Image:
    """Give `x` the mean and deviation that `style` has, per sample and channel.

    Args:
        alpha: Share of the result; the rest is `x` itself.

    Shapes:
        x [N, C, H, W], style [N, C, H', W'] -> [N, C, H, W]

    Source: TSIT; the deviation is the root of the unbiased variance plus 1e-5.
    """
    x, x_mean, x_std = _mean_std(x)
    _, style_mean, style_std = _mean_std(style)
    if has_kernels(x) and alpha == 1.0:
        return _modulated(x, x_mean, style_std / x_std, shift=style_mean)
    x = plain(x)
    styled = _centred(x, x_mean) * spread(style_std / x_std, x) + spread(style_mean, x)
    return styled if alpha == 1.0 else alpha * styled + (1 - alpha) * x


def _mean_std(x: Image):
    x, mean, var = _moments(x, over_batch=False)
    count = x.shape[2] * x.shape[3]
    return x, mean, jt.sqrt(var * (count / max(count - 1, 1)) + EPS)


class SpectralConv(nn.Module):
    """Convolution by `weight / sigma`, sigma being the weight's largest singular value.

    `u` and `v` hold its singular vectors. Each pass in training mode (also without gradient) improves them
    by one power iteration and keeps them; eval mode leaves them as they are. The gradient takes them as
    constants.

    Shapes:
        x [N, in_channels, H, W] -> [N, out_channels, H', W']

    Source: torch.nn.utils.spectral_norm with its defaults. The initial weight is PyTorch's default and the bias 0:
        SPADE and TSIT move their networks to the GPU before they draw xavier weights, and the draw does not reach
        normalised layers there.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride=1, padding=0, bias=True):
        self.stride, self.padding = stride, padding
        self.weight = default_weight(out_channels, in_channels, kernel_size, kernel_size)
        self.bias = jt.zeros(out_channels) if bias else None
        self.u = unit_vector(out_channels)
        self.v = unit_vector(in_channels * kernel_size * kernel_size)

    def execute(self, x):
        return conv2d(x, self.normalized_weight(), self.bias, self.stride, self.padding)

    def normalized_weight(self) -> jt.Var:
        """[out_channels, in_channels, k, k]"""
        form = spectrally_normalized if runs_on(self.weight) else plain_spectrally_normalized
        weight, u, v = form(self.weight, self.u, self.v, self.is_training())
        if self.is_training():
            self.u.update(u)
            self.v.update(v)
        return weight


def plain_spectrally_normalized(weight: jt.Var, u: jt.Var, v: jt.Var, iterates: bool) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """`kernels.spectral.spectrally_normalized` in Jittor's operators."""
    u, v, matrix = u.detach(), v.detach(), weight.reshape(weight.shape[0], -1)
    if iterates:
        v = _normalized(matmul(matrix.detach(), u.unsqueeze(1), transpose_a=True).reshape(-1))
    stretched = matmul(matrix, v.unsqueeze(1))  # [out_channels, 1]
    if iterates:
        u = _normalized(stretched.detach().reshape(-1))
    unit = absolute(stretched.detach()).max()  # in units of it all factors are within float32's range
    sigma = total(u.unsqueeze(1) * (stretched / unit))
    # A factor a row, kept apart: its gradient adds up row by row, on an H100 20 times as fast as all at once.
    factors = ((1 / sigma) * jt.ones(weight.shape[0], 1, 1, 1)).stop_fuse()
    return (weight / unit).stop_fuse() * factors, u, v  # in one loop, -Ofast would divide the factors by the unit


def _normalized(vector: jt.Var) -> jt.Var:
    return vector / jt.maximum(sqrt(total(vector * vector)), 1e-12)  # PyTorch's floor for the norm
