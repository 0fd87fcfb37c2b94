"""Convolution of a label map and an image that are concatenated along the channels."""

from typing import Optional

import jittor as jt

from jittor_tsit.layers.basic import Conv
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.image_layouts import Image, OneHot, activate, to_blocked, to_fast_layout, to_nchw


class PairConv(Conv):
    """Convolution of x, or of segmap and x concatenated along the channels: D's first layer in a conditional GAN.

    The channels of segmap come first. A one-hot label map (`OneHot`) and x are convolved separately and added, which
    takes less time and memory than the concatenated image.

    Shapes:
        x [N, in_channels, H, W], or segmap [N, K, H, W] and x [N, in_channels - K, H, W] -> [N, out_channels, H', W']
    """

    def execute(self, x: Image, slope: float = 1.0, segmap: Optional[Image] = None) -> Image:
        """Return the convolution of x or concat([segmap, x], 1), then leaky ReLU, in the fastest layout."""
        segmap = to_fast_layout(segmap) if isinstance(segmap, OneHot) else segmap
        if isinstance(segmap, OneHot):  # the sum over the channels in two parts: of the class ids, of the image
            num_classes = segmap.shape[1]
            of_map = conv2d(segmap, self.weight[:, :num_classes], self.bias, self.stride, self.padding)
            of_image = conv2d(to_blocked(x), self.weight[:, num_classes:], None, self.stride, self.padding)
            return activate(of_map + of_image, slope)
        x = x if segmap is None else jt.concat([to_nchw(segmap), x], 1)
        return to_fast_layout(super().execute(to_fast_layout(x), slope))
