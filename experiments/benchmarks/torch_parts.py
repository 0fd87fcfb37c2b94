"""TSIT and SPADE in plain PyTorch, for comparison: the parts that both systems use.

Modules and parameters have the same names as in `jittor_tsit`, so `load_arrays` can assign weights by name. Written
from the papers and from our own modules, which name their sources.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import spectral_norm

ENCODER_SIDE = 256  # pixels; the encoder first resizes images to this side
MAX_CHANNELS = 512  # of the discriminator, whose channels double up to this number
VGG19 = ((0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28,))  # torchvision's `features.N`, up to relu5_1
VGG_WIDTHS = (64, 128, 256, 512, 512)  # of the stages


def leaky_relu(x: Tensor) -> Tensor:
    """Leaky ReLU of slope 0.2. It overwrites `x`, which no caller uses afterwards."""
    return F.leaky_relu(x, 0.2, inplace=True)


def spectral_conv(in_channels: int, out_channels: int, kernel_size: int, **options) -> nn.Conv2d:
    """A convolution with PyTorch's spectral norm and its default of one power iteration a pass in training mode."""
    return spectral_norm(nn.Conv2d(in_channels, out_channels, kernel_size, **options))


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm without learned affine."""
    return nn.BatchNorm2d(channels, affine=False)


def upsample2x(x: Tensor) -> Tensor:
    """Upsample by nearest neighbour. [N, C, H, W] -> [N, C, 2H, 2W]"""
    return F.interpolate(x, scale_factor=2, mode="nearest")


class LatentStart(nn.Module):
    """Generator's first tensor from a latent code. z [N, z_dim] -> [N, channels, height, width]"""

    def __init__(self, z_dim: int, channels: int, height: int, width: int):
        super().__init__()
        self.shape = (channels, height, width)
        self.linear = nn.Linear(z_dim, channels * height * width)

    def forward(self, z):
        return self.linear(z).reshape(z.shape[0], *self.shape)


class MapStart(nn.Module):
    """Generator's first tensor from a resized label map. [N, in_channels, H, W] -> [N, channels, height, width]"""

    def __init__(self, in_channels: int, channels: int, height: int, width: int):
        super().__init__()
        self.size = (height, width)
        self.conv = nn.Conv2d(in_channels, channels, 3, padding=1)

    def forward(self, segmap):
        return self.conv(F.interpolate(segmap, size=self.size, mode="nearest"))


class ModulatedBlock(nn.Module):
    """Residual block whose normalisations are modulated by a second input, the guide.

    Args:
        modulation: `modulation(channels)` creates a normalisation, which is called with x and the guide.

    Shapes:
        x [N, in_channels, H, W], guide: as the normalisations accept it -> [N, out_channels, H, W]
    """

    def __init__(self, in_channels: int, middle_channels: int, out_channels: int, modulation):
        super().__init__()
        self.norm0 = modulation(in_channels)
        self.conv0 = spectral_conv(in_channels, middle_channels, 3, padding=1)
        self.norm1 = modulation(middle_channels)
        self.conv1 = spectral_conv(middle_channels, out_channels, 3, padding=1)
        self.norm_skip = self.conv_skip = None
        if in_channels != out_channels:
            self.norm_skip = modulation(in_channels)
            self.conv_skip = spectral_conv(in_channels, out_channels, 1, bias=False)

    def forward(self, x, guide):
        skip = x if self.conv_skip is None else self.conv_skip(self.norm_skip(x, guide))
        x = self.conv0(leaky_relu(self.norm0(x, guide)))
        x = self.conv1(leaky_relu(self.norm1(x, guide)))
        return skip + x


class ConvEncoder(nn.Module):
    """Mean and log-variance of the latent code of an image.

    Shapes:
        image [N, 3, H, W] in [-1, 1] -> mu [N, z_dim], logvar [N, z_dim]
    """

    def __init__(self, width: int, z_dim: int):
        super().__init__()
        channels = [3] + [width * factor for factor in (1, 2, 4, 8, 8, 8)]
        self.convs = nn.ModuleList(
            [spectral_conv(a, b, 3, stride=2, padding=1, bias=False) for a, b in zip(channels, channels[1:])]
        )
        features = channels[-1] * (ENCODER_SIDE // 2 ** len(self.convs)) ** 2
        self.linear_mu = nn.Linear(features, z_dim)
        self.linear_logvar = nn.Linear(features, z_dim)

    def forward(self, image) -> Tuple[Tensor, Tensor]:
        x = F.interpolate(image, size=(ENCODER_SIDE, ENCODER_SIDE), mode="bilinear", align_corners=False)
        for conv in self.convs:
            x = leaky_relu(F.instance_norm(conv(x)))
        x = x.reshape(x.shape[0], -1)
        return self.linear_mu(x), self.linear_logvar(x)


class Judgement(NamedTuple):
    """D's output for a batch, with one entry for each scale, full size first."""

    logits: List[Tensor]  # [N, 1, h, w]
    feats: List[List[Tensor]]  # activations of the hidden layers, shallow to deep


class PatchDiscriminator(nn.Module):
    """Strided convolutions that judge overlapping patches. x [N, in_channels, H, W] -> logits [N, 1, h, w], feats"""

    def __init__(self, in_channels: int, width: int, num_layers: int):
        super().__init__()
        channels = [min(width * 2**k, MAX_CHANNELS) for k in range(num_layers)]
        strides = [2] * (num_layers - 2) + [1]  # the last hidden layer keeps its input's size
        self.conv_first = nn.Conv2d(in_channels, width, 4, stride=2, padding=2)
        self.convs = nn.ModuleList(
            [
                spectral_conv(a, b, 4, stride=stride, padding=2, bias=False)
                for a, b, stride in zip(channels, channels[1:], strides)
            ]
        )
        self.conv_logits = nn.Conv2d(channels[-1], 1, 4, padding=2)

    def forward(self, x):
        feats = [leaky_relu(self.conv_first(x))]
        for conv in self.convs:
            feats.append(leaky_relu(F.instance_norm(conv(feats[-1]))))
        return self.conv_logits(feats[-1]), feats


class MultiscaleDiscriminator(nn.Module):
    """Independent patch discriminators on an image pyramid. x [N, in_channels, H, W] -> Judgement"""

    def __init__(self, in_channels: int, width: int, num_layers: int, num_scales: int):
        super().__init__()
        self.scales = nn.ModuleList([PatchDiscriminator(in_channels, width, num_layers) for _ in range(num_scales)])

    def forward(self, x) -> Judgement:
        logits, feats = [], []
        for k, scale in enumerate(self.scales):
            x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False) if k else x
            scale_logits, scale_feats = scale(x)
            logits.append(scale_logits)
            feats.append(scale_feats)
        return Judgement(logits, feats)


class VGGFeatures(nn.Module):
    """relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1 of a frozen VGG-19; its names are torchvision's.

    Shapes:
        image [N, 3, H, W] in [-1, 1] -> five maps [N, C_k, H / 2^k, W / 2^k]
    """

    def __init__(self):
        super().__init__()
        self.features, channels = nn.ModuleDict(), 3
        for width, stage in zip(VGG_WIDTHS, VGG19):
            for index in stage:
                self.features[str(index)] = nn.Conv2d(channels, width, 3, padding=1)
                channels = width
        self.requires_grad_(False)

    def forward(self, image) -> List[Tensor]:
        feats, x = [], image
        for number, stage in enumerate(VGG19):
            x = F.max_pool2d(x, 2) if number else x
            for index in stage:
                x = F.relu(self.features[str(index)](x), inplace=True)
                if index == stage[0]:
                    feats.append(x)
        return feats


def load_arrays(module: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Set a twin's weights from arrays that have the names of `jittor_tsit`'s modules.

    Raises:
        ValueError: The arrays' names or shapes are not those of the module.
    """
    state = module.state_dict()
    found = {_torch_name(name, arrays): torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    wanted = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    differing = {name for name in {**found, **wanted} if _shape(found, name) != _shape(wanted, name)}
    if differing:
        raise ValueError(f"{type(module).__name__}: other names or shapes than the arrays': {sorted(differing)}")
    module.load_state_dict({**state, **found})


def _torch_name(name: str, names: Mapping[str, np.ndarray]) -> str:
    """Our name -> PyTorch's. PyTorch's spectral norm has other names for the weight and its singular vectors."""
    stem, _, leaf = name.rpartition(".")
    if f"{stem}.u" not in names or leaf == "bias":
        return name
    return f"{stem}.weight_{'orig' if leaf == 'weight' else leaf}"


def _shape(tensors: Dict[str, Tensor], name: str):
    return tuple(tensors[name].shape) if name in tensors else None
