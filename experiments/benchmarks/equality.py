"""How far two frameworks' results of the same mathematics lie apart."""

from __future__ import annotations

from typing import List, Mapping, NamedTuple

import numpy as np

BOUNDS = {
    "image": 1e-4,
    "loss": 1e-4,
    "gradient G": 0.03,  # rounding flips signs of L1 terms and leaky ReLUs at near-equal values, each with its share
    "gradient D": 1e-4,
}


class Difference(NamedTuple):
    """Of one result, relative."""

    name: str
    value: float
    bound: float

    @property
    def is_small(self) -> bool:
        """Whether it is that of rounding."""
        return self.value <= self.bound

    def __str__(self):
        return f"{self.name:<18} {self.value:.1e} {'' if self.is_small else f'above {self.bound:g}'}".rstrip()


def compare(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> List[Difference]:
    """Differences of what two sides wrote as `outputs`: of each image and loss, and of all gradients of a network.

    Raises:
        ValueError: One has what the other has not.
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
