"""Compare the results of two frameworks for the same computation."""

from __future__ import annotations

from typing import List, Mapping, NamedTuple

import numpy as np

BOUNDS = {
    "image": 1e-4,
    "loss": 1e-4,
    "gradient G": 0.03,  # where values are nearly equal, rounding decides the sign of an L1 term or a leaky ReLU
    "gradient D": 1e-4,
}


class Difference(NamedTuple):
    """The relative difference of one result, and the largest that rounding may cause."""

    name: str
    value: float
    bound: float

    @property
    def is_small(self) -> bool:
        """Whether rounding explains the difference."""
        return self.value <= self.bound

    def __str__(self):
        return f"{self.name:<18} {self.value:.1e} {'' if self.is_small else f'above {self.bound:g}'}".rstrip()


def compare(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> List[Difference]:
    """Compare the arrays that two sides' `outputs` wrote.

    Returns:
        A difference for each image and each loss, and one for all gradients of a network together.

    Raises:
        ValueError: Some array exists on one side only.
    """
    if set(ours) != set(theirs):
        raise ValueError(f"only one framework has {sorted(set(ours) ^ set(theirs))[:5]}")
    found = []
    for name in theirs:
        kind = name.partition("/")[0]
        if not kind.startswith("gradient"):
            scale = np.abs(theirs[name]).max()
            found.append(Difference(name, float(np.abs(ours[name] - theirs[name]).max() / scale), BOUNDS[kind]))
    for kind in ("gradient G", "gradient D"):
        names = [name for name in theirs if name.startswith(kind)]
        distance = sum(np.square(ours[name] - theirs[name]).sum() for name in names)
        length = sum(np.square(theirs[name]).sum() for name in names)
        found.append(Difference(kind, float(np.sqrt(distance / length)), BOUNDS[kind]))
    return found
