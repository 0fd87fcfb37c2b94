"""NIMA: predicts how people would rate a photo, from 1 to 10 (Talebi & Milanfar, IEEE TIP 2018).

Its weights are published as .h5 files of Keras (MobileNet) and .pth files of PyTorch (VGG-16).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, Dict, Mapping, Tuple, Union

import jittor as jt
import numpy as np
from jittor import nn

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import resize_photo
from jittor_tsit.conversion.renaming import require_arrays
from jittor_tsit.conversion.weight_files import read_weights
from jittor_tsit.layers.basic import to_imagenet
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.matmul import matmul
from jittor_tsit.layers.reductions import mean, total
from jittor_tsit.networks.vgg import VGGFeatures, published_shapes
from jittor_tsit.runtime.published_files import require_published

SIDE = 224  # pixels; side of the square images that both trunks were trained on
NUM_SCORES = 10
WIDTHS = (64, 128, 128, 256, 256, *[512] * 6, 1024, 1024)  # channels of MobileNet's blocks
HALVING_BLOCKS = (2, 4, 6, 12)  # blocks with stride 2, counted from 1
NORM_EPS = 1e-3  # epsilon of MobileNet's batch norms in Keras
VGG_FEATURES = 512 * 7 * 7  # channels, rows and columns after VGG-16's last pool

_NORM_PARTS = ("gamma", "beta", "moving_mean", "moving_variance")

MOBILENET_NAMES = (
    "conv1/kernel [3, 3, 3, 32]; for each block k from 1 to 13 conv_dw_k/depthwise_kernel [3, 3, in, 1] and "
    "conv_pw_k/kernel [1, 1, in, out]; behind each of these its batch norm's conv1_bn/, conv_dw_k_bn/ and "
    "conv_pw_k_bn/ gamma, beta, moving_mean and moving_variance; dense/kernel [1024, 10] and dense/bias [10]. Keras' "
    "own forms are known too: conv1/conv1/kernel:0, dense_1/bias"
)
VGG_NAMES = "features.N.weight and .bias (torchvision's), classifier.1.weight [10, 25088] and classifier.1.bias [10]"


class NIMA(nn.Module):
    """Frozen network from an image to the shares of the scores 1 to 10; the image gets gradients.

    Args:
        trunk: Network from images to features [N, C].
        weight, bias: Arrays of the linear layer on the features, [10, C] and [10].

    Shapes:
        image [N, 3, 224, 224] in [-1, 1] -> [N, 10]; each row sums to 1
    """

    def __init__(self, trunk: nn.Module, weight: np.ndarray, bias: np.ndarray):
        self.trunk = trunk
        self.weight, self.bias = _frozen(weight), _frozen(bias)

    def execute(self, image):
        return nn.softmax(matmul(self.trunk(image), self.weight, transpose_b=True) + self.bias, dim=1)

    def rate(self, photo: np.ndarray) -> float:
        """Return the mean score of a photo, 1 to 10.

        Shapes:
            photo [H, W, 3] uint8 of any size

        Source: the published evaluations also resize photos to a square, by nearest neighbour or bilinear. Differs:
            here by Pillow's bicubic, which averages.
        """
        square = resize_photo(photo, SIDE, SIDE).transpose(2, 0, 1)[None]
        with jt.no_grad():
            return float(mean_score(self(jt.array(square.astype(np.float32) / 127.5 - 1))).item())


def mean_score(shares: jt.Var) -> jt.Var:
    """Return the mean score, 1 to 10, from the shares of the scores. shares [N, 10] -> [N]"""
    return total(shares * _scores(), [1])


def _scores() -> jt.Var:
    return jt.array(np.arange(1, NUM_SCORES + 1, dtype=np.float32)).unsqueeze(0)


class MobileNet(nn.Module):
    """Frozen MobileNet without its classifier: the last activations, averaged over all pixels.

    Each batch norm is folded into the weight and bias of its convolution.

    Args:
        arrays: Keras' arrays by their names in Keras, which MOBILENET_NAMES lists. Their shapes give the widths.

    Shapes:
        image [N, 3, H, W] in [-1, 1], H and W multiples of 32 -> [N, C]

    Source: Howard et al., arXiv 1704.04861; Keras' applications/mobilenet.py, which pads only below and on the right at
        stride 2.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        units = [_Unit(arrays, "conv1", stride=2)]
        for k in range(1, len(WIDTHS) + 1):
            units.append(_Unit(arrays, f"conv_dw_{k}", stride=2 if k in HALVING_BLOCKS else 1))
            units.append(_Unit(arrays, f"conv_pw_{k}"))
        self.units = nn.Sequential(*units)

    def execute(self, image):
        return mean(self.units(image), [2, 3])


class _Unit(nn.Module):
    """Frozen convolution, then batch norm by running statistics, then ReLU6 (values limited to 0..6).

    Args:
        arrays: All arrays of MobileNet, as in `MobileNet`.
        name: Name of the convolution, such as "conv_dw_3"; its batch norm is `<name>_bn`.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], name: str, stride: int = 1):
        is_depthwise = f"{name}/depthwise_kernel" in arrays
        kernel = np.asarray(arrays[f"{name}/depthwise_kernel" if is_depthwise else f"{name}/kernel"], np.float64)
        kernel = kernel.transpose((2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1))  # [out, in, k, k]
        gamma, beta, mean, variance = (np.float64(arrays[f"{name}_bn/{part}"]) for part in _NORM_PARTS)
        scale = gamma / np.sqrt(variance + NORM_EPS)
        self.weight, self.bias = _frozen(kernel * scale[:, None, None, None]), _frozen(beta - mean * scale)
        self.stride, self.groups = stride, len(kernel) if is_depthwise else 1

    def execute(self, x):
        # With padding 2 and stride 2 the result has one row and one column more than in Keras, at the top and the left.
        padding = 2 if self.stride == 2 else self.weight.shape[2] // 2
        x = conv2d(x, self.weight, self.bias, self.stride, padding, groups=self.groups)
        if self.stride == 2:
            x = x[:, :, 1:, 1:]
        return nn.relu6(x)


class VGGStack(nn.Module):
    """Frozen VGG-16 without its linear layers: the activations after the last pool, flattened.

    Args:
        arrays: torchvision's `features.N.weight` and `features.N.bias`.

    Shapes:
        image [N, 3, H, W] in [-1, 1] -> [N, C H / 32 W / 32]
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self.features = VGGFeatures("vgg16", arrays, tap_last=True)

    def execute(self, image):
        relu5_3 = self.features(to_imagenet(image))[-1]
        return nn.pool(relu5_3, 2, "maximum", stride=2).reshape(image.shape[0], -1)


def _frozen(values: np.ndarray) -> jt.Var:
    return jt.array(np.ascontiguousarray(values, np.float32)).stop_grad()


def load_nima(path: Union[str, Path]) -> NIMA:
    """Load NIMA from a file of its published arrays. Their names, MOBILENET_NAMES or VGG_NAMES, determine the trunk.

    Raises:
        InputError: The file cannot be read or holds neither. The message names each missing and mis-shaped array.

    Source of the names: titu1994/neural-image-assessment and idealo/image-quality-assessment (MobileNet);
        yunxiaoshi/Neural-IMage-Assessment (VGG-16: one linear layer on the convolutions, in place of VGG's three).
    """
    arrays = read_weights(require_published(Path(path), "nima"))
    if "features.0.weight" in arrays:
        shapes = {**published_shapes("vgg16"), "classifier.1.weight": (10, VGG_FEATURES), "classifier.1.bias": (10,)}
        require_arrays(arrays, shapes, f"{path}: not the weights of NIMA on VGG-16")
        return NIMA(VGGStack(arrays), arrays["classifier.1.weight"], arrays["classifier.1.bias"])
    arrays = _keras_names(arrays, path)
    if "conv1/kernel" not in arrays:
        raise InputError(f"{path}: no NIMA weights. For MobileNet: {MOBILENET_NAMES}. For VGG-16: {VGG_NAMES}")
    require_arrays(arrays, mobilenet_shapes(), f"{path}: not the weights of NIMA on MobileNet")
    return NIMA(MobileNet(arrays), arrays["dense/kernel"].T, arrays["dense/bias"])


def mobilenet_shapes(scale: Callable[[int], int] = lambda width: width) -> Dict[str, Tuple[int, ...]]:
    """Return the shapes of the arrays of NIMA on MobileNet by name.

    Args:
        scale: Function from a published width to the width to use.
    """
    shapes: Dict[str, Tuple[int, ...]] = {}

    def add(name: str, kernel: str, shape: Tuple[int, ...], width: int) -> None:
        shapes[f"{name}/{kernel}"] = shape
        shapes.update({f"{name}_bn/{part}": (width,) for part in _NORM_PARTS})

    channels = scale(32)
    add("conv1", "kernel", (3, 3, 3, channels), channels)
    for k, width in enumerate(map(scale, WIDTHS), 1):
        add(f"conv_dw_{k}", "depthwise_kernel", (3, 3, channels, 1), channels)
        add(f"conv_pw_{k}", "kernel", (1, 1, channels, width), width)
        channels = width
    return {**shapes, "dense/kernel": (channels, NUM_SCORES), "dense/bias": (NUM_SCORES,)}


def _keras_names(arrays: Mapping[str, np.ndarray], path: Union[str, Path]) -> Dict[str, np.ndarray]:
    """Shorten Keras' names: "conv1/conv1/kernel:0" to "conv1/kernel", "dense_1/bias" to "dense/bias"."""
    names: Dict[str, str] = {}
    for name in arrays:
        if name.startswith("optimizer_weights/"):  # in a file of a whole model
            continue
        short = re.sub(r"^dense_\d+/", "dense/", "/".join(re.sub(r":0$", "", name).split("/")[-2:]))
        if short in names:
            raise InputError(f"{path}: holds {names[short]} and {name}, which both mean {short}; keep one of them")
        names[short] = name
    return {short: arrays[name] for short, name in names.items()}
