"""Spectral norm: a weight divided by its largest singular value, as one operator forward and one backward.

The code, with the power iteration, is in csrc/spectral.h for a CPU and in csrc/spectral.cuh for a GPU.

`reference_spectrally_normalized` of layers/spectral_conv.py is the reference in Jittor's operators. The gradient cannot
be differentiated again. Nothing needs that: a gradient penalty differentiates by the input of a network.
"""

from __future__ import annotations

from typing import List, Tuple

import jittor as jt

from jittor_tsit.kernels.autograd import first_order_only, on_tape
from jittor_tsit.kernels.call import Output, call, num_chunks

THREADS, STRIP = 256, 32  # of csrc/gpu.cuh and csrc/spectral.cuh: they decide how much scratch memory is needed


def spectral_normalize(weight: jt.Var, u: jt.Var, v: jt.Var, iterates: bool) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """Return weight / sigma with sigma = u weight v, and u and v.

    Args:
        u, v: Approximate singular vectors of length 1; the gradient takes them as constants.
        iterates: Improve them by one power iteration first.

    Shapes:
        weight [D, ...] with M values a row, u [D], v [M] -> [D, ...], [D], [M]
    """
    function = _SpectralNormalize(u, v, iterates)
    return on_tape(function, weight), *function.vectors


class _SpectralNormalize(jt.Function):
    def __init__(self, u: jt.Var, v: jt.Var, iterates: bool):
        self.vectors, self.iterates = (u.detach(), v.detach()), iterates

    def execute(self, weight):
        result, u, v, factor = _forward(weight, *self.vectors, iterates=self.iterates)
        self.vectors = u.stop_grad(), v.stop_grad()
        self.saved = weight, u, v, factor
        return result

    def grad(self, grad):
        scratch = Output([1 + num_chunks(grad.numel())])
        inputs, outputs = [*self.saved, grad], [Output(grad.shape)]
        return first_order_only(call("spectral", "spectral_normalize_gradient", inputs, outputs, scratch=scratch))[0]


def _forward(weight: jt.Var, u: jt.Var, v: jt.Var, iterates: bool) -> List[jt.Var]:
    """Return weight / sigma, then u and v, then 1 / sigma [1], by this project's kernel.

    Args:
        iterates: Whether to improve u and v by one power iteration before.
    """
    (rows,), (columns,) = u.shape, v.shape
    pieces, strips = -(-columns // THREADS), -(-rows // STRIP)
    scratch = Output([2 + columns + rows + pieces + strips * columns])
    outputs = [Output(weight.shape), Output(u.shape), Output(v.shape), Output([1])]
    return call("spectral", "spectral_normalize", [weight, u, v], outputs, {"iterates": iterates}, scratch)
