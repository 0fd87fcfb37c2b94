"""Average pooling over windows of 3 x 3 pixels at stride 2 and padding 1, and its gradient (not averaged weights).

`reference_avg_pool_down` of layers/resize.py is the reference in Jittor's operators. It averages along one axis after
the other, and its intermediate image has three times the size of the input.
"""

from __future__ import annotations

import jittor as jt

from jittor_tsit.kernels.call import Output, call


def average_down(x: jt.Var) -> jt.Var:
    """Average over windows of 3 x 3 pixels; the padding does not count.

    Shapes:
        x [N, C, H, W] float32 -> [N, C, ceil(H / 2), ceil(W / 2)]
    """
    n, c, h, w = x.shape
    return call("average", "average_down", [x], [Output([n, c, (h + 1) // 2, (w + 1) // 2])])[0]


def average_down_gradient(by_y: jt.Var, height: int, width: int) -> jt.Var:
    """Return the gradient by an image of this height and width.

    Shapes:
        by_y [N, C, ceil(height / 2), ceil(width / 2)], the gradient by the averages -> [N, C, height, width]
    """
    return call("average", "average_down_gradient", [by_y], [Output([*by_y.shape[:2], height, width])])[0]
