"""Compare this project's kernels, and their gradients, with Jittor's operators on the device where operators run."""

from __future__ import annotations

from functools import partial
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import jittor as jt
import numpy as np

from jittor_tsit.kernels.adam import adam_step
from jittor_tsit.kernels.spectral import spectral_normalize
from jittor_tsit.kernels.squares import sum_of_squares
from jittor_tsit.layers.image_layouts import nchw_layout, to_fast_layout, to_nchw
from jittor_tsit.layers.norm import BatchNorm, InstanceNorm, fadain, normalize
from jittor_tsit.layers.resize import avg_pool_down, reference_avg_pool_down
from jittor_tsit.layers.spectral_conv import reference_spectrally_normalized
from jittor_tsit.optim import reference_adam_step

Function = Callable[..., Sequence[jt.Var]]

LARGEST_DIFFERENCE = 1e-3  # sums of thousands of values round by 1e-5; TF32 in Jittor's products, if it is on, by 5e-4
IMAGE = (2, 5, 50, 90)  # a plane is three chunks of the CUDA kernels (call.CHUNK values each), the last one not full
MATRIX, VECTORS = (48, 40, 3, 3), ((48,), (360,))
ADAM = {"decay": 0.9, "l2": 0.1, "beta1": 0.5, "beta2": 0.99, "rate": 0.01, "correction": 1.3, "eps": 1e-8}


class Case(NamedTuple):
    """An operator as this project's kernel and in Jittor's operators, and the shapes of inputs to compare them with."""

    fused: Function  # by this project's kernels
    reference: Function  # by Jittor's operators
    shapes: Tuple[Sequence[int], ...]  # shapes of the inputs
    num_differentiable: int  # number of inputs, from the first, whose gradients are compared


def _modulated(norm, x, *maps, slope=1.0):
    return normalize(*norm.moments(x), *maps, slope=slope)


def _of_images(function, *shapes: Sequence[int]) -> Case:
    def fused(*images):
        return [to_nchw(function(*(to_fast_layout(image) for image in images)))]

    def reference(*images):
        with nchw_layout():
            return [function(*images)]

    return Case(fused, reference, shapes, len(shapes))


def _spectral(iterates: bool) -> Case:
    fused = partial(spectral_normalize, iterates=iterates)
    reference = partial(reference_spectrally_normalized, iterates=iterates)
    return Case(fused, reference, (MATRIX, *VECTORS), 1)


def cases() -> Dict[str, Case]:
    """Return the operators to compare, by name, each as our kernel, as Jittor's operators, and with input shapes.

    "active" in a name stands for a leaky ReLU that is computed along.
    """
    by_sample, by_batch = InstanceNorm(IMAGE[1]), BatchNorm(IMAGE[1])
    return {
        "instance norm": _of_images(partial(_modulated, by_sample), IMAGE),
        "instance norm, active": _of_images(partial(_modulated, by_sample, slope=0.2), IMAGE),
        "batch norm": _of_images(partial(_modulated, by_batch), IMAGE),
        "modulation by instance": _of_images(partial(_modulated, by_sample), IMAGE, IMAGE, IMAGE),
        "modulation by batch, active": _of_images(partial(_modulated, by_batch, slope=0.2), IMAGE, IMAGE, IMAGE),
        "fadain": _of_images(fadain, IMAGE, IMAGE),
        "average": Case(lambda x: [avg_pool_down(x)], lambda x: [reference_avg_pool_down(x)], (IMAGE,), 1),
        "spectral norm": _spectral(iterates=False),
        "spectral norm, iterating": _spectral(iterates=True),
        "Adam": Case(partial(adam_step, **ADAM), partial(reference_adam_step, **ADAM), (MATRIX,) * 4, 0),
        "sum of squares": Case(lambda x: [sum_of_squares(x)], lambda x: [x.sqr().sum()], (MATRIX,), 0),
    }


def difference(case: Case, shapes: Optional[Sequence[Sequence[int]]] = None) -> float:
    """Return the largest difference between results and gradients of the two forms, relative to their largest value.

    Args:
        shapes: Shapes of the inputs, by default the case's own.
    """
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(0.5, 2.5, shape).astype(np.float32) for shape in shapes or case.shapes]  # Adam takes a root
    results = (_results(form, arrays, case.num_differentiable) for form in (case.fused, case.reference))
    return max(_relative(ours, theirs) for ours, theirs in zip(*results))


def differences() -> Dict[str, float]:
    """Return for each operator, by name, the largest difference of our kernel from Jittor's operators.

    It is relative to the largest number of the result.
    """
    return {name: difference(case) for name, case in cases().items()}


def verdict() -> Tuple[bool, str]:
    """Return whether all our kernels agree with Jittor's operators, and a sentence with the largest difference."""
    found = differences()
    name = max(found, key=lambda name: found[name])
    relation = f"{name} is off by {found[name]:.1e} of its largest number"
    if found[name] > LARGEST_DIFFERENCE:
        return False, f"differ from Jittor's operators: {relation}"
    return True, f"{len(found)} compared with Jittor's operators: at most {relation}"


def _results(function: Function, arrays: Sequence[np.ndarray], num_differentiable: int) -> List[np.ndarray]:
    """Call an operator. Return its outputs, then the gradients of a weighted sum of the outputs.

    Args:
        num_differentiable: Number of inputs, counted from the first, by which to differentiate.
    """
    inputs = [jt.array(array) for array in arrays]
    outputs = list(function(*inputs))
    rng = np.random.default_rng(1)
    weights = [jt.array(rng.standard_normal(var.shape).astype(np.float32)) for var in outputs]
    loss = sum((var * weight).sum() for var, weight in zip(outputs, weights))
    gradients = jt.grad(loss, inputs[:num_differentiable]) if num_differentiable else []
    results = [*outputs, *gradients]
    jt.sync(results)  # together, so that their operators are compiled in parallel
    return [var.numpy() for var in results]


def _relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return float("inf")
    return float(np.abs(ours - theirs).max() / (np.abs(theirs).max() or 1))
