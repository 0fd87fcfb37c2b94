"""Inception-v3 as the Fréchet Inception distance uses it (Szegedy et al., CVPR 2016; Heusel et al., NIPS 2017).

Source: pytorch-fid's port of TensorFlow's network of 2015-12-05; the names of its arrays are kept. Two things differ
    from torchvision's Inception-v3: average pools do not count the padding, and the last pool takes the maximum.
    Differs from pytorch-fid: each batch norm is folded into its convolution.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Mapping, Sequence, Tuple

import jittor as jt
import numpy as np
from jittor import nn

from data_tools.basics.errors import InputError
from jittor_tsit.conversion.renaming import from_official
from jittor_tsit.conversion.weight_files import read_weights
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.reductions import mean
from jittor_tsit.runtime.published_files import how_to_get, require_published

BLOCK_CHANNELS = (64, 192, 768, 2048)  # channels of the four blocks
NORM_EPS = 1e-3  # epsilon of the batch norms, TensorFlow's default
CLASSIFIER_SHAPES = {"fc.weight": (1008, 2048), "fc.bias": (1008,)}  # in the published file; not used


class InceptionFeatures(nn.Module):
    """Frozen Inception-v3 whose features are the means over the image of the outputs of four blocks.

    Shapes:
        x [N, 3, 299, 299] in [-1, 1] -> [N, C] for each requested block; C = 64, 192, 768, 2048 for blocks 0 to 3
    """

    def __init__(self):
        first = [
            _Unit("Conv2d_1a_3x3", 3, 32, (3, 3), stride=2, is_padded=False),
            _Unit("Conv2d_2a_3x3", 32, 32, (3, 3), is_padded=False),
            _Unit("Conv2d_2b_3x3", 32, 64, (3, 3)),
            _max_pool_down,
        ]
        second = [
            _Unit("Conv2d_3b_1x1", 64, 80),
            _Unit("Conv2d_4a_3x3", 80, 192, (3, 3), is_padded=False),
            _max_pool_down,
        ]
        third = [
            _mixed_35("Mixed_5b", 192, pool_width=32),
            _mixed_35("Mixed_5c", 256, pool_width=64),
            _mixed_35("Mixed_5d", 288, pool_width=64),
            _mixed_35_to_17("Mixed_6a", 288),
            _mixed_17("Mixed_6b", width=128),
            _mixed_17("Mixed_6c", width=160),
            _mixed_17("Mixed_6d", width=160),
            _mixed_17("Mixed_6e", width=192),
        ]
        fourth = [
            _mixed_17_to_8("Mixed_7a", 768),
            _mixed_8("Mixed_7b", 1280, _avg_pool),
            _mixed_8("Mixed_7c", 2048, _max_pool),
        ]
        self.blocks = nn.ModuleList([nn.Sequential(*block) for block in (first, second, third, fourth)])

    def execute(self, x, blocks: Sequence[int] = (3,)) -> List[jt.Var]:
        """Return the features [N, C] of the blocks whose numbers are given, in the order of `blocks`."""
        pooled = []
        for block in self.blocks[: max(blocks) + 1]:
            x = block(x)
            pooled.append(mean(x, [2, 3]))
        return [pooled[number] for number in blocks]

    def units(self) -> List[_Unit]:
        """Return all units (convolution, batch norm, ReLU) of the network."""
        return [part for part in self.modules() if isinstance(part, _Unit)]

    def official_shapes(self) -> Dict[str, Tuple[int, ...]]:
        """Return the shapes of the published arrays by name."""
        return {name: shape for unit in self.units() for name, shape in unit.official_shapes().items()}

    def put_official(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Set all weights from the published arrays.

        Raises:
            ValueError: Arrays are missing, unknown or mis-shaped; the message lists each of them.
        """
        classifier = {name: shape for name, shape in CLASSIFIER_SHAPES.items() if name in arrays}
        arrays = from_official(arrays, {**self.official_shapes(), **classifier}, rules=[])
        for unit in self.units():
            unit.put_official(arrays)
        jt.sync_all()  # Jittor 1.3.11 cannot fuse a pending jt.array into a broadcast


class _Unit(nn.Module):
    """Frozen convolution, batch norm and ReLU. The batch norm is folded into weight and bias of the convolution.

    Args:
        name: Official name.
        is_padded: Whether stride 1 keeps the size.
    """

    def __init__(
        self, name: str, in_channels: int, out_channels: int, kernel=(1, 1), stride: int = 1, is_padded: bool = True
    ):
        self.name, self.stride = name, stride
        self.padding = (kernel[0] // 2, kernel[1] // 2) if is_padded else 0
        self.weight = jt.zeros((out_channels, in_channels, *kernel)).stop_grad()
        self.bias = jt.zeros(out_channels).stop_grad()

    def execute(self, x):
        return nn.relu(conv2d(x, self.weight, self.bias, self.stride, self.padding))

    def official_shapes(self) -> Dict[str, Tuple[int, ...]]:
        vectors = ("weight", "bias", "running_mean", "running_var")
        shapes = {f"{self.name}.bn.{vector}": tuple(self.bias.shape) for vector in vectors}
        return {f"{self.name}.conv.weight": tuple(self.weight.shape), **shapes}

    def put_official(self, arrays: Mapping[str, np.ndarray]) -> None:
        weight, gamma, beta, mean, var = (arrays[name].astype(np.float64) for name in self.official_shapes())
        scale = gamma / np.sqrt(var + NORM_EPS)
        self.weight.update(jt.array((weight * scale[:, None, None, None]).astype(np.float32)))
        self.bias.update(jt.array((beta - mean * scale).astype(np.float32)))


class _Fork(nn.Module):
    """Branches that all get the same input; their outputs are concatenated along the channels."""

    def __init__(self, *branches):
        self.branches = nn.ModuleList(list(branches))

    def execute(self, x):
        return jt.concat([branch(x) for branch in self.branches], 1)


def _chain(block: str, channels: int, *layers) -> nn.Sequential:
    """Return a sequence of units, each with the output of the one before as input.

    Args:
        block: Official name of the block, in front of the names of the units.
        channels: Channels of the input.
        layers: (name in the block, number of output channels, further arguments of `_Unit`) for each unit.
    """
    units = []
    for name, width, *options in layers:
        units.append(_Unit(f"{block}.{name}", channels, width, *options))
        channels = width
    return nn.Sequential(*units)


def _mixed_35(name: str, channels: int, pool_width: int) -> _Fork:
    """Return a block at 35 x 35 pixels. [N, channels, 35, 35] -> [N, 224 + pool_width, 35, 35]"""
    return _Fork(
        _chain(name, channels, ("branch1x1", 64)),
        _chain(name, channels, ("branch5x5_1", 48), ("branch5x5_2", 64, (5, 5))),
        _chain(name, channels, ("branch3x3dbl_1", 64), ("branch3x3dbl_2", 96, (3, 3)), ("branch3x3dbl_3", 96, (3, 3))),
        nn.Sequential(_avg_pool, _chain(name, channels, ("branch_pool", pool_width))),
    )


def _mixed_35_to_17(name: str, channels: int) -> _Fork:
    """Return the block that reduces 35 x 35 to 17 x 17. [N, channels, 35, 35] -> [N, channels + 480, 17, 17]"""
    down = ((3, 3), 2, False)
    return _Fork(
        _chain(name, channels, ("branch3x3", 384, *down)),
        _chain(name, channels, ("branch3x3dbl_1", 64), ("branch3x3dbl_2", 96, (3, 3)), ("branch3x3dbl_3", 96, *down)),
        nn.Sequential(_max_pool_down),
    )


def _mixed_17(name: str, width: int) -> _Fork:
    """Return a block at 17 x 17 pixels; `width` is the channels inside. [N, 768, 17, 17] -> [N, 768, 17, 17]"""
    row, column = (1, 7), (7, 1)
    return _Fork(
        _chain(name, 768, ("branch1x1", 192)),
        _chain(name, 768, ("branch7x7_1", width), ("branch7x7_2", width, row), ("branch7x7_3", 192, column)),
        _chain(
            name,
            768,
            ("branch7x7dbl_1", width),
            ("branch7x7dbl_2", width, column),
            ("branch7x7dbl_3", width, row),
            ("branch7x7dbl_4", width, column),
            ("branch7x7dbl_5", 192, row),
        ),
        nn.Sequential(_avg_pool, _chain(name, 768, ("branch_pool", 192))),
    )


def _mixed_17_to_8(name: str, channels: int) -> _Fork:
    """Return the block that reduces 17 x 17 to 8 x 8. [N, channels, 17, 17] -> [N, channels + 512, 8, 8]"""
    down = ((3, 3), 2, False)
    return _Fork(
        _chain(name, channels, ("branch3x3_1", 192), ("branch3x3_2", 320, *down)),
        _chain(
            name,
            channels,
            ("branch7x7x3_1", 192),
            ("branch7x7x3_2", 192, (1, 7)),
            ("branch7x7x3_3", 192, (7, 1)),
            ("branch7x7x3_4", 192, *down),
        ),
        nn.Sequential(_max_pool_down),
    )


def _mixed_8(name: str, channels: int, pool) -> _Fork:
    """Return a block at 8 x 8 pixels; `pool` is its pooling function. [N, channels, 8, 8] -> [N, 2048, 8, 8]"""
    return _Fork(
        _chain(name, channels, ("branch1x1", 320)),
        nn.Sequential(_chain(name, channels, ("branch3x3_1", 384)), _row_and_column(f"{name}.branch3x3_2")),
        nn.Sequential(
            _chain(name, channels, ("branch3x3dbl_1", 448), ("branch3x3dbl_2", 384, (3, 3))),
            _row_and_column(f"{name}.branch3x3dbl_3"),
        ),
        nn.Sequential(pool, _chain(name, channels, ("branch_pool", 192))),
    )


def _row_and_column(name: str) -> _Fork:
    return _Fork(_Unit(f"{name}a", 384, 384, (1, 3)), _Unit(f"{name}b", 384, 384, (3, 1)))


def _max_pool_down(x: jt.Var) -> jt.Var:
    return nn.Pool(3, stride=2, op="maximum")(x)


def _max_pool(x: jt.Var) -> jt.Var:
    return nn.Pool(3, stride=1, padding=1, op="maximum")(x)


def _avg_pool(x: jt.Var) -> jt.Var:
    """Average over 3 x 3 pixels at stride 1; the size stays. The padding does not count in the average.

    Jittor 1.3.11 leaves the padding out only with `ceil_mode`, which changes nothing else at stride 1.
    """
    return nn.Pool(3, stride=1, padding=1, op="mean", ceil_mode=True, count_include_pad=False)(x)


def load_inception(path: Path) -> InceptionFeatures:
    """Load the network from a file of the published arrays (.pth, .npz or .safetensors).

    Raises:
        InputError: The file cannot be read or does not hold this network. The message names each missing, unknown and
            mis-shaped array.
    """
    network = InceptionFeatures()
    try:
        network.put_official(read_weights(require_published(path, "inception")))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not the weights of pytorch-fid's Inception-v3: {error}") from None
    return network


def find_inception(path: str) -> InceptionFeatures:
    """Load the network from the file `path`.

    Raises:
        InputError: No file is named: says where to get it; or as `load_inception`.
    """
    if not path:
        raise InputError(f"no Inception weights are named, and FID needs pytorch-fid's; {how_to_get('inception')}")
    return load_inception(Path(path))
