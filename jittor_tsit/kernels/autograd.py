"""Operators of our own in Jittor's automatic differentiation."""

from __future__ import annotations

from typing import Callable, List, Sequence

import jittor as jt

Map = Callable[[jt.Var], jt.Var]


def linear(forward: Map, adjoint: Map, x: jt.Var) -> jt.Var:
    """Return forward(x), with gradients of any order.

    Args:
        forward: A linear function.
        adjoint: Function from the gradient by the result to the gradient by x. It is linear, too, and its own adjoint
            must be `forward`.
    """
    return on_tape(_Linear(forward, adjoint), x)


class _Linear(jt.Function):
    def __init__(self, forward: Map, adjoint: Map):
        self.forward, self.adjoint = forward, adjoint

    def execute(self, x):
        return self.forward(x)

    def grad(self, grad):
        return linear(self.adjoint, self.forward, grad)


def on_tape(function: jt.Function, *inputs: jt.Var) -> jt.Var:
    """Apply a function to the inputs. Record it for the backward pass only if an input needs a gradient."""
    is_constant = all(var.is_stop_grad() for var in inputs)
    return function.execute(*inputs) if is_constant else function(*inputs)


def first_order_only(gradients: Sequence[jt.Var]) -> List[jt.Var]:
    """Pass gradients through, and raise if they are differentiated again.

    The kernels that compute them have no second derivative, and Jittor would silently use 0.

    Raises:
        RuntimeError: In the second backward pass.
    """
    return on_tape(_FirstOrderOnly(), *gradients)


class _FirstOrderOnly(jt.Function):
    def execute(self, *gradients):
        return [gradient.clone() for gradient in gradients]

    def grad(self, *grads):
        raise RuntimeError(
            "a gradient was differentiated again, and its kernel has no second derivative: compute the function "
            "whose gradient it is within `nchw_layout()`"
        )
