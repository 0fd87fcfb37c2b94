"""Adam's update of one parameter in a single pass, on all cores. The plain twin is `Adam` of optim.py."""

from __future__ import annotations

from typing import List

import jittor as jt

from jittor_tsit.kernels.vectors import kernel

_STEP = """
    const int64_t size = in0->num;
    const float kept = data["kept"], l2 = data["l2"], beta1 = data["beta1"], beta2 = data["beta2"];
    const float rate = data["rate"], correction = data["correction"], eps = data["eps"];
    #pragma omp parallel for simd if (size > 10000)  // to share less takes longer than to do it
    for (int64_t i = 0; i < size; i++) {
        const float grad = in1_p[i] + l2 * in0_p[i];
        out1_p[i] = beta1 * in2_p[i] + (1 - beta1) * grad;
        out2_p[i] = beta2 * in3_p[i] + (1 - beta2) * grad * grad;
        out0_p[i] = in0_p[i] * kept - rate * out1_p[i] / (std::sqrt(out2_p[i]) * correction + eps);
    }
"""


def adam_step(param: jt.Var, grad: jt.Var, mean: jt.Var, square: jt.Var, **numbers: float) -> List[jt.Var]:
    """Parameter, mean and square after the step, of arrays of one shape, float32.

    Args:
        numbers: `kept`, the share of the parameter that its decay leaves; `l2`, beta1 and beta2; `rate`, the learning
            rate over the mean's bias; `correction`, one over the root of the square's; `eps`.
    """
    return kernel([param.shape] * 3, [param, grad, mean, square], _STEP, **numbers)
