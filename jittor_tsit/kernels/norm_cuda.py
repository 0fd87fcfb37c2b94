"""Normalisation, modulation and leaky ReLU of images [N, C, H, W] on a GPU (csrc/norm.cuh).

norm.py gives these functions their gradients. norm_cpu.py has the same functions for blocked images on the CPU.
"""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels.call import Output, call_on_gpu, num_chunks


def moments(x: jt.Var, channels: int, over_batch: bool) -> Tuple[jt.Var, jt.Var]:
    """Return mean and biased variance of each channel of each image, or of the batch with `over_batch`.

    Shapes:
        x [N, C, H, W] -> both [N or 1, C, 1, 1] float64
    """
    output = Output([1 if over_batch else x.shape[0], channels, 1, 1], "float64")
    return tuple(call_on_gpu("norm", "moments", [x], [output, output], scratch=_scratch(x)))


def moments_gradient(x, mean, by_mean, by_var, by_x: Optional[jt.Var]) -> jt.Var:
    """Return the gradient by x from the gradients by its mean and variance, `by_mean` and `by_var`.

    `by_x` is another gradient by x to add, or None.
    """
    return call_on_gpu("norm", "moments_gradient", [x, mean, by_mean, by_var, by_x], [Output(x.shape)])[0]


def modulate(x, mean, scale, shift: Optional[jt.Var], maps: Sequence[jt.Var], slope: float) -> jt.Var:
    """Compute `modulate` of kernels/norm.py, without recording it for the backward pass.

    `maps` is empty, or holds gamma and beta.
    """
    gamma, beta = maps or (None, None)
    return call_on_gpu("norm", "modulate", [x, mean, scale, shift, gamma, beta], [Output(x.shape)], {"slope": slope})[0]


def modulate_gradients(
    x, mean, scale, shift: Optional[jt.Var], by_result, maps: Sequence[jt.Var], y, slope: float
) -> List[jt.Var]:
    """Return the gradients of `modulate` by x, mean, scale, and by shift and maps if they are given.

    Args:
        by_result: Gradient by the result.
        y: The result.
    """
    image, statistic = Output(x.shape), Output(mean.shape, "float64")
    is_linear = slope == 1
    inputs = [x, mean, scale, by_result, shift, maps[0] if maps else None, None if is_linear else y]
    outputs = [image, statistic, statistic, None if shift is None else statistic]
    outputs += [image if maps else None, image if maps and not is_linear else None]
    gradients = call_on_gpu("norm", "modulate_gradients", inputs, outputs, {"slope": slope}, _scratch(x))
    # Without an activation the gradient by beta is the gradient by the result: no copy of it is made.
    return [*gradients, by_result] if maps and is_linear else gradients


def _scratch(x: jt.Var) -> Output:
    """Describe the scratch memory of the kernels: two float64 sums for each chunk of each channel of each sample.

    A chunk is a part of a channel that one block of threads sums (`num_chunks` of call.py).
    """
    n, c, h, w = x.shape
    return Output([2 * n * c * num_chunks(h * w)], "float64")
