"""A matrix over its largest singular value: a few passes on all cores, or of a GPU, instead of a dozen operators.

The plain twin is in layers/norm.py. Its gradient's own gradient is not here, and nothing needs it: a gradient penalty
takes that of a network by its input.
"""

from __future__ import annotations

from typing import List, Tuple

import jittor as jt

from jittor_tsit.kernels import cuda, spectral_cuda
from jittor_tsit.kernels.autograd import on_tape, once_only
from jittor_tsit.kernels.cpu import kernel
from jittor_tsit.kernels.cuda import cuda_kernel

_HEADER = """
    const int64_t D = in0_shape0, M = in0->num / D;
    const auto length_of = [](const float* values, int64_t size) {
        double sum = 0;
        for (int64_t i = 0; i < size; i++) sum += (double)values[i] * values[i];
        return std::max(std::sqrt(sum), 1e-12);  // PyTorch's floor for the norm
    };
"""
_FORWARD = (
    _HEADER
    + """
    const bool iterates = data["iterates"];
    const float *u = in1_p, *v = in2_p;
    if (iterates) {
        const int64_t step = 256;  // columns that a core adds up at a time: they stay in its first cache
        #pragma omp parallel for
        for (int64_t first = 0; first < M; first += step) {
            const int64_t size = std::min(step, M - first);
            double sums[step] = {};
            for (int64_t d = 0; d < D; d++)
                for (int64_t m = 0; m < size; m++) sums[m] += (double)in0_p[d * M + first + m] * u[d];
            std::copy(sums, sums + size, out2_p + first);
        }
        const double length = length_of(out2_p, M);
        for (int64_t m = 0; m < M; m++) out2_p[m] /= length;
    } else {
        std::copy(v, v + M, out2_p);
    }
    std::vector<float> stretched(D);
    #pragma omp parallel for
    for (int64_t d = 0; d < D; d++) {
        double sum = 0;
        for (int64_t m = 0; m < M; m++) sum += (double)in0_p[d * M + m] * out2_p[m];
        stretched[d] = sum;
    }
    const double length = iterates ? length_of(stretched.data(), D) : 1;
    double sigma = 0;
    for (int64_t d = 0; d < D; d++) {
        out1_p[d] = iterates ? stretched[d] / length : u[d];
        sigma += (double)out1_p[d] * stretched[d];
    }
    const double factor = 1 / sigma;  // of tiny weights it is beyond float32, and the result is not
    out3_p[0] = factor;
    #pragma omp parallel for
    for (int64_t i = 0; i < D * M; i++) out0_p[i] = in0_p[i] * factor;
"""
)
_GRADIENT = (
    _HEADER
    + """
    const float factor = in3_p[0];
    std::vector<double> products(D);
    #pragma omp parallel for
    for (int64_t d = 0; d < D; d++) {
        double sum = 0;
        for (int64_t m = 0; m < M; m++) sum += (double)in4_p[d * M + m] * in0_p[d * M + m];
        products[d] = sum;
    }
    double product = 0;
    for (int64_t d = 0; d < D; d++) product += products[d];
    const float by_sigma = -product * factor * factor;
    #pragma omp parallel for
    for (int64_t d = 0; d < D; d++)
        for (int64_t m = 0; m < M; m++)
            out0_p[d * M + m] = in4_p[d * M + m] * factor + by_sigma * in1_p[d] * in2_p[m];
"""
)


def spectrally_normalized(weight: jt.Var, u: jt.Var, v: jt.Var, iterates: bool) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """weight / sigma with sigma = u weight v, u and v constants; and these after a power iteration, if one is due.

    Shapes:
        weight [D, ...] with M values a row, u [D], v [M] -> [D, ...], [D], [M]
    """
    function = _Normalized(u, v, iterates)
    return on_tape(function, weight), *function.vectors


class _Normalized(jt.Function):
    def __init__(self, u: jt.Var, v: jt.Var, iterates: bool):
        self.vectors, self.iterates = (u.detach(), v.detach()), iterates

    def execute(self, weight):
        result, u, v, factor = _forward(weight, *self.vectors, iterates=self.iterates)
        self.vectors = u.stop_grad(), v.stop_grad()
        self.kept = weight, u, v, factor
        return result

    def grad(self, grad):
        return once_only([_gradient(*self.kept, grad)])[0]


def _forward(weight: jt.Var, u: jt.Var, v: jt.Var, iterates: bool) -> List[jt.Var]:
    """The matrix over sigma, the vectors used, and 1 / sigma."""
    shapes, inputs = [weight.shape, u.shape, v.shape, [1]], [weight, u, v]
    if not cuda.is_used():
        return kernel(shapes, inputs, _FORWARD, iterates=iterates)
    scratch = spectral_cuda.forward_scratch(u.shape[0], v.shape[0])
    return cuda_kernel(shapes, inputs, *spectral_cuda.FORWARD, scratch=scratch, iterates=iterates)


def _gradient(weight, u, v, factor, grad) -> jt.Var:
    shapes, inputs = [weight.shape], [weight, u, v, factor, grad]
    if not cuda.is_used():
        return kernel(shapes, inputs, _GRADIENT)[0]
    return cuda_kernel(shapes, inputs, *spectral_cuda.GRADIENT, scratch=1 + cuda.num_chunks(grad.numel()))[0]
