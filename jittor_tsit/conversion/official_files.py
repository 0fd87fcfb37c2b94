"""Read checkpoint files of official PyTorch code and of the contest team's Jittor port, as arrays by official names.

official_networks.py recognises which network of a system a file holds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, NamedTuple, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.conversion.weight_files import Arrays, read_weights

# Names by torch.nn.utils.parametrizations.spectral_norm -> names by torch.nn.utils.spectral_norm (official code).
SPELLINGS = (
    (re.compile(r"\bparametrizations\.weight\.original$"), "weight_orig"),
    (re.compile(r"\bparametrizations\.weight\.0\._([uv])$"), r"weight_\1"),
)
COUNTER = ".num_batches_tracked"  # PyTorch's counter in batch norm; its value has no effect


class OfficialFile(NamedTuple):
    """The content of a published file: arrays with an effect, and arrays without one (`unused`), by official names."""

    path: Path
    arrays: Arrays  # official name -> float32 array
    unused: Arrays  # arrays without effect
    is_port: bool  # whether the contest team's Jittor port wrote the file


def read_official(path: Path) -> OfficialFile:
    """Read a published file.

    Raises:
        InputError: The file cannot be read, has a name in two spellings, or holds numbers that float32 cannot hold.
    """
    found: Arrays = {}
    for name, array in read_weights(path).items():
        official = _official_spelling(name)
        if official in found:
            raise InputError(f"{path}: holds {official} twice, in both spellings of spectral norm")
        found[official] = array
    unused = {name: array for name, array in found.items() if name.endswith(COUNTER)}
    arrays = _as_float32(path, {name: array for name, array in found.items() if name not in unused})
    derived = derived_weights(arrays)
    for layer in derived:
        arrays[f"{layer}.weight_u"], arrays[f"{layer}.weight_v"] = singular_vectors(arrays, layer)
        unused[f"{layer}.weight"] = arrays.pop(f"{layer}.weight")
    return OfficialFile(path, arrays, unused, bool(derived))


def _official_spelling(name: str) -> str:
    for pattern, form in SPELLINGS:
        name = pattern.sub(form, name)
    return name


def _as_float32(path: Path, arrays: Arrays) -> Arrays:
    narrowed = {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}
    others = {name: array for name, array in arrays.items() if array.dtype != np.float32}
    faults = [
        f"{name} ({array.dtype})"
        for name, array in others.items()
        if not np.array_equal(narrowed[name].astype(array.dtype), array, equal_nan=array.dtype.kind == "f")
    ]
    if faults:
        raise InputError(f"{path}: holds numbers that float32 cannot hold: {', '.join(faults)}")
    return narrowed


def derived_weights(arrays: Arrays) -> List[str]:
    """Return the names of the layers that store weight / sigma beside the original weight. Only the port does."""
    wanted = ("weight", "weight_u", "weight_v")
    layers = [name[: -len(".weight_orig")] for name in arrays if name.endswith(".weight_orig")]
    return [layer for layer in layers if all(f"{layer}.{leaf}" in arrays for leaf in wanted)]


def singular_vectors(arrays: Arrays, layer: str) -> Tuple[np.ndarray, np.ndarray]:
    """Return the singular vectors u and v with which the port normalises the weight of a layer in every forward pass.

    They are the result of one power iteration from the stored vectors, which the port repeats in every pass.
    """
    weight = arrays[f"{layer}.weight_orig"].astype(np.float64)
    u = arrays[f"{layer}.weight_u"].astype(np.float64)
    matrix = weight.reshape(weight.shape[0], -1)
    if u.shape != matrix.shape[:1]:
        return arrays[f"{layer}.weight_u"], arrays[f"{layer}.weight_v"]  # the comparison of shapes will report it
    v = _normalize(matrix.T @ u)
    return _normalize(matrix @ v).astype(np.float32), v.astype(np.float32)


def _normalize(vector: np.ndarray) -> np.ndarray:
    return vector / max(np.linalg.norm(vector), 1e-12)
