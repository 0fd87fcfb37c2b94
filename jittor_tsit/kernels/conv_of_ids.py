"""Convolution of a one-hot label map on the CPU, computed from its class ids. Code: csrc/conv_of_ids.h.

Of the products of a one-hot pixel with the weight all but one are 0. The convolution is therefore a sum of rows of the
weight, which the classes in the window select. Its gradient by the weight adds each pixel of the gradient by the result
to the rows that the pixel came from. `conv2d` of the one-hot map itself is the reference.
`label_image` of layers/image_layouts.py makes the ids.
"""

from __future__ import annotations

from typing import List, Sequence

import jittor as jt

from jittor_tsit.kernels.backend import context
from jittor_tsit.kernels.call import Output, call_on_cpu
from jittor_tsit.kernels.conv_geometry import Geometry


def convolve(ids: jt.Var, weight: jt.Var, bias: jt.Var, geometry: Geometry, slope: float) -> jt.Var:
    """Convolve the one-hot form of `ids` and apply leaky ReLU with this slope.

    Shapes:
        ids [N, H, W] uint8, weight [D, K, h, w], bias [D] -> [N, D / block, H', W', block]; a pixel whose id is not
        below K is 0 in all channels
    """
    size = geometry.output_size(ids.shape[1:], weight.shape[2:])
    shape = [ids.shape[0], -(-weight.shape[0] // context.block), *size, context.block]
    numbers = {"slope": slope, **geometry.numbers()}
    return call_on_cpu("conv_of_ids", "convolve", [ids, weight, bias], [Output(shape)], numbers)[0]


def gradients(
    ids: jt.Var, y: jt.Var, by_y: jt.Var, rounded: jt.Var, shape: Sequence[int], geometry: Geometry, slope: float
) -> List[jt.Var]:
    """Return the gradients by a weight of this shape and by the bias.

    Args:
        y: The result of `convolve`.
        by_y: The gradient by y, used for the bias.
        rounded: The gradient by y in the precision of convolutions, used for the weight.
    """
    inputs, outputs = [ids, y, by_y, rounded], [Output(shape), Output(shape[:1])]
    return call_on_cpu("conv_of_ids", "convolve_gradients", inputs, outputs, {"slope": slope, **geometry.numbers()})
