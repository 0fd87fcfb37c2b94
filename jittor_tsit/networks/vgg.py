"""VGG-16 and VGG-19 features for the perceptual loss (Simonyan & Zisserman, ICLR 2015)."""

from pathlib import Path
from typing import Dict, List, Mapping, Tuple

import jittor as jt
import numpy as np
from jittor import nn

from data_tools.basics.errors import InputError
from jittor_tsit.conversion.weight_files import read_weights
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.norm import instance_norm
from jittor_tsit.runtime.jittor_hub import find_default_weights
from jittor_tsit.runtime.published_files import require_published

# The N of torchvision's `features.N` for each convolution, stage by stage
STAGES = {
    "vgg16": ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)),
    "vgg19": ((0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28, 30, 32, 34)),
}
WIDTHS = (64, 128, 256, 512, 512)  # channels of the stages
CAFFE_MEAN = 103.939, 116.779, 123.680  # ImageNet's mean of blue, green and red, in the range 0 to 255
LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")  # outputs of `VGGFeatures`


class VGGFeatures(nn.Module):
    """Activations relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1 of a frozen VGG network.

    Args:
        arch: "vgg16" or "vgg19".
        weights: torchvision's arrays, `features.N.weight` [out, in, 3, 3] and `features.N.bias` [out].
        tap_last: Return the last activation of each stage (relu1_2, relu2_2, …) instead of the first.
        pools_last: Whether there is pooling in front of the last stage, as there is in front of the others.

    Shapes:
        image [N, 3, H, W] in [-1, 1] -> five maps [N, C_k, H / 2^k, W / 2^k]

    Raises:
        KeyError: A needed array is missing.

    Source: SPADE and TSIT use images in [-1, 1] directly, without ImageNet's mean and deviation.
    """

    def __init__(self, arch: str, weights: Mapping[str, np.ndarray], tap_last: bool = False, pools_last: bool = True):
        stages, self.pools_last = STAGES[arch], pools_last
        self.taps = [len(stage) - 1 if tap_last else 0 for stage in stages]
        self.stages = [len(stage) for stage in stages[:-1]] + [self.taps[-1] + 1]  # nothing is needed beyond the last
        indices = [index for stage, count in zip(stages, self.stages) for index in stage[:count]]
        self.convs = nn.ModuleList(
            [_FrozenConv(weights[f"features.{i}.weight"], weights[f"features.{i}.bias"]) for i in indices]
        )

    def execute(self, image) -> List[jt.Var]:
        feats, x, convs = [], image, iter(self.convs)
        for stage, count in enumerate(self.stages):
            if stage and (stage < len(self.stages) - 1 or self.pools_last):
                x = nn.pool(x, 2, "maximum", stride=2)
            for k in range(count):
                x = nn.relu(next(convs)(x))
                if k == self.taps[stage]:
                    feats.append(x)
        return feats


class _FrozenConv(nn.Module):
    """3 x 3 convolution with padding 1 whose weights are not trained; gradients flow to its input."""

    def __init__(self, weight: np.ndarray, bias: np.ndarray):
        self.weight = jt.array(np.asarray(weight, np.float32)).stop_grad()
        self.bias = jt.array(np.asarray(bias, np.float32)).stop_grad()

    def execute(self, x):
        return conv2d(x, self.weight, self.bias, 1, 1)


def published_shapes(arch: str) -> Dict[str, Tuple[int, ...]]:
    """Return torchvision's name -> shape for the weight and bias of each convolution of "vgg16" or "vgg19"."""
    shapes: Dict[str, Tuple[int, ...]] = {}
    channels = 3
    for width, stage in zip(WIDTHS, STAGES[arch]):
        for index in stage:
            shapes[f"features.{index}.weight"] = (width, channels, 3, 3)
            shapes[f"features.{index}.bias"] = (width,)
            channels = width
    return shapes


class ContentFeatures(nn.Module):
    """Instance-normalised activation relu5_3 of a frozen VGG-16 from Caffe.

    There is no pooling in front of the fifth stage.

    Args:
        path: Caffe's weights in torchvision's layout. torchvision's own weights need another scale of images.

    Shapes:
        image [N, C, H, W] in [-1, 1], C is 3, or 1 for grey
        -> [N, 512, H / 8, W / 8], each channel with mean 0 and variance 1

    Raises:
        InputError: The file cannot be read or does not hold this network.

    Source: MUNIT, and UNIT's later code (branch master): utils.py and trainer.py.
    """

    def __init__(self, path: Path):
        require_published(path, "vgg16-caffe")
        self.vgg = load_vgg("vgg16", path, tap_last=True, pools_last=False)

    def execute(self, image):
        if image.shape[1] == 1:
            image = jt.concat([image] * 3, 1)
        mean = jt.array(np.float32(CAFFE_MEAN).reshape(1, 3, 1, 1))
        return instance_norm(self.vgg((image[:, ::-1] + 1) * 127.5 - mean)[-1])


def load_vgg(arch: str, path: Path, tap_last: bool = False, pools_last: bool = True) -> VGGFeatures:
    """Load a VGG network from a file in torchvision's layout (.pth, .npz, .safetensors or Jittor .pkl).

    Args:
        arch: "vgg16" or "vgg19".
        tap_last, pools_last: As in `VGGFeatures`.

    Raises:
        InputError: The file cannot be read or does not hold this network.
    """
    weights = read_weights(require_published(path, arch))
    not_ours = f"{path}: not {arch} weights in torchvision's layout"
    try:
        network = VGGFeatures(arch, weights, tap_last, pools_last)
    except KeyError as missing:
        raise InputError(f"{not_ours}: no array {missing}") from None
    channels = 3
    for number, conv in enumerate(network.convs):
        width = conv.weight.shape[0]
        shapes = tuple(conv.weight.shape), tuple(conv.bias.shape)
        if shapes != ((width, channels, 3, 3), (width,)):
            raise InputError(f"{not_ours}: convolution {number} gets {channels} channels and has shapes {shapes}")
        channels = width
    return network


def find_vgg(arch: str, path: str) -> VGGFeatures:
    """Load a VGG network from a file.

    Args:
        arch: "vgg16" or "vgg19".
        path: If it is empty, the file that `fetch` saved in the folder `judges` is read, else that of Jittor's hub.

    Raises:
        InputError: The file cannot be read or does not hold this network; or the hub's file cannot be downloaded (the
            message names two ways to get the weights, and how to train without them).
    """
    return load_vgg(arch, Path(path) if path else find_default_weights(arch))
