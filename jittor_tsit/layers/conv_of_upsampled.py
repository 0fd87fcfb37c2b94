"""A 3 x 3 convolution of an upsampled image, computed at the size before upsampling.

Nearest-neighbour upsampling by 2 turns each pixel into a square of four equal pixels. The 3 x 3 window around one of
the four covers only four different pixels, two rows and two columns of the small image. One row and one column of the
window repeat another. The repeated pixels have equal values, so their weights can be added first. Each of the four
positions in the square therefore gets a 3 x 3 weight of its own for the small image, whose entries are sums of entries
of the given weight (or 0). One convolution of the small image with 4 D outputs computes the D channels of all four
positions. The results are then interleaved to the large image. The upsampled image is never made. Where the result has
3 channels, one vector of 16 numbers holds all four pixels instead of one.
"""

import jittor as jt
import numpy as np

from jittor_tsit.layers.basic import Conv
from jittor_tsit.layers.conv import conv2d_to_nchw
from jittor_tsit.layers.image_layouts import Image, activate
from jittor_tsit.layers.matmul import matmul

# [first or second pixel, row of the image before upsampling from -1 to 1, row of the window]: rows -1, 0 and 1 of the
# window lie on rows -1, 0 and 0 for the first pixel and on rows 0, 0 and 1 for the second.
_ROWS = np.array([[[1, 0, 0], [0, 1, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 0], [0, 0, 1]]], np.float32)
_SUMS = np.einsum("pia,qjb->abpqij", _ROWS, _ROWS).reshape(9, 36)


class UpsampleConv(Conv):
    """Nearest-neighbour upsampling by 2, then a 3 x 3 convolution with padding 1: the last layers of a generator.

    Shapes:
        x [N, in_channels, H, W] in any layout -> [N, out_channels, 2 H, 2 W]
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(in_channels, out_channels, 3, padding=1)

    def execute(self, x: Image, slope: float = 1.0) -> jt.Var:
        return activate(conv2d_of_upsampled(x, self.weight, self.bias), slope)


def conv2d_of_upsampled(x: Image, weight: jt.Var, bias: jt.Var) -> jt.Var:
    """Return `conv2d(upsample2x(x), weight, bias, padding=1)`.

    Shapes:
        x [N, C, H, W], weight [D, C, 3, 3], bias [D] -> [N, D, 2H, 2W]
    """
    (n, _, h, w), (d, c, _, _) = x.shape, weight.shape
    sums = matmul(weight.reshape(d * c, 9), jt.array(_SUMS).cast(weight.dtype))  # [D * C, 4 * 9]
    weights = sums.reshape(d, c, 4, 3, 3).permute(0, 2, 1, 3, 4).reshape(4 * d, c, 3, 3)
    biases = bias.broadcast([d, 4], [1]).reshape(4 * d)
    y = conv2d_to_nchw(x, weights, biases, padding=1)  # [N, 4D, H, W]
    return y.reshape(n, d, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3).reshape(n, d, 2 * h, 2 * w)
