"""Compare arrays with the names and shapes that are wanted. Imports no Jittor."""

from typing import List, Mapping, NamedTuple, Tuple

import numpy as np


class ArrayDifferences(NamedTuple):
    """How the arrays of a file differ from the wanted ones. All lists are empty if there is no difference."""

    missing: List[str]  # names, sorted
    unexpected: List[str]  # names, sorted
    shapes: List[str]  # one phrase for each array of another shape: "NAME has shape (1,), not (2,)"


def array_differences(found: Mapping[str, np.ndarray], wanted: Mapping[str, Tuple[int, ...]]) -> ArrayDifferences:
    """Compare the names and shapes of the arrays `found` with `wanted`, a dict name -> shape. Values do not matter."""
    return ArrayDifferences(
        missing=sorted(set(wanted) - set(found)),
        unexpected=sorted(set(found) - set(wanted)),
        shapes=[
            f"{name} has shape {found[name].shape}, not {tuple(shape)}"
            for name, shape in sorted(wanted.items())
            if name in found and found[name].shape != tuple(shape)
        ],
    )
