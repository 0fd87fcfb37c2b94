"""Adam's update of one parameter in a single pass, on all cores or on a GPU. Twin: `plain_adam_step` of optim.py."""

from __future__ import annotations

from typing import List

import jittor as jt

from jittor_tsit.kernels import cuda
from jittor_tsit.kernels.cpu import kernel
from jittor_tsit.kernels.cuda import cuda_kernel

_STEP = """
    const int64_t size = in0->num;
    const float kept = data["kept"], l2 = data["l2"], beta1 = data["beta1"], left1 = 1 - data["beta1"];
    const double beta2 = data["beta2"];
    const float rate = data["rate"], correction = data["correction"], eps = data["eps"];
    #pragma omp parallel for simd if (size > 10000)  // to share less takes longer than to do it
    for (int64_t i = 0; i < size; i++) {
        const float grad = in1_p[i] + l2 * in0_p[i];
        out1_p[i] = beta1 * in2_p[i] + left1 * grad;
        // In double: vectors of floats have neither the square of a large gradient nor the root of infinity. Where the
        // square is beyond float32 the step is 0, as PyTorch's.
        out2_p[i] = beta2 * in3_p[i] + (1 - beta2) * (double)grad * grad;
        out0_p[i] = in0_p[i] * kept - rate * out1_p[i] / (std::sqrt((double)out2_p[i]) * correction + eps);
    }
"""
_CUDA_KERNEL = """
namespace {
__global__ void adam(
    Given param, Given grad, Given mean, Given square, Made new_param, Made new_mean, Made new_square, int64_t size,
    float kept, float l2, float beta1, float left1, float beta2, float left2, float rate, float correction, float eps
) {
    FOR_EACH_BLOCK(part, chunks_of(size)) {
        const Part own(part, size);
        FOR_EACH_THREAD(i, own.first, own.last) {
            const float whole = grad[i] + l2 * param[i];
            const float first = beta1 * mean[i] + left1 * whole;
            const float second = beta2 * square[i] + left2 * whole * whole;
            new_mean[i] = first;
            new_square[i] = second;
            new_param[i] = param[i] * kept - rate * first / (sqrtf(second) * correction + eps);
        }
    }
}
}
"""
_CUDA_LAUNCHES = """
    const int64_t size = in0->num;
    LAUNCH(adam, blocks_for(chunks_of(size)), THREADS, in0_p, in1_p, in2_p, in3_p, out0_p, out1_p, out2_p, size,
           (float)data["kept"], (float)data["l2"], (float)data["beta1"], (float)(1 - data["beta1"]),
           (float)data["beta2"], (float)(1 - data["beta2"]),
           (float)data["rate"], (float)data["correction"], (float)data["eps"]);
"""


def adam_step(param: jt.Var, grad: jt.Var, mean: jt.Var, square: jt.Var, **numbers: float) -> List[jt.Var]:
    """Parameter, mean and square after the step, of arrays of one shape, float32.

    Args:
        numbers: `kept`, the share of the parameter that its decay leaves; `l2`, beta1 and beta2; `rate`, the learning
            rate over the mean's bias; `correction`, one over the root of the square's; `eps`.
    """
    shapes, inputs = [param.shape] * 3, [param, grad, mean, square]
    if not cuda.is_used():
        return kernel(shapes, inputs, _STEP, **numbers)
    return cuda_kernel(shapes, inputs, _CUDA_KERNEL, _CUDA_LAUNCHES, **numbers)
