"""Normalisation, modulation and leaky ReLU of images in oneDNN's blocked layout (csrc/norm.h).

The forward pass reads the image twice, once for the moments and once for the rest, and so does the backward pass.
Jittor's operators read it once for nearly each of their steps, on one core. norm.py beside this file gives these
functions their gradients; layers/norm.py has the form for other images. norm_cuda.py has the same functions for images
[N, C, H, W] on a GPU.
"""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels.call import Output, call_on_cpu


def moments(x: jt.Var, channels: int, over_batch: bool) -> Tuple[jt.Var, jt.Var]:
    """Return mean and biased variance of each channel of each image, or of the batch with `over_batch`.

    Shapes:
        x [N, channels / block, H, W, block] -> both [N or 1, C, 1, 1] float64
    """
    output = Output([1 if over_batch else x.shape[0], channels, 1, 1], "float64")
    return tuple(call_on_cpu("norm", "moments", [x], [output, output]))


def moments_gradient(x, mean, by_mean, by_var, by_x: Optional[jt.Var]) -> jt.Var:
    """Return the gradient by x from the gradients by its mean and variance, `by_mean` and `by_var`.

    `by_x` is another gradient by x to add, or None.
    """
    return call_on_cpu("norm", "moments_gradient", [x, mean, by_mean, by_var, by_x], [Output(x.shape)])[0]


def modulate(x, mean, scale, shift: Optional[jt.Var], maps: Sequence[jt.Var], slope: float) -> jt.Var:
    """Compute `modulate` of kernels/norm.py, without recording it for the backward pass.

    `maps` is empty, or holds gamma and beta in one array: the channels of gamma, then those of beta.
    """
    activation = "LINEAR" if slope == 1 else "LEAKY_RELU"
    inputs = [x, mean, scale, shift, maps[0] if maps else None]
    return call_on_cpu("norm", f"modulate<{activation}>", inputs, [Output(x.shape)], {"slope": slope})[0]


def modulate_gradients(
    x, mean, scale, shift: Optional[jt.Var], by_result, maps: Sequence[jt.Var], y, slope: float
) -> List[jt.Var]:
    """Return the gradients of `modulate` by x, mean, scale, and by shift and maps if they are given.

    Args:
        by_result: Gradient by the result.
        y: The result.
    """
    statistic = Output(mean.shape, "float64")
    inputs = [x, mean, scale, by_result, shift, maps[0] if maps else None, None if slope == 1 else y]
    outputs = [Output(x.shape), statistic, statistic, None if shift is None else statistic]
    outputs.append(Output(maps[0].shape) if maps else None)
    return call_on_cpu("norm", "modulate_gradients", inputs, outputs, {"slope": slope})
