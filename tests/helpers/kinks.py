"""The sides of 0 on which activations and absolute values lie: recorded in a float32 run, imposed on a float64 run.

The gradients of ReLU, leaky ReLU and |x| jump at 0, those of max-pooling where two of its values are equal. A value
within its rounding error of 0 may have the other sign in float32, and then all gradients behind it differ, by any
amount. A float64 run with the signs of the float32 run has the same kinks behind it. If its gradients are those of the
float32 run, the flipped values explain the whole difference.
"""

from contextlib import contextmanager
from typing import Iterator, List, NamedTuple, Tuple

import jittor as jt
import numpy as np
import pytest

from jittor_tsit import losses
from jittor_tsit.kernels import conv_of_ids, maps_blocked
from jittor_tsit.layers import norm

# A flipped value is at most this share of the largest of its layer: some hundred roundings of 6e-8, behind the layers
# that the networks here have.
NEAR_ZERO = 512 * 2.0**-24


class Flip(NamedTuple):
    """A value whose float32 sign is not its float64 sign."""

    call: int  # number of the call that it went through, in the order of the run
    place: Tuple[int, ...]  # its index there
    value: float  # in float64; of max-pooling, how much smaller it is than the largest of its window
    largest: float  # of that call's absolute values

    def __str__(self):
        return f"call {self.call} at {self.place}: {self.value:.2g} of {self.largest:.2g}"


class Signs:
    """Signs of the values of each call, in the order of the calls; `settle` reads what was kept since the last time."""

    def __init__(self):
        self.calls, self._kept = [], []

    def keep(self, x: jt.Var, read=np.sign) -> jt.Var:
        self._kept.append((x, read))
        return x

    def settle(self) -> None:
        self.calls += [read(x.numpy()).astype(np.int8) for x, read in self._kept]
        self._kept = []


def _windows(values: np.ndarray) -> np.ndarray:
    """[N, C, H, W] -> the four values of each window of 2 x 2 pixels, [N, C, H / 2, W / 2, 4]"""
    n, c, h, w = values.shape
    pairs = values.reshape(n, c, h // 2, 2, w // 2, 2)
    return pairs.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)


def _largest(values: np.ndarray) -> np.ndarray:
    return _windows(values).argmax(-1)


@contextmanager
def recording_signs() -> Iterator[Signs]:
    """Within it all calls of activations and absolute values keep their signs; `settle` after each step."""
    signs = Signs()

    def result_of(function, is_active=lambda *arguments, **options: True):
        def keeping(*arguments, **options):
            y = function(*arguments, **options)  # has the sign of what is activated
            return signs.keep(y) if is_active(*arguments, **options) else y

        return keeping

    def keeping_distance(x):
        return absolute(signs.keep(x))

    def keeping_part(x):
        return positive_part(signs.keep(x))

    def keeping_pool(x, *arguments, **options):
        return pool(signs.keep(x, _largest), *arguments, **options)

    absolute, positive_part, pool = losses.absolute, losses.positive_part, jt.nn.pool
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((jt.nn, "relu"), (jt.nn, "leaky_relu"), (maps_blocked, "activate")):
            patch.setattr(owner, name, result_of(getattr(owner, name)))
        for owner, name in ((norm, "modulate"), (conv_of_ids, "convolve")):  # the slope is their last argument
            patch.setattr(owner, name, result_of(getattr(owner, name), lambda *arguments: arguments[-1] != 1))
        patch.setattr(losses, "absolute", keeping_distance)
        patch.setattr(losses, "positive_part", keeping_part)
        patch.setattr(jt.nn, "pool", keeping_pool)  # VGG's, of windows of 2 x 2
        yield signs
        signs.settle()


@contextmanager
def imposing_signs(calls: List[np.ndarray]) -> Iterator[List[Flip]]:
    """Within it a float64 run takes these signs for those of its values.

    Returns:
        The values that have another sign in float64, filled in as the run goes.
    """
    rest, flips = iter(enumerate(calls)), []

    def signs_of(x, sign):
        number, signs = next(rest)
        values = x.numpy()
        signs = sign(_as_planes(signs, values.shape))
        for place in np.argwhere(sign(values) != signs):
            place = tuple(map(int, place))
            flips.append(Flip(number, place, float(values[place]), float(np.abs(values).max())))
        return jt.array(signs)

    def relu(x):
        return leaky_relu(x, 0.0)

    def leaky_relu(x, scale=0.01):
        return jt.ternary(signs_of(x, lambda values: values > 0), x, x * scale)

    def absolute(x):
        return x * signs_of(x, np.sign).cast(x.dtype)

    def positive_part(x):
        return 0.5 * (x + absolute(x))

    def pool(x, *arguments, **options):
        number, choices = next(rest)
        windows = _windows(x.numpy())
        chosen = np.take_along_axis(windows, choices[..., None].astype(int), -1)[..., 0]
        for place in np.argwhere(chosen != windows.max(-1)):
            place = tuple(map(int, place))
            value = float((windows.max(-1) - chosen)[place])
            flips.append(Flip(number, place, value, float(np.abs(windows).max())))
        n, c, h, w = x.shape
        pairs = x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
        return (pairs * jt.array(choices[..., None] == np.arange(4)).cast(x.dtype)).sum([4])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jt.nn, "pool", pool)
        patch.setattr(jt.nn, "relu", relu)
        patch.setattr(jt.nn, "leaky_relu", leaky_relu)
        patch.setattr(losses, "absolute", absolute)
        patch.setattr(losses, "positive_part", positive_part)
        yield flips
    assert next(rest, None) is None, "the float64 run has fewer activations than the float32 run"


def _as_planes(signs: np.ndarray, shape: Tuple[int, ...]) -> np.ndarray:
    """Signs in the shape of the float64 values, from oneDNN's layout if need be."""
    if signs.ndim == 5:
        n, blocks, h, w, block = signs.shape
        signs = signs.transpose(0, 1, 4, 2, 3).reshape(n, blocks * block, h, w)[:, : shape[1]]
    assert signs.shape == shape, f"the float32 run has {signs.shape} here, the float64 run {shape}"
    return signs


def assert_near_zero(flips: List[Flip]) -> None:
    """Rounding can have flipped each of these values."""
    far = [str(flip) for flip in flips if abs(flip.value) > NEAR_ZERO * flip.largest]
    assert not far, "other signs in float32, and not near 0: " + "; ".join(far[:10])
