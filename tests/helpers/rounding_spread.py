"""How far float32 runs of the same computation lie apart when their parameters are off by a few roundings.

The same step computed in another order (by two processes, in two parts) differs from the first by rounding, by values
that cross a kink of an activation, and by Adam's sign of gradients that are rounding noise. How much that is depends on
the processor's convolutions. Runs whose parameters are moved by a few roundings differ in the same three ways, on any
processor; a wrong term moves none of them.
"""

from typing import Callable, Dict

import jittor as jt
import numpy as np

from helpers.tiny import kind_of

EPS = 2.0**-24  # float32's rounding, relative
MOVE = 16 * EPS  # of a parameter: every layer's sums round anew, and a step goes through some 16 layers and back
NUM_MOVED = 4  # moved runs: a kink that one of them misses is met by another
SHARE = 4  # a difference may be this many times the largest distance of a moved run
FLOOR = 64 * EPS  # of the largest value: a chain of 64 roundings, for results that the moved runs happen to hit exactly
CANCELLED_LOGITS = (
    3e-8  # absolute; the gradient of D's last bias is a mean of terms near 0.5 and -0.5, half an EPS of it
)
CANCELLED = 1e-10  # absolute; the KL divergence of codes near N(0, 1) is a sum of terms of 1e-3 that cancels

Arrays = Dict[str, np.ndarray]


def move_parameters(system, seed: int) -> None:
    """Multiply each trained parameter by 1 + MOVE or 1 - MOVE; with seed 0 leave them alone."""
    rng = np.random.default_rng(seed)
    for optimizer in system.optimizers.values():
        for param in optimizer.params.values() if seed else ():
            factor = 1 + MOVE * rng.choice([-1, 1], param.shape)
            param.update(jt.array((param.numpy() * factor).astype(np.float32)))
    jt.sync_all()


def spread_of(compute: Callable[[int], Arrays], exact: Arrays) -> Dict[str, float]:
    """Kind of array (a network's gradients, or one result) -> largest distance of the moved runs from `exact`.

    Args:
        compute: Gives the arrays of a run whose parameters were moved with this seed.
        exact: The arrays with seed 0.
    """
    spread = dict.fromkeys(map(kind_of, exact), 0.0)
    for seed in range(1, NUM_MOVED + 1):
        for name, array in compute(seed).items():
            distance = float(np.abs(array - exact[name]).max(initial=0))
            spread[kind_of(name)] = max(spread[kind_of(name)], distance)
    return spread


def assert_within_spread(ours: Arrays, exact: Arrays, spread: Dict[str, float]) -> None:
    """Every array of `ours` is as near to `exact` as the moved runs are."""
    assert set(ours) == set(exact)
    largest: Dict[str, float] = {}
    for name, array in exact.items():
        largest[kind_of(name)] = max(largest.get(kind_of(name), 0.0), float(np.abs(array).max(initial=0)))
    for name, array in exact.items():
        kind = kind_of(name)
        cancelled = CANCELLED_LOGITS if "logits" in name and name.endswith("bias") else CANCELLED
        bound = SHARE * spread[kind] + FLOOR * largest[kind] + cancelled
        difference = float(np.abs(ours[name] - array).max(initial=0))
        assert difference <= bound, f"{name}: off by {difference:.3g}, allowed are {bound:.3g} of {largest[kind]:.3g}"
