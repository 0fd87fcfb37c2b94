"""Linear operators that are not Jittor's own, with gradients of any order."""

from __future__ import annotations

from typing import Callable, List, Sequence

import jittor as jt

Map = Callable[[jt.Var], jt.Var]


def linear(forward: Map, adjoint: Map, x: jt.Var) -> jt.Var:
    """forward(x), whose gradient is `adjoint` of its result's, and the other way round."""
    return on_tape(_Linear(forward, adjoint), x)


class _Linear(jt.Function):
    def __init__(self, forward: Map, adjoint: Map):
        self.forward, self.adjoint = forward, adjoint

    def execute(self, x):
        return self.forward(x)

    def grad(self, grad):
        return linear(self.adjoint, self.forward, grad)


def on_tape(function: jt.Function, *inputs: jt.Var) -> jt.Var:
    """Its result, on the tape of gradients if one of the inputs is."""
    is_constant = all(var.is_stop_grad() for var in inputs)
    return function.execute(*inputs) if is_constant else function(*inputs)


def once_only(vars: Sequence[jt.Var]) -> List[jt.Var]:
    """The same, of which nobody may take the gradient: without this it would be 0, and not said."""
    return on_tape(_OnceOnly(), *vars)


class _OnceOnly(jt.Function):
    def execute(self, *vars):
        return [var.clone() for var in vars]

    def grad(self, *grads):
        raise RuntimeError("this gradient has no gradient of its own: compute what it is of in `plain_layout`")
