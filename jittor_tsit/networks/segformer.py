"""SegFormer: classifies each pixel of an image (Xie et al., NeurIPS 2021)."""

from pathlib import Path
from typing import Dict, List, Mapping, Optional, Tuple, Union

import jittor as jt
import numpy as np
from jittor import nn

from data_tools.basics.errors import InputError
from jittor_tsit.conversion.segformer_names import ENCODER, our_arrays, read_published, sizes_in
from jittor_tsit.layers.matmul import matmul
from jittor_tsit.layers.norm import AffineBatchNorm
from jittor_tsit.layers.reductions import total
from jittor_tsit.layers.resize import resize_bilinear
from jittor_tsit.layers.train_mode import set_training
from jittor_tsit.networks.mix_transformer import (
    ORIGINAL_EPS,
    SIZES,
    MixTransformer,
    PixelLinear,
    Sizes,
    drop_factors,
    pixel_linear,
)

DROPOUT = 0.1  # probability that training drops a channel of the head, the authors' value
DROP_PATH = 0.1  # probability that training drops a branch of the last block, the authors' value for all sizes


class SegFormer(nn.Module):
    """Segmenter from an image to the logits of the classes, at a quarter of the image's size.

    Training mode drops branches of the encoder and channels of the head at random; evaluation mode drops none.

    Args:
        size: A key of SIZES, or other sizes.
        drop_path, block_eps: As in `MixTransformer`.

    Shapes:
        image [N, 3, H, W] normalised with ImageNet's mean and deviation, draws [N, num_draws]
        -> [N, num_classes, H / 4, W / 4], rounded up

    Raises:
        ValueError: A side of the image is under 32 pixels.

    Source: the paper; NVlabs/SegFormer mmseg/models/decode_heads/segformer_head.py.
    """

    def __init__(
        self,
        num_classes: int,
        size: Union[str, Sizes] = "b0",
        drop_path: float = DROP_PATH,
        block_eps: float = ORIGINAL_EPS,
    ):
        sizes = SIZES[size] if isinstance(size, str) else size
        self.encoder = MixTransformer(sizes, drop_path, block_eps)
        self.head = AllMLPHead(sizes.widths, sizes.head_width, num_classes)
        self.num_draws, self.num_classes = self.encoder.num_draws + sizes.head_width, num_classes

    def execute(self, image, draws: Optional[jt.Var] = None):
        """Return the logits of an image.

        Args:
            draws: Draws from N(0, 1) that decide what training mode drops; by default Jittor's generator draws them.
        """
        if not self.is_training():
            return self.head(self.encoder(image))
        if draws is None:
            draws = jt.randn(image.shape[0], self.num_draws)
        feats = self.encoder(image, draws[:, : self.encoder.num_draws])
        return self.head(feats, draws[:, self.encoder.num_draws :])


class AllMLPHead(nn.Module):
    """Decode head that fuses the features of all stages pixel by pixel.

    Shapes:
        feats: [N, widths[k], H_k, W_k] for each stage k, draws [N, width] -> [N, num_classes, H_0, W_0]

    Source: SegFormer. Differs: fusing and resizing are linear, so the two linear layers of a stage are computed as one,
        before the map is enlarged. The values are equal up to rounding; b0 needs a sixth of the operations.
    """

    def __init__(self, widths: Tuple[int, ...], width: int, num_classes: int):
        self.linears = nn.ModuleList([PixelLinear(channels, width) for channels in widths])
        self.fuse = _Fuse(len(widths), width)
        self.norm = AffineBatchNorm(width)
        self.classifier = PixelLinear(width, num_classes)

    def execute(self, feats: List[jt.Var], draws: Optional[jt.Var] = None):
        fused = 0
        for feat, linear, part in zip(feats, self.linears, self.fuse.parts()):
            x = pixel_linear(feat, matmul(part, linear.weight), total(part * linear.bias, [1]))
            fused = fused + resize_bilinear(x, *feats[0].shape[2:])
        x = nn.relu(self.norm(fused))
        if draws is not None:
            x = x * drop_factors(draws, DROPOUT).unsqueeze(2).unsqueeze(3)
        return self.classifier(x)


class _Fuse(nn.Module):
    """Weight of the 1 x 1 convolution of the concatenated channels of all stages, with the deepest stage first."""

    def __init__(self, num_stages: int, width: int):
        self.weight = PixelLinear(num_stages * width, width).weight

    def parts(self) -> List[jt.Var]:
        """Return the weight's columns of each stage, the shallowest stage first: [width, width] each."""
        width = self.weight.shape[0]
        columns = range(self.weight.shape[1] - width, -1, -width)
        return [self.weight[:, first : first + width] for first in columns]


def upsample(logits: jt.Var, height: int, width: int) -> jt.Var:
    """Resize logits to the size of a label map. [N, K, h, w] -> [N, K, height, width]"""
    return resize_bilinear(logits, height, width)


def load_segformer(path: Union[str, Path]) -> SegFormer:
    """Load a SegFormer, in evaluation mode, from a published file or a checkpoint of `train`.

    Size and number of classes follow from the shapes of the arrays.

    Raises:
        InputError: The file cannot be read or holds no SegFormer. The message names each missing, unknown and
            mis-shaped array.
    """
    published = read_published(path)
    widths, depths, num_classes = sizes_in(published)
    names = [name for name, sizes in SIZES.items() if (sizes.widths, sizes.depths) == (widths, depths)]
    if not names:
        known = ", ".join(f"{name} {sizes.widths} {sizes.depths}" for name, sizes in SIZES.items())
        raise InputError(f"{path}: no known size has widths {widths} and blocks {depths}; the sizes are {known}")
    net = SegFormer(num_classes, names[0], block_eps=published.layout.block_eps)
    put_arrays(net, our_arrays(published, shapes_of(net)))
    set_training(net, False)
    return net


def load_encoder(net: SegFormer, path: Union[str, Path]) -> None:
    """Load the encoder of a published SegFormer, or of a published ImageNet classifier, into a network.

    Raises:
        InputError: The file cannot be read or holds no encoder of these sizes. The message names each missing, unknown
            and mis-shaped array.
    """
    shapes = {name: shape for name, shape in shapes_of(net).items() if name.startswith(ENCODER)}
    put_arrays(net, our_arrays(read_published(path), shapes))


def shapes_of(net: nn.Module) -> Dict[str, Tuple[int, ...]]:
    """Return name -> shape of every array of a network."""
    return {name: tuple(var.shape) for name, var in net.state_dict().items()}


def put_arrays(net: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Set the arrays of a network in place. Those whose names are not in `arrays` keep their values."""
    state = net.state_dict()
    for name, array in arrays.items():
        state[name].update(jt.array(array))
    jt.sync_all()  # Jittor 1.3.11 cannot fuse a pending jt.array into a broadcast
