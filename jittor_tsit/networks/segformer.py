"""SegFormer: which class each pixel of an image shows (Xie et al., NeurIPS 2021)."""

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
    keep,
    pixel_linear,
)

DROPOUT = 0.1  # share of the head's channels left out in training, the authors'
DROP_PATH = 0.1  # share of the last block's branches left out in training, the authors' for all sizes


class SegFormer(nn.Module):
    """Logits of the classes, at a quarter of the image's size.

    In training mode branches of the encoder and channels of the head are left out at random; in evaluation none.

    Args:
        size: One of SIZES by name, or sizes of one's own.
        block_eps: As MixTransformer's.

    Shapes:
        image [N, 3, H, W] with ImageNet's mean and deviation, draws [N, num_draws] -> [N, num_classes, ~H / 4, ~W / 4]

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
        """Draws are N(0, 1) and decide what training leaves out; by default they are Jittor's next ones."""
        if not self.is_training():
            return self.head(self.encoder(image))
        if draws is None:
            draws = jt.randn(image.shape[0], self.num_draws)
        feats = self.encoder(image, draws[:, : self.encoder.num_draws])
        return self.head(feats, draws[:, self.encoder.num_draws :])


class AllMLPHead(nn.Module):
    """Features of all stages, fused pixel by pixel.

    Shapes:
        feats: [N, widths[k], H_k, W_k] for each stage k, draws [N, width] -> [N, num_classes, H_0, W_0]

    Source: SegFormer. Differs: fusing is linear and so is resizing, so a stage's two linear layers are one, applied
        before its map is enlarged: the same values but for rounding, at b0 with a sixth of the arithmetic.
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
            x = x * keep(draws, DROPOUT).unsqueeze(2).unsqueeze(3)
        return self.classifier(x)


class _Fuse(nn.Module):
    """Weight of the 1 x 1 convolution over all stages' channels, the deepest stage first."""

    def __init__(self, num_stages: int, width: int):
        self.weight = PixelLinear(num_stages * width, width).weight

    def parts(self) -> List[jt.Var]:
        """[width, width] for each stage, the shallowest first."""
        width = self.weight.shape[0]
        columns = range(self.weight.shape[1] - width, -1, -width)
        return [self.weight[:, first : first + width] for first in columns]


def upsample(logits: jt.Var, height: int, width: int) -> jt.Var:
    """Logits at the label map's size: [N, K, h, w] -> [N, K, height, width]"""
    return resize_bilinear(logits, height, width)


def load_segformer(path: Union[str, Path]) -> SegFormer:
    """A published SegFormer or one of a checkpoint of train, in evaluation mode; the file tells its size and classes.

    Raises:
        InputError: The file cannot be read, or does not hold one; names every array that is at fault.
    """
    published = read_published(path)
    widths, depths, num_classes = sizes_in(published)
    names = [name for name, sizes in SIZES.items() if (sizes.widths, sizes.depths) == (widths, depths)]
    if not names:
        known = ", ".join(f"{name} {sizes.widths} {sizes.depths}" for name, sizes in SIZES.items())
        raise InputError(f"{path}: widths {widths} and blocks {depths} are of no size that is known: {known}")
    net = SegFormer(num_classes, names[0], block_eps=published.layout.block_eps)
    put_arrays(net, our_arrays(published, shapes_of(net)))
    set_training(net, False)
    return net


def load_encoder(net: SegFormer, path: Union[str, Path]) -> None:
    """Put the encoder of a published file (of a SegFormer, or of a classifier of ImageNet) into a network.

    Raises:
        InputError: The file cannot be read, or does not hold an encoder of these sizes; names every array at fault.
    """
    shapes = {name: shape for name, shape in shapes_of(net).items() if name.startswith(ENCODER)}
    put_arrays(net, our_arrays(read_published(path), shapes))


def shapes_of(net: nn.Module) -> Dict[str, Tuple[int, ...]]:
    """Names and shapes of a network's arrays."""
    return {name: tuple(var.shape) for name, var in net.state_dict().items()}


def put_arrays(net: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Give a network's arrays, or some of them, new values."""
    state = net.state_dict()
    for name, array in arrays.items():
        state[name].update(jt.array(array))
    jt.sync_all()  # Jittor 1.3.11 cannot fuse a pending jt.array into a broadcast
