"""Rename the arrays of official checkpoints, and compare names and shapes. Imports no Jittor."""

import re
from typing import Container, Dict, Iterable, Mapping, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.conversion.array_differences import array_differences
from jittor_tsit.conversion.official_names import Rules


def official_names(names: Iterable[str], rules: Rules) -> Dict[str, str]:
    """Return a table from our array names to the official ones.

    With spectral norm, the last parts weight, u and v become weight_orig, weight_u and weight_v.

    Args:
        names: Names of our arrays.
    """
    ours = dict.fromkeys(names)  # keeps the order
    return {name: rename(rules, _spectral(name, ours)) for name in ours}


def _spectral(name: str, all_names: Container[str]) -> str:
    layer, _, leaf = name.rpartition(".")
    if f"{layer}.u" not in all_names or leaf == "bias":
        return name
    return f"{layer}.weight_{'orig' if leaf == 'weight' else leaf}"


def rename(rules: Rules, name: str) -> str:
    """Return the name after all rules: each replaces what its regular expression matches, one rule after the other."""
    for pattern, form in rules:
        name = re.sub(pattern, form, name)
    return name


def from_official(
    official: Mapping[str, np.ndarray], shapes: Mapping[str, Tuple[int, ...]], rules: Rules
) -> Dict[str, np.ndarray]:
    """Rename the arrays of an official state dict.

    Args:
        shapes: Our name -> shape. All of them, and no others, must be in the state dict.

    Returns:
        Our name -> array.

    Raises:
        ValueError: Arrays are missing, unexpected or of another shape; the message lists them.
    """
    names = official_names(shapes, rules)
    used = {name: array for name, array in official.items() if not name.endswith("num_batches_tracked")}
    ours_of = {theirs: ours for ours, theirs in names.items()}
    missing, unexpected, mis_shaped = array_differences(used, {names[ours]: shape for ours, shape in shapes.items()})
    faults = [f"missing {name} (for {ours_of[name]})" for name in missing]
    faults += [*(f"unexpected {name}" for name in unexpected), *mis_shaped]
    if faults:
        raise ValueError("; ".join(faults))
    return {ours: official[theirs] for ours, theirs in names.items()}


def require_arrays(arrays: Mapping[str, np.ndarray], shapes: Mapping[str, Tuple[int, ...]], finding: str) -> None:
    """Check that arrays have exactly these names and shapes.

    Args:
        finding: Beginning of the error message: the file and what it is not.

    Raises:
        InputError: Arrays are missing, unexpected or of another shape; the message lists them.
    """
    missing, unexpected, mis_shaped = array_differences(arrays, shapes)
    faults = [*(f"missing {name}" for name in missing), *(f"unexpected {name}" for name in unexpected), *mis_shaped]
    if faults:
        raise InputError(f"{finding}: {'; '.join(faults)}")
