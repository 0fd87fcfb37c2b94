"""Adam's update of one parameter as a single operator. `reference_adam_step` of optim.py is its reference."""

from __future__ import annotations

from typing import List

import jittor as jt

from jittor_tsit.kernels.call import Output, call


def adam_step(param: jt.Var, grad: jt.Var, mean: jt.Var, square: jt.Var, **numbers: float) -> List[jt.Var]:
    """Return parameter, mean and square after one step. All arrays are float32 and of one shape.

    Args:
        mean: Moving average of the gradients.
        square: Moving average of their squares.
        numbers: decay, the factor of the parameter (1 minus rate times weight decay); l2, the share of the parameter
            that is added to the gradient; beta1; beta2; rate, the learning rate divided by 1 - beta1^steps; correction,
            1 / sqrt(1 - beta2^steps); eps.
    """
    return call("adam", "adam_step", [param, grad, mean, square], [Output(param.shape)] * 3, numbers)
