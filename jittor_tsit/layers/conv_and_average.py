"""A convolution followed by the average of blocks of 2 x 2 pixels, computed as one convolution of stride 2.

Both are linear. The average of four shifted k x k windows is one window of k + 1 pixels a side. Its weight is the mean
of the four shifted weights. For k = 3 it takes 16 products for four pixels instead of 36.
"""

import jittor as jt
import numpy as np

from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.image_layouts import Image
from jittor_tsit.layers.matmul import matmul


def conv2d_and_average(x: Image, weight: jt.Var, bias: jt.Var) -> Image:
    """Return `average2x(conv2d(x, weight, bias, padding=k // 2))` in the layout of x.

    Shapes:
        x [N, C, 2H, 2W], weight [D, C, k, k] with an odd k, bias [D] -> [N, D, H, W]
    """
    d, c, k, _ = weight.shape
    sums = matmul(weight.reshape(d * c, k * k), jt.array(_means_of_shifts(k)))
    return conv2d(x, sums.reshape(d, c, k + 1, k + 1), bias, stride=2, padding=k // 2)


def _means_of_shifts(k: int) -> np.ndarray:
    """Return the share of each weight in each place of the larger window, [k * k, (k + 1) * (k + 1)] float32."""
    one_axis = (np.eye(k, k + 1) + np.eye(k, k + 1, 1)) / 2
    return np.kron(one_axis, one_axis).astype(np.float32)
