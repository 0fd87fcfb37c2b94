"""Length of an array, on all cores or on a GPU."""

from __future__ import annotations

import jittor as jt

from jittor_tsit.kernels import cuda
from jittor_tsit.kernels.cpu import kernel
from jittor_tsit.kernels.cuda import cuda_kernel

# Parts of one size, added up in one order: the sum does not depend on the number of cores.
_SQUARES = """
    const int64_t size = in0->num, step = 4096, parts = (size + step - 1) / step;
    std::vector<double> sums(parts);
    #pragma omp parallel for if (parts > 4)  // to share less takes longer than to do it
    for (int64_t part = 0; part < parts; part++) {
        const int64_t last = std::min((part + 1) * step, size);
        double sum = 0;
        #pragma omp simd reduction(+ : sum)
        for (int64_t i = part * step; i < last; i++) sum += (double)in0_p[i] * in0_p[i];
        sums[part] = sum;
    }
    double total = 0;
    for (double sum : sums) total += sum;
    out0_p[0] = total;
"""
PRODUCTS = """
namespace {
// The sum of the products of two arrays, of each part.
__global__ void multiply_parts(Given a, Given b, Made sums, int64_t size) {
    FOR_EACH_BLOCK(part, chunks_of(size)) {
        const Part own(part, size);
        double sum = 0;
        FOR_EACH_THREAD(i, own.first, own.last) sum += (double)a[i] * b[i];
        sum = block_sum(sum);
        if (threadIdx.x == 0) sums[part] = (float)sum;
    }
}

// One block: the sum of all parts.
__global__ void add_parts(Given sums, Made total, int64_t size) {
    double sum = 0;
    FOR_EACH_THREAD(part, 0, chunks_of(size)) sum += sums[part];
    sum = block_sum(sum);
    if (threadIdx.x == 0) total[0] = (float)sum;
}
}
"""
_CUDA_LAUNCHES = """
    const int64_t size = in0->num;
    LAUNCH(multiply_parts, blocks_for(chunks_of(size)), THREADS, in0_p, in0_p, out1_p, size);
    LAUNCH(add_parts, 1, THREADS, out1_p, out0_p, size);
"""


def sum_of_squares(x: jt.Var) -> jt.Var:
    """The squared length of an array of any shape, float32, [1]; not finite where one of its numbers is not."""
    if not cuda.is_used():
        return kernel([[1]], [x], _SQUARES)[0]
    return cuda_kernel([[1]], [x], PRODUCTS, _CUDA_LAUNCHES, scratch=cuda.num_chunks(x.numel()))[0]
