"""Files of official checkpoints, and of the contest team's Jittor port, as arrays under official names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, NamedTuple

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.conversion.weight_files import Arrays, read_weights

# torch.nn.utils.parametrizations.spectral_norm -> torch.nn.utils.spectral_norm, which the official code calls.
SPELLINGS = (
    (re.compile(r"\bparametrizations\.weight\.original$"), "weight_orig"),
    (re.compile(r"\bparametrizations\.weight\.0\._([uv])$"), r"weight_\1"),
)
COUNTER = ".num_batches_tracked"  # of batch norm's passes; its value has no effect


class OfficialFile(NamedTuple):
    """What a file holds."""

    path: Path
    arrays: Arrays  # float32, under official names
    unused: Arrays  # those that have no effect
    is_port: bool  # whether the contest team's code wrote it


def read_official(path: Path) -> OfficialFile:
    """The arrays of a published file.

    Raises:
        InputError: It cannot be read, spells a name in two ways, or holds numbers that float32 cannot.
    """
    found: Arrays = {}
    for name, array in read_weights(path).items():
        official = _respelled(name)
        if official in found:
            raise InputError(f"{path}: holds {official} twice, in both spellings of spectral norm")
        found[official] = array
    unused = {name: array for name, array in found.items() if name.endswith(COUNTER)}
    arrays = _as_float32(path, {name: array for name, array in found.items() if name not in unused})
    derived = derived_weights(arrays)
    for layer in derived:
        arrays[f"{layer}.weight_u"], arrays[f"{layer}.weight_v"] = iterated(arrays, layer)
        unused[f"{layer}.weight"] = arrays.pop(f"{layer}.weight")
    return OfficialFile(path, arrays, unused, bool(derived))


def _respelled(name: str) -> str:
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
        raise InputError(f"{path}: holds numbers that float32 cannot: {', '.join(faults)}")
    return narrowed


def derived_weights(arrays: Arrays) -> List[str]:
    """Layers that hold their divided weight beside the one it is made from, as only the port has them."""
    wanted = ("weight", "weight_u", "weight_v")
    layers = [name[: -len(".weight_orig")] for name in arrays if name.endswith(".weight_orig")]
    return [layer for layer in layers if all(f"{layer}.{leaf}" in arrays for leaf in wanted)]


def iterated(arrays: Arrays, layer: str):
    """The singular vectors that the port divides by: one power iteration from those it keeps, at every pass anew."""
    weight = arrays[f"{layer}.weight_orig"].astype(np.float64)
    u = arrays[f"{layer}.weight_u"].astype(np.float64)
    matrix = weight.reshape(weight.shape[0], -1)
    if u.shape != matrix.shape[:1]:
        return arrays[f"{layer}.weight_u"], arrays[f"{layer}.weight_v"]  # the comparison of shapes names it
    v = _normalized(matrix.T @ u)
    return _normalized(matrix @ v).astype(np.float32), v.astype(np.float32)


def _normalized(vector: np.ndarray) -> np.ndarray:
    return vector / max(np.linalg.norm(vector), 1e-12)
