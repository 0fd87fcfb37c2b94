"""One forward and backward pass of a network against a file of the official code.

Outputs and losses are continuous: float32 is off by rounding alone, and the file tells how far the official float32 is
off. Gradients jump where a value is within its rounding error of 0. Where they are off by more than rounding, a float64
pass must have the file's gradients, and another one, with the signs of the float32 pass, those of the float32 pass.
"""

from typing import Any, Callable, Dict, NamedTuple

import jittor as jt
import numpy as np

from helpers.kinks import Signs, assert_near_zero, imposing_signs, recording_signs
from helpers.reference_vectors import SINGLE, Vectors, assert_close, by_official_name, noise_of
from jittor_tsit.layers.image_layouts import to_nchw


class Pass(NamedTuple):
    """What a network made of a file's inputs."""

    module: Any
    rules: Any  # of its names
    outputs: Dict[str, jt.Var]  # by the file's names
    inputs: Dict[str, jt.Var]


def assert_same_pass(path, make: Callable[[Vectors], Pass], kind=Vectors) -> None:
    """Outputs, the loss, every stored gradient and every updated buffer.

    Args:
        make: Makes the network, puts the file's weights in and runs it, in the type that the file's Vars have.
    """
    vectors = kind(path)
    with recording_signs() as signs:
        made = make(vectors)
        outputs = {name: to_nchw(output) for name, output in made.outputs.items()}
        gradients = gradients_of(vectors, made)
    for name, reference in vectors.group("output/").items():
        ours = vectors.thin(f"output/{name}", outputs[name].numpy())
        assert_close(ours, reference, noise_of(vectors, "output/"), f"output {name}")
    _assert_same_loss(vectors, outputs)
    exact = kind(path, "float64")
    assert_same_gradients(vectors, gradients, signs, lambda: gradients_of(exact, make(exact)))
    variables = by_official_name(made.module, made.rules)
    for name, reference in vectors.group("after/").items():
        if not name.endswith("num_batches_tracked"):
            assert_close(variables[name], reference, noise_of(vectors, "after/"), f"after {name}")


def loss_of(vectors: Vectors, outputs: Dict[str, jt.Var]) -> jt.Var:
    """The scalar whose gradients are stored: outputs times their stored weights, summed."""
    weights = vectors.group("input/loss_weight/")
    return sum((to_nchw(outputs[name]) * vectors.var(f"input/loss_weight/{name}")).sum() for name in weights)


def _assert_same_loss(vectors: Vectors, outputs: Dict[str, jt.Var]) -> None:
    """A sum of products, each as far off as the output is."""
    weights = vectors.group("input/loss_weight/")
    products = [outputs[name].numpy().astype(np.float64) * weight for name, weight in weights.items()]
    bound = noise_of(vectors, "output/") * sum(np.abs(each).sum() for each in products)
    loss, reference = sum(each.sum() for each in products), float(vectors["loss/total"])
    assert abs(loss - reference) <= bound, f"loss {loss}, not {reference}; allowed are {bound}"


def gradients_of(vectors: Vectors, made: Pass) -> Dict[str, np.ndarray]:
    """`grad/<parameter>` and `grad/input/<name>` by the rest of the name."""
    variables, names = by_official_name(made.module, made.rules), vectors.group("grad/")
    targets = [made.inputs[name[6:]] if name.startswith("input/") else variables[name] for name in names]
    found = {}
    for name, gradient in zip(names, jt.grad(loss_of(vectors, made.outputs), targets)):
        found[name] = vectors.thin(f"grad/{name}", gradient.numpy())
    return found


def assert_same_gradients(vectors: Vectors, gradients, signs: Signs, in_float64: Callable[[], Dict]) -> None:
    """Float32 gradients are the file's `grad/`, or flipped signs explain the whole difference.

    Args:
        gradients: By the rest of the name.
        signs: Of the pass that gave them.
        in_float64: Computes them in float64.
    """
    references, rtol = vectors.group("grad/"), noise_of(vectors, "grad/")
    off = _apart(gradients, references, lambda name, scale: rtol * scale)
    if not off:
        return
    recorded = vectors.config["f32_vs_f64_maxabsdiff_and_scale"]
    wrong = _apart(in_float64(), references, lambda name, scale: recorded_bound(*recorded[f"grad/{name}"]))
    assert not wrong, f"gradients in float64: {wrong}"
    with imposing_signs(signs.calls) as flips:
        same_side = in_float64()
    assert_near_zero(flips)
    rest = _apart(gradients, same_side, lambda name, scale: rtol * scale)
    assert flips and not rest, f"{off}; with the signs of float32 {rest}; flipped: {[*map(str, flips)]}"


def _apart(gradients, references, bound_of) -> Dict[str, str]:
    """The gradients that are further from these than is allowed."""
    off = {}
    for name, reference in references.items():
        difference = np.abs(gradients[name].reshape(reference.shape) - reference.astype(np.float64)).max()
        scale = np.abs(reference).max()
        if difference > bound_of(name, scale):
            off[name] = f"{difference:.2g} of {scale:.2g}"
    return off


def recorded_bound(distance: float, scale: float) -> float:
    """How far our float64 values may be from the file's float32 values; the official float64 values are `distance` off.

    The distance has three digits. Jittor rounds Python's numbers (slopes, epsilons, rates) to float32 also in float64:
    the deepest networks here pass some 30 of them forward and backward.
    """
    return 1.01 * distance + 32 * SINGLE * scale
