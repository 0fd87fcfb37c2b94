"""CUDA's source for spectral.py: the same steps with D x M matrices, each a kernel over all blocks of the GPU.

Neighbouring threads read neighbouring columns of a row, in products with columns too: there each thread adds up a
column, over strips of rows, and what these give is added up after.
"""

from __future__ import annotations

from jittor_tsit.kernels.cuda import THREADS
from jittor_tsit.kernels.squares import PRODUCTS

STRIP = 32  # rows that a block multiplies at a time: a matrix of few columns still keeps many blocks busy

_FORWARD_KERNELS = f"""
namespace {{
const int64_t STRIP = {STRIP};

// Of each strip of rows, its share of u W: sums [strips, M].
__global__ void multiply_columns(Given weight, Given u, Made sums, int64_t D, int64_t M) {{
    const int64_t pieces = ceil_div(M, THREADS), strips = ceil_div(D, STRIP);
    FOR_EACH_BLOCK(i, pieces * strips) {{
        const int64_t strip = i / pieces, m = i % pieces * THREADS + threadIdx.x;
        double sum = 0;
        if (m < M)
            for (int64_t d = strip * STRIP; d < least((strip + 1) * STRIP, D); d++)
                sum += (double)weight[d * M + m] * u[d];
        if (m < M) sums[strip * M + m] = (float)sum;
    }}
}}

// u W, and of each THREADS of its numbers the sum of squares.
__global__ void add_strips(Given sums, Made columns, Made squares, int64_t D, int64_t M) {{
    const int64_t strips = ceil_div(D, STRIP);
    FOR_EACH_BLOCK(piece, ceil_div(M, THREADS)) {{
        const int64_t m = piece * THREADS + threadIdx.x;
        double sum = 0;
        if (m < M) {{
            for (int64_t strip = 0; strip < strips; strip++) sum += sums[strip * M + m];
            columns[m] = (float)sum;
        }}
        const double square = block_sum(sum * sum);
        if (threadIdx.x == 0) squares[piece] = (float)square;
    }}
}}

__device__ inline float length_of(double squares) {{ return fmaxf((float)sqrt(squares), 1e-12f); }}  // PyTorch's floor

// The length of `columns` from their `squares`, in every thread; 1 without these, of v, which has length 1.
__device__ inline float column_length(Given squares, int64_t M) {{
    if (!squares) return 1;
    double square = 0;
    FOR_EACH_THREAD(piece, 0, ceil_div(M, THREADS)) square += squares[piece];
    return length_of(block_sum(square));
}}

// W times v, which is `columns` brought to length 1: products of tiny numbers that are not would be 0.
__global__ void multiply_rows(Given weight, Given columns, Given squares, Made rows, int64_t D, int64_t M) {{
    const float by_length = 1 / column_length(squares, M);
    FOR_EACH_BLOCK(d, D) {{
        double sum = 0;
        FOR_EACH_THREAD(m, 0, M) sum += (double)weight[d * M + m] * (columns[m] * by_length);
        sum = block_sum(sum);
        if (threadIdx.x == 0) rows[d] = (float)sum;
    }}
}}

// One block: u, v and 1 / sigma from the rows W v. With `squares`, u and v are made: `columns` is v before it is
// brought to length 1. Without, `columns` is v. The product of `roots` is 1 / sigma too, also beyond float32.
__global__ void finish(
    Given columns, Given squares, Given rows, Given given_u, Made u, Made v, Made factor, Made roots,
    int64_t D, int64_t M
) {{
    const float v_length = column_length(squares, M);
    FOR_EACH_THREAD(m, 0, M) v[m] = columns[m] / v_length;
    double square = 0, sigma = 0;
    FOR_EACH_THREAD(d, 0, D) square += (double)rows[d] * rows[d];
    square = block_sum(square);
    const double u_length = length_of(square);
    FOR_EACH_THREAD(d, 0, D) {{
        u[d] = squares ? (float)(rows[d] / u_length) : given_u[d];
        sigma += (squares ? rows[d] / u_length : given_u[d]) * rows[d];
    }}
    sigma = block_sum(sigma);
    if (threadIdx.x == 0) {{
        factor[0] = (float)(1 / sigma);
        roots[0] = (float)(1 / sqrt(fabs(sigma)));
        roots[1] = (float)(1 / (sigma * roots[0]));
    }}
}}

__global__ void scale_all(Given weight, Given roots, Made result, int64_t size) {{
    const double factor = (double)roots[0] * roots[1];
    FOR_EACH_BLOCK(part, chunks_of(size)) {{
        const Part own(part, size);
        FOR_EACH_THREAD(i, own.first, own.last) result[i] = (float)(weight[i] * factor);
    }}
}}
}}
"""
_FORWARD_LAUNCHES = """
    const int64_t size = in0->num, D = in0_shape0, M = size / D;
    const int64_t strips = ceil_div(D, STRIP), pieces = ceil_div(M, THREADS);
    float *roots = out4_p, *columns = roots + 2, *rows = columns + M, *squares = rows + D, *sums = squares + pieces;
    const bool iterates = data["iterates"];
    if (iterates) {
        LAUNCH(multiply_columns, blocks_for(pieces * strips), THREADS, in0_p, in1_p, sums, D, M);
        LAUNCH(add_strips, blocks_for(pieces), THREADS, sums, columns, squares, D, M);
    }
    const float* used = iterates ? columns : in2_p;
    const float* used_squares = iterates ? squares : nullptr;
    LAUNCH(multiply_rows, blocks_for(D), THREADS, in0_p, used, used_squares, rows, D, M);
    LAUNCH(finish, 1, THREADS, used, used_squares, rows, in1_p, out1_p, out2_p, out3_p, roots, D, M);
    LAUNCH(scale_all, blocks_for(chunks_of(size)), THREADS, in0_p, roots, out0_p, size);
"""
_GRADIENT_KERNELS = """
namespace {
__global__ void spectral_gradient(
    Given grad, Given u, Given v, Given factor, Given product, Made result, int64_t D, int64_t M
) {
    const float by_sigma = (float)(-(double)product[0] * factor[0] * factor[0]);
    FOR_EACH_BLOCK(part, D * chunks_of(M)) {
        const Part own(part, M);
        FOR_EACH_THREAD(i, own.first, own.last)
            result[i] = grad[i] * factor[0] + by_sigma * u[own.plane] * v[i - own.plane * M];
    }
}
}
"""
_GRADIENT_LAUNCHES = """
    const int64_t size = in0->num, D = in0_shape0, M = size / D;
    float *product = out1_p, *sums = product + 1;
    LAUNCH(multiply_parts, blocks_for(chunks_of(size)), THREADS, in0_p, in4_p, sums, size);
    LAUNCH(add_parts, 1, THREADS, sums, product, size);
    LAUNCH(spectral_gradient, blocks_for(D * chunks_of(M)), THREADS,
           in4_p, in1_p, in2_p, in3_p, product, out0_p, D, M);
"""

FORWARD = _FORWARD_KERNELS, _FORWARD_LAUNCHES
GRADIENT = PRODUCTS + _GRADIENT_KERNELS, _GRADIENT_LAUNCHES


def forward_scratch(D: int, M: int) -> int:
    """Numbers between the kernels of `FORWARD`."""
    strips, pieces = -(-D // STRIP), -(-M // THREADS)
    return 2 + M + D + pieces + strips * M
