"""Comparing recorded training steps with float32 runs of ours alone, where a float64 run takes too long."""

from typing import Dict, List

import jittor as jt
import numpy as np

from helpers.reference_vectors import SINGLE, Vectors, noise_of
from helpers.training_trace import Maker, Run, check_in_float32, check_in_float64, run_of

NUM_OTHERS, SHARE = 3, 4  # runs beside the first, and how many times their distance the file may be away


def check_spread_in_float32(path, make: Maker) -> None:
    """A float32 run is as near to the file as float32 runs are to each other.

    The others begin with parameters that are off by one rounding. What they part by comes from kinks and from Adam's
    first updates, and does not grow when the code is wrong. Where the first run alone met a kink, the float64 run
    decides, after minutes of compilation.
    """
    vectors = Vectors(path)
    runs = [_perturbed_run(vectors, make, seed) for seed in range(NUM_OTHERS + 1)]
    off = {**_other_values(vectors, runs), **_other_parameters(vectors, runs)}
    if off:
        print("beyond the spread of float32 runs:", off)
        check_in_float64(path, make)
        check_in_float32(path, make)


def _perturbed_run(vectors: Vectors, make: Maker, seed: int) -> Run:
    """A run whose first parameters are off by one rounding; with seed 0, the file's own."""
    trace, rng = make(vectors), np.random.default_rng(seed)
    for optimizer in trace.system.optimizers.values():
        for param in optimizer.params.values() if seed else ():
            factor = 1 + 2 * SINGLE * rng.choice([-1, 1], param.shape)
            param.update(jt.array((param.numpy() * factor).astype(np.float32)))
    jt.sync_all()
    return run_of(vectors, trace)


def _other_values(vectors: Vectors, runs: List[Run]) -> Dict[str, str]:
    """Losses, images and first gradients that are further from the file than the runs from each other."""
    off = {}
    for prefix, field in {"loss/": "losses", "output/": "images", "grad/step0/": "first_gradients"}.items():
        for name, reference in vectors.group(prefix).items():
            ours, *others = (np.asarray(getattr(run, field)[name]).reshape(reference.shape) for run in runs)
            spread = max(np.abs(other - ours).max() for other in others)
            bound = SHARE * spread + noise_of(vectors, prefix) * np.abs(reference).max()
            difference = np.abs(ours - reference).max()
            if difference > bound:
                off[prefix + name] = f"{difference:.2g}, allowed are {bound:.2g}"
    return off


def _other_parameters(vectors: Vectors, runs: List[Run]) -> Dict[str, str]:
    """The same of parameters, each group in one: single elements move by a rate either way."""
    off = {}
    for prefix, field in {"after_step0/": "first", "after/": "last"}.items():
        ours, *others = (getattr(run, field) for run in runs)
        wanted = {name: array for name, array in vectors.group(prefix).items() if name in ours}
        spread = max(_distance_of_most(other, {name: ours[name] for name in wanted}) for other in others)
        # By the vectors' README 99 % of a file's official float32 values are within 0.02 rates of the float64 ones.
        bound = SHARE * spread + 0.02 * vectors.options["lr"]
        if _distance_of_most(ours, wanted) > bound:
            off[prefix] = f"{_distance_of_most(ours, wanted):.2g}, allowed are {bound:.2g}"
    return off


def _distance_of_most(found: Dict[str, np.ndarray], wanted: Dict[str, np.ndarray]) -> float:
    """Distance that 99 % of the values are within."""
    return float(np.quantile(np.concatenate([np.abs(found[name] - wanted[name]).ravel() for name in wanted]), 0.99))
