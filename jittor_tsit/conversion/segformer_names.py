"""Published SegFormer weights under our names, array by array.

Layouts: transformers 4 and 5 (SegformerForSemanticSegmentation, SegformerForImageClassification), NVlabs/SegFormer, and
the encoder of upstream mmsegmentation. The decode head of the latter has no equivalent here: before the fusion it
has a convolution with batch norm and ReLU where all others have a linear layer.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.conversion.renaming import require_arrays
from jittor_tsit.conversion.weight_files import read_weights

ENCODER = "encoder."  # before our names of the encoder's arrays
OTHER_PARTS = ("decode_head.", "auxiliary_head.", "classifier.", "head.")  # passed over where only an encoder is wanted


class Source(NamedTuple):
    """Where an array of ours is found."""

    name: str
    place: int  # among those that are stacked in it, row below row
    count: int

    def rows(self, array: np.ndarray) -> np.ndarray:
        """Its own rows of the array of that name."""
        size = len(array) // self.count
        return array[self.place * size : (self.place + 1) * size]


_TRANSFORMERS_HEAD = {
    "head.fuse": "decode_head.linear_fuse",
    "head.norm": "decode_head.batch_norm",
    "head.classifier": "decode_head.classifier",
}


class Layout(NamedTuple):
    """How a publisher names a SegFormer's arrays."""

    title: str
    probe: str  # end of the name of an array that all its files have, and no other's
    block_eps: float  # of the norms in the blocks and behind the stages, in the publisher's code
    forms: Mapping[str, str]  # our layer -> its name; {i} and {n}: the stage, counted from 0 and 1; {j}: the block
    stacked: Mapping[str, Tuple[int, int]] = {}  # our layer -> which of so many that lie in one array, row below row
    ignored: Tuple[str, ...] = ()  # beginnings of names of arrays that its code does not use

    def source(self, ours: str, prefix: str) -> Source:
        """Where an array of ours is found, the encoder's names starting with `prefix`."""
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
    ignored=("decode_head.conv_seg.",),  # of its head's base class
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


TRAINED_HERE = Layout(
    title="a checkpoint of train",
    probe="stages.0.embedding.conv.weight",
    block_eps=1e-6,
    forms={layer: _our_form(layer) for layer in TRANSFORMERS_4.forms},
)

LAYOUTS = (TRANSFORMERS_4, TRANSFORMERS_5, NVLABS, MMSEGMENTATION, TRAINED_HERE)


class Published(NamedTuple):
    """What a file holds."""

    path: Path
    arrays: Mapping[str, np.ndarray]
    layout: Layout
    prefix: str  # before the names of the encoder's arrays, such as "backbone."

    def source(self, ours: str) -> Source:
        """Where an array of ours is to be found."""
        return self.layout.source(ours, self.prefix)

    def get(self, ours: str) -> Optional[np.ndarray]:
        """The array that an array of ours is in, if it is there."""
        return self.arrays.get(self.source(ours).name)


def read_published(path: Union[str, Path]) -> Published:
    """A published file or a checkpoint of train, its layout told by its names.

    Raises:
        InputError: It cannot be read, or is of no known layout.
    """
    arrays = _trained_network(read_weights(path))
    for layout in LAYOUTS:
        for name in arrays:
            if name == layout.probe or name.endswith(f".{layout.probe}"):
                return Published(Path(path), arrays, layout, name[: -len(layout.probe)])
    known = ", ".join(f"{layout.probe} ({layout.title})" for layout in LAYOUTS)
    raise InputError(f"{path}: no SegFormer in a known layout: no array has a name that ends in one of {known}")


def _trained_network(arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Of a checkpoint's arrays the network's, averaged where there are such; any other file's as they are."""
    for prefix in ("G_ema.", "G."):
        network = {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}
        if network:
            return network
    return arrays


def sizes_in(published: Published) -> Tuple[Tuple[int, ...], Tuple[int, ...], int]:
    """Widths and numbers of blocks of the encoder's stages, and the number of classes.

    Raises:
        InputError: There is no decode head, or none with an equivalent.
    """
    _require_head(published)
    widths, depths = [], []
    for k in range(4):
        norm = published.get(f"encoder.stages.{k}.norm.weight")
        widths.append(0 if norm is None else norm.size)
        blocks = range(len(published.arrays))
        depths.append(next(j for j in blocks if published.get(f"encoder.stages.{k}.blocks.{j}.norm0.weight") is None))
    return tuple(widths), tuple(depths), published.get("head.classifier.bias").size


def _require_head(published: Published) -> None:
    path, layout = published.path, published.layout
    if "head.classifier" not in layout.forms:
        raise InputError(
            f"{path}: {layout.title}'s decode head has no equivalent here: convolutions with batch norm and ReLU "
            "before the fusion, in place of linear layers; only its encoder can be taken"
        )
    if published.get("head.classifier.bias") is None:
        raise InputError(f"{path}: no array {published.source('head.classifier.bias').name}: holds no decode head")


def our_arrays(published: Published, shapes: Mapping[str, Tuple[int, ...]]) -> Dict[str, np.ndarray]:
    """Float32 arrays under our names.

    Args:
        shapes: Our names and shapes; each must be found, and nothing else may be there. Without names of the head,
            OTHER_PARTS are passed over.

    Raises:
        InputError: Lists every missing, unexpected and mis-shaped array; or the head has no equivalent.
    """
    ignored = published.layout.ignored
    if all(name.startswith(ENCODER) for name in shapes):
        ignored += OTHER_PARTS
    else:
        _require_head(published)
    sources = {ours: published.source(ours) for ours in shapes}
    expected = {source.name: (shapes[ours][0] * source.count, *shapes[ours][1:]) for ours, source in sources.items()}
    present = {
        name: _without_kernel_axes(array)
        for name, array in published.arrays.items()
        if not name.endswith("num_batches_tracked") and not name.startswith(ignored)
    }
    require_arrays(present, expected, f"{published.path}: no SegFormer of these sizes ({published.layout.title})")
    return {ours: np.float32(source.rows(present[source.name])) for ours, source in sources.items()}


def _without_kernel_axes(array: np.ndarray) -> np.ndarray:
    """A 1 x 1 convolution's weight as a linear layer's, [out, in]."""
    return array[:, :, 0, 0] if array.ndim == 4 and array.shape[2:] == (1, 1) else array
