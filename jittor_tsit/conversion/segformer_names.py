"""Rename the arrays of published SegFormer weights.

Layouts: transformers 4 and 5 (SegformerForSemanticSegmentation, SegformerForImageClassification), NVlabs/SegFormer, and
the encoder of upstream mmsegmentation. The decode head of mmsegmentation cannot be used here: before the fusion it has
a convolution with batch norm and ReLU, where all others have a linear layer.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.conversion.renaming import require_arrays
from jittor_tsit.conversion.weight_files import read_weights

ENCODER = "encoder."  # prefix of our names of the encoder's arrays
OTHER_PARTS = ("decode_head.", "auxiliary_head.", "classifier.", "head.")  # ignored when only the encoder is loaded


class Source(NamedTuple):
    """Where one of our arrays is in a published file: in the array `name`, the part number `part` along axis 0."""

    name: str
    part: int  # counted from 0
    num_parts: int

    def rows(self, array: np.ndarray) -> np.ndarray:
        """Return the rows of the published array (a part along axis 0) that are our array."""
        size = len(array) // self.num_parts
        return array[self.part * size : (self.part + 1) * size]


_TRANSFORMERS_HEAD = {
    "head.fuse": "decode_head.linear_fuse",
    "head.norm": "decode_head.batch_norm",
    "head.classifier": "decode_head.classifier",
}


class Layout(NamedTuple):
    """The names that one publisher gives to the arrays of a SegFormer."""

    title: str
    probe: str  # end of the name of an array that all files of this publisher have, and no others
    block_eps: float  # epsilon of the norms in the blocks and after the stages, in the publisher's code
    forms: Mapping[str, str]  # our layer -> published name; {i} and {n}: the stage from 0 and from 1; {j}: the block
    stacked: Mapping[str, Tuple[int, int]] = {}  # our layer -> (part, number of parts) in a stacked array
    ignored: Tuple[str, ...] = ()  # prefixes of arrays that the publisher's code does not use

    def source(self, ours: str, prefix: str) -> Source:
        """Return where the array that we call `ours` is. `prefix` precedes the published names of the encoder."""
        path, _, leaf = ours.rpartition(".")
        i, j, *_ = [*map(int, re.findall(r"\.(\d+)", path)), 0, 0]
        layer = re.sub(r"\.\d+", "", path).replace("encoder.stages.", "")
        form = self.forms[layer]
        name = (form if "{leaf}" in form else f"{form}.{{leaf}}").format(i=i, n=i + 1, j=j, leaf=leaf)
        return Source((prefix if ours.startswith(ENCODER) else "") + name, *self.stacked.get(layer, (0, 1)))


def _in_block(block: str, forms: Mapping[str, str]) -> Dict[str, str]:
    return {f"blocks.{layer}": block + form for layer, form in forms.items()}


TRANSFORMERS_4 = Layout(
    title="transformers 4",
    probe="encoder.patch_embeddings.0.proj.weight",
    block_eps=1e-5,
    forms={
        "embedding.conv": "encoder.patch_embeddings.{i}.proj",
        "embedding.norm": "encoder.patch_embeddings.{i}.layer_norm",
        **_in_block(
            "encoder.block.{i}.{j}.",
            {
                "norm0": "layer_norm_1",
                "attention.query": "attention.self.query",
                "attention.key": "attention.self.key",
                "attention.value": "attention.self.value",
                "attention.reduction.conv": "attention.self.sr",
                "attention.reduction.norm": "attention.self.layer_norm",
                "attention.out": "attention.output.dense",
                "norm1": "layer_norm_2",
                "mlp.linear0": "mlp.dense1",
                "mlp.depthwise": "mlp.dwconv.dwconv",
                "mlp.linear1": "mlp.dense2",
            },
        ),
        "norm": "encoder.layer_norm.{i}",
        "head.linears": "decode_head.linear_c.{i}.proj",
        **_TRANSFORMERS_HEAD,
    },
)

TRANSFORMERS_5 = Layout(
    title="transformers 5",
    probe="stages.0.patch_embeddings.proj.weight",
    block_eps=1e-5,
    forms={
        "embedding.conv": "stages.{i}.patch_embeddings.proj",
        "embedding.norm": "stages.{i}.patch_embeddings.layer_norm",
        **_in_block(
            "stages.{i}.blocks.{j}.",
            {
                "norm0": "layernorm_before",
                "attention.query": "attention.q_proj",
                "attention.key": "attention.k_proj",
                "attention.value": "attention.v_proj",
                "attention.reduction.conv": "attention.sequence_reduction.sequence_reduction",
                "attention.reduction.norm": "attention.sequence_reduction.layer_norm",
                "attention.out": "attention.o_proj",
                "norm1": "layernorm_after",
                "mlp.linear0": "mlp.fc1",
                "mlp.depthwise": "mlp.dwconv.dwconv",
                "mlp.linear1": "mlp.fc2",
            },
        ),
        "norm": "stages.{i}.layer_norm",
        "head.linears": "decode_head.linear_projections.{i}.proj",
        **_TRANSFORMERS_HEAD,
    },
)

NVLABS = Layout(
    title="NVlabs/SegFormer",
    probe="patch_embed1.proj.weight",
    block_eps=1e-6,
    forms={
        "embedding.conv": "patch_embed{n}.proj",
        "embedding.norm": "patch_embed{n}.norm",
        **_in_block(
            "block{n}.{j}.",
            {
                "norm0": "norm1",
                "attention.query": "attn.q",
                "attention.key": "attn.kv",
                "attention.value": "attn.kv",
                "attention.reduction.conv": "attn.sr",
                "attention.reduction.norm": "attn.norm",
                "attention.out": "attn.proj",
                "norm1": "norm2",
                "mlp.linear0": "mlp.fc1",
                "mlp.depthwise": "mlp.dwconv.dwconv",
                "mlp.linear1": "mlp.fc2",
            },
        ),
        "norm": "norm{n}",
        "head.linears": "decode_head.linear_c{n}.proj",
        "head.fuse": "decode_head.linear_fuse.conv",
        "head.norm": "decode_head.linear_fuse.bn",
        "head.classifier": "decode_head.linear_pred",
    },
    stacked={"blocks.attention.key": (0, 2), "blocks.attention.value": (1, 2)},
    ignored=("decode_head.conv_seg.",),  # from the base class of its head
)

MMSEGMENTATION = Layout(
    title="mmsegmentation",
    probe="layers.0.0.projection.weight",
    block_eps=1e-6,
    forms={
        "embedding.conv": "layers.{i}.0.projection",
        "embedding.norm": "layers.{i}.0.norm",
        **_in_block(
            "layers.{i}.1.{j}.",
            {
                "norm0": "norm1",
                "attention.query": "attn.attn.in_proj_{leaf}",
                "attention.key": "attn.attn.in_proj_{leaf}",
                "attention.value": "attn.attn.in_proj_{leaf}",
                "attention.reduction.conv": "attn.sr",
                "attention.reduction.norm": "attn.norm",
                "attention.out": "attn.attn.out_proj",
                "norm1": "norm2",
                "mlp.linear0": "ffn.layers.0",
                "mlp.depthwise": "ffn.layers.1",
                "mlp.linear1": "ffn.layers.4",
            },
        ),
        "norm": "layers.{i}.2",
    },
    stacked={"blocks.attention.query": (0, 3), "blocks.attention.key": (1, 3), "blocks.attention.value": (2, 3)},
)


def _our_form(layer: str) -> str:
    if layer.startswith("head."):
        return layer + (".{i}" if layer == "head.linears" else "")
    return "stages.{i}." + layer.replace("blocks.", "blocks.{j}.")


OWN_CHECKPOINT = Layout(
    title="a checkpoint of train",
    probe="stages.0.embedding.conv.weight",
    block_eps=1e-6,
    forms={layer: _our_form(layer) for layer in TRANSFORMERS_4.forms},
)

LAYOUTS = (TRANSFORMERS_4, TRANSFORMERS_5, NVLABS, MMSEGMENTATION, OWN_CHECKPOINT)


class Published(NamedTuple):
    """The arrays of a published file, and its layout."""

    path: Path
    arrays: Mapping[str, np.ndarray]
    layout: Layout
    prefix: str  # precedes the names of the encoder's arrays, such as "backbone."

    def source(self, ours: str) -> Source:
        """Return where to find the array that we call `ours`."""
        return self.layout.source(ours, self.prefix)

    def get(self, ours: str) -> Optional[np.ndarray]:
        """Return the published array that contains the array that we call `ours`, or None."""
        return self.arrays.get(self.source(ours).name)


def read_published(path: Union[str, Path]) -> Published:
    """Read a published file or a checkpoint of train, and recognise its layout by its names.

    Raises:
        InputError: It cannot be read, or has no known layout.
    """
    arrays = _network_of(read_weights(path))
    for layout in LAYOUTS:
        for name in arrays:
            if name == layout.probe or name.endswith(f".{layout.probe}"):
                return Published(Path(path), arrays, layout, name[: -len(layout.probe)])
    probes = ", ".join(f"{layout.probe} ({layout.title})" for layout in LAYOUTS)
    raise InputError(f"{path}: no SegFormer in a known layout: no array has a name that ends in one of {probes}")


def _network_of(arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Return G's arrays of a checkpoint (if possible averaged) without prefix, and arrays of other files unchanged."""
    for prefix in ("G_ema.", "G."):
        network = {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}
        if network:
            return network
    return arrays


def sizes_in(published: Published) -> Tuple[Tuple[int, ...], Tuple[int, ...], int]:
    """Return the widths and the numbers of blocks of the encoder's stages, and the number of classes.

    Raises:
        InputError: There is no decode head, or one that cannot be used here.
    """
    _require_head(published)
    widths, depths = [], []
    for k in range(4):
        norm = published.get(f"encoder.stages.{k}.norm.weight")
        widths.append(0 if norm is None else norm.size)
        blocks = range(len(published.arrays))
        depths.append(next(j for j in blocks if published.get(f"encoder.stages.{k}.blocks.{j}.norm0.weight") is None))
    return tuple(widths), tuple(depths), published.arrays[published.source("head.classifier.bias").name].size


def _require_head(published: Published) -> None:
    path, layout = published.path, published.layout
    if "head.classifier" not in layout.forms:
        raise InputError(
            f"{path}: {layout.title}'s decode head cannot be used: it has convolutions with batch norm and ReLU "
            "before the fusion instead of linear layers; use its encoder only (pretrained=FILE)"
        )
    if published.get("head.classifier.bias") is None:
        raise InputError(f"{path}: no array {published.source('head.classifier.bias').name}: holds no decode head")


def our_arrays(published: Published, shapes: Mapping[str, Tuple[int, ...]]) -> Dict[str, np.ndarray]:
    """Return our name -> float32 array.

    Args:
        shapes: Our name -> shape; the file must hold exactly these. For the encoder alone, OTHER_PARTS are ignored.

    Raises:
        InputError: Arrays are missing, unexpected or of another shape; or the decode head cannot be used here.
    """
    ignored = published.layout.ignored
    if all(name.startswith(ENCODER) for name in shapes):
        ignored += OTHER_PARTS
    else:
        _require_head(published)
    sources = {ours: published.source(ours) for ours in shapes}
    rows = {ours: shapes[ours][0] * source.num_parts for ours, source in sources.items()}
    expected = {source.name: (rows[ours], *shapes[ours][1:]) for ours, source in sources.items()}
    present = {
        name: _without_kernel_axes(array)
        for name, array in published.arrays.items()
        if not name.endswith("num_batches_tracked") and not name.startswith(ignored)
    }
    require_arrays(present, expected, f"{published.path}: no SegFormer of these sizes ({published.layout.title})")
    return {ours: source.rows(present[source.name]).astype(np.float32) for ours, source in sources.items()}


def _without_kernel_axes(array: np.ndarray) -> np.ndarray:
    """Return the weight [out, in, 1, 1] of a 1 x 1 convolution as [out, in]. Other arrays are returned unchanged."""
    return array[:, :, 0, 0] if array.ndim == 4 and array.shape[2:] == (1, 1) else array
