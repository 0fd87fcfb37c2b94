"""Convolution of a label map and noise that are concatenated along the channels."""

import jittor as jt

from jittor_tsit.layers.conv import conv2d, conv2d_to_nchw
from jittor_tsit.layers.conv_of_pair import PairConv
from jittor_tsit.layers.image_layouts import Image, activate, to_fast_layout, to_layout_of
from jittor_tsit.layers.matmul import matmul
from jittor_tsit.layers.resize import resize_nearest


class NoisyConv(PairConv):
    """A 3 x 3 convolution of a label map and noise, concatenated in this order, with zero padding.

    Noise that is the same in all pixels of an image is not stored for each pixel: it is multiplied with the weight, and
    the product is convolved with an image of ones, one channel instead of `z_dim`.

    Args:
        segmap_channels: Channels of the label map.
        z_dim: Channels of the noise.

    Shapes:
        segmap [N, segmap_channels, H, W], z [N, z_dim, h, w] of any size, resized by nearest neighbour; h and w are 1
        for noise that is the same in all pixels -> [N, out_channels, H, W]
    """

    def __init__(self, segmap_channels: int, z_dim: int, out_channels: int):
        super().__init__(segmap_channels + z_dim, out_channels, 3, padding=1)

    def execute(self, segmap: Image, z: jt.Var, slope: float = 1.0) -> Image:
        """Return the convolution, then leaky ReLU with this slope, in the fastest layout."""
        height, width = segmap.shape[2:]
        if tuple(z.shape[2:]) != (1, 1):
            return super().execute(resize_nearest(z, height, width), slope, segmap)
        num_channels, count = segmap.shape[1], self.weight.shape[0]
        of_map = to_fast_layout(conv2d(to_fast_layout(segmap), self.weight[:, :num_channels], self.bias, padding=1))
        of_noise = conv2d_to_nchw(jt.ones(1, 1, height, width), self._kernels(z), padding=1)
        of_noise = of_noise.reshape(z.shape[0], count, height, width)
        return activate(of_map + to_layout_of(of_noise, of_map), slope)

    def _kernels(self, z: jt.Var) -> jt.Var:
        """Return the product of noise and weight for each image, [N * out_channels, 1, 3, 3]. z [N, z_dim, 1, 1]"""
        n, z_dim = z.shape[:2]
        weight = self.weight[:, -z_dim:].permute(1, 0, 2, 3).reshape(z_dim, -1)  # [z_dim, out_channels * 9]
        return matmul(z.reshape(n, z_dim), weight).reshape(n * self.weight.shape[0], 1, 3, 3)
