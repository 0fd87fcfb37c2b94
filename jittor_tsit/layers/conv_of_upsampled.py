"""A 3 x 3 convolution of a doubled image, at the size before.

Of the four pixels that one becomes each sees two rows and two columns of the image before, one of them twice. So each
has a weight of its own, sums of the given one's, and the four results are put side by side. The doubled image is not
made, and where the result has 3 channels, a vector of 16 takes all four pixels' instead of one's.
"""

import jittor as jt
import numpy as np

from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.image_layouts import Image, plain
from jittor_tsit.layers.matmul import matmul

# [pixel of two, row of the image before from -1 to 1, row of the window]: the window's rows -1, 0, 1 of the first pixel
# lie on -1, 0, 0, of the second on 0, 0, 1.
_ROWS = np.float32([[[1, 0, 0], [0, 1, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 0], [0, 0, 1]]])
_SUMS = np.einsum("pia,qjb->abpqij", _ROWS, _ROWS).reshape(9, 36)


def conv2d_of_doubled(x: Image, weight: jt.Var, bias: jt.Var) -> jt.Var:
    """`conv2d(upsample2x(x), weight, bias, padding=1)`.

    Shapes:
        x [N, C, H, W], weight [D, C, 3, 3], bias [D] -> [N, D, 2H, 2W]
    """
    (n, _, h, w), (d, c, _, _) = x.shape, weight.shape
    sums = matmul(weight.reshape(d * c, 9), jt.array(_SUMS).cast(weight.dtype))  # [D * C, 4 * 9]
    weights = sums.reshape(d, c, 4, 3, 3).permute(0, 2, 1, 3, 4).reshape(4 * d, c, 3, 3)
    biases = bias.broadcast([d, 4], [1]).reshape(4 * d)
    y = plain(conv2d(x, weights, biases, padding=1))  # [N, 4D, H, W]
    return y.reshape(n, d, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3).reshape(n, d, 2 * h, 2 * w)
