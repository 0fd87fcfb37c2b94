"""Noise that is added to features: one value for each pixel."""

import jittor as jt
from jittor import nn

from jittor_tsit.layers.image_layouts import Image, to_layout_of, to_nchw
from jittor_tsit.layers.resize import resize_nearest


class PixelNoise(nn.Module):
    """Add noise to features. Each channel multiplies it by a learned strength, which is 0 at the beginning.

    Shapes:
        x [N, channels, H, W], noise [N, 1, H', W'] of any size, resized to H x W by nearest neighbour
        -> [N, channels, H, W], in the layout of x

    Source: StyleGAN (Karras et al., CVPR 2019). Differs: one image of noise is resized to
        each size of the features.
    """

    def __init__(self, channels: int):
        self.strength = jt.zeros(1, channels, 1, 1)

    def execute(self, x: Image, noise: jt.Var) -> Image:
        shape = x.shape
        noise = to_nchw(resize_nearest(noise, *shape[2:])).broadcast(shape) * self.strength.broadcast(shape)
        return x + to_layout_of(noise, x)
