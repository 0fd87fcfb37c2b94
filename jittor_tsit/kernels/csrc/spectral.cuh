// A weight divided by its largest singular value sigma, and its gradient. The weight is read as a matrix [D, M].
//
// Neighbouring threads read neighbouring columns of a row. In products with the columns each thread adds up a column
// over a strip of rows, and a second kernel adds up the strips.
#pragma once
#include "squares.cuh"

namespace {
const int64_t STRIP = 32;  // rows of a strip: a matrix of few columns still keeps many blocks busy; see spectral.py

// The share of each strip of rows in u W. sums [strips, M]
__global__ void multiply_columns(Input weight, Input u, Output sums, int64_t D, int64_t M) {
    const int64_t pieces = ceil_div(M, THREADS), strips = ceil_div(D, STRIP);
    FOR_EACH_BLOCK(i, pieces * strips) {
        const int64_t strip = i / pieces, m = i % pieces * THREADS + threadIdx.x;
        double sum = 0;
        if (m < M)
            for (int64_t d = strip * STRIP; d < least((strip + 1) * STRIP, D); d++)
                sum += (double)weight[d * M + m] * u[d];
        if (m < M) sums[strip * M + m] = (float)sum;
    }
}

// columns = u W; squares: for each piece of THREADS columns their sum of squares.
__global__ void add_strips(Input sums, Output columns, Output squares, int64_t D, int64_t M) {
    const int64_t strips = ceil_div(D, STRIP);
    FOR_EACH_BLOCK(piece, ceil_div(M, THREADS)) {
        const int64_t m = piece * THREADS + threadIdx.x;
        double sum = 0;
        if (m < M) {
            for (int64_t strip = 0; strip < strips; strip++) sum += sums[strip * M + m];
            columns[m] = (float)sum;
        }
        const double square = block_sum(sum * sum);
        if (threadIdx.x == 0) squares[piece] = (float)square;
    }
}

// The lower bound is PyTorch's.
__device__ inline float length_of(double squares) { return fmaxf((float)sqrt(squares), 1e-12f); }

// Return to every thread the length of `columns` from their `squares`; 1 without `squares`, for a v of length 1.
__device__ inline float column_length(Input squares, int64_t M) {
    if (!squares) return 1;
    double square = 0;
    FOR_EACH_THREAD(piece, 0, ceil_div(M, THREADS)) square += squares[piece];
    return length_of(block_sum(square));
}

// rows = W v with v = columns / their length. Dividing first keeps products of tiny numbers from underflowing to 0.
__global__ void multiply_rows(Input weight, Input columns, Input squares, Output rows, int64_t D, int64_t M) {
    const float factor = 1 / column_length(squares, M);
    FOR_EACH_BLOCK(d, D) {
        double sum = 0;
        FOR_EACH_THREAD(m, 0, M) sum += (double)weight[d * M + m] * (columns[m] * factor);
        sum = block_sum(sum);
        if (threadIdx.x == 0) rows[d] = (float)sum;
    }
}

// Compute u, v and 1 / sigma from rows = W v, in one block. With `squares`, v is `columns` divided by their length, and
// u is `rows` divided by theirs. Without `squares`, `columns` is v, and u is `old_u`. The product of the two `roots` is
// 1 / sigma, too, also where that exceeds float32.
__global__ void finish(
    Input columns, Input squares, Input rows, Input old_u, Output u, Output v, Output factor, Output roots, int64_t D,
    int64_t M
) {
    const float v_length = column_length(squares, M);
    FOR_EACH_THREAD(m, 0, M) v[m] = columns[m] / v_length;
    double square = 0, sigma = 0;
    FOR_EACH_THREAD(d, 0, D) square += (double)rows[d] * rows[d];
    square = block_sum(square);
    const double u_length = length_of(square);
    FOR_EACH_THREAD(d, 0, D) {
        u[d] = squares ? (float)(rows[d] / u_length) : old_u[d];
        sigma += (squares ? rows[d] / u_length : old_u[d]) * rows[d];
    }
    sigma = block_sum(sigma);
    if (threadIdx.x == 0) {
        factor[0] = (float)(1 / sigma);
        roots[0] = (float)(1 / sqrt(fabs(sigma)));
        roots[1] = (float)(1 / (sigma * roots[0]));
    }
}

__global__ void multiply_by_roots(Input weight, Input roots, Output result, int64_t size) {
    const double factor = (double)roots[0] * roots[1];
    FOR_EACH_BLOCK(number, chunks_of(size)) {
        const Chunk chunk(number, size);
        FOR_EACH_THREAD(i, chunk.first, chunk.last) result[i] = (float)(weight[i] * factor);
    }
}

// `scratch` holds 2 roots, M columns, D rows, ceil(M / THREADS) squares and ceil(D / STRIP) * M sums.
inline void spectral_normalize(
    Array<const float> weight, Array<const float> u, Array<const float> v, Array<float> result, Array<float> new_u,
    Array<float> new_v, Array<float> factor, Array<float> scratch, const Numbers& numbers
) {
    const int64_t size = weight.size, D = weight.shape[0], M = size / D;
    const int64_t strips = ceil_div(D, STRIP), pieces = ceil_div(M, THREADS);
    float *roots = scratch.values, *columns = roots + 2, *rows = columns + M, *squares = rows + D;
    float* sums = squares + pieces;
    const bool iterates = numbers.at("iterates");
    if (iterates) {
        LAUNCH(multiply_columns, blocks_for(pieces * strips), THREADS, weight.values, u.values, sums, D, M);
        LAUNCH(add_strips, blocks_for(pieces), THREADS, sums, columns, squares, D, M);
    }
    const float* used_columns = iterates ? columns : v.values;
    const float* used_squares = iterates ? squares : nullptr;
    LAUNCH(multiply_rows, blocks_for(D), THREADS, weight.values, used_columns, used_squares, rows, D, M);
    LAUNCH(
        finish, 1, THREADS, used_columns, used_squares, rows, u.values, new_u.values, new_v.values, factor.values,
        roots, D, M
    );
    LAUNCH(multiply_by_roots, blocks_for(chunks_of(size)), THREADS, weight.values, roots, result.values, size);
}

__global__ void spectral_gradient(
    Input grad, Input u, Input v, Input factor, Input product, Output result, int64_t D, int64_t M
) {
    const float by_sigma = (float)(-(double)product[0] * factor[0] * factor[0]);
    FOR_EACH_BLOCK(number, D * chunks_of(M)) {
        const Chunk chunk(number, M);
        FOR_EACH_THREAD(i, chunk.first, chunk.last)
            result[i] = grad[i] * factor[0] + by_sigma * u[chunk.plane] * v[i - chunk.plane * M];
    }
}

// `scratch` holds the product of weight and gradient, and one number for each chunk.
inline void spectral_normalize_gradient(
    Array<const float> weight, Array<const float> u, Array<const float> v, Array<const float> factor,
    Array<const float> grad, Array<float> result, Array<float> scratch
) {
    const int64_t size = weight.size, D = weight.shape[0], M = size / D;
    float *product = scratch.values, *sums = product + 1;
    LAUNCH(multiply_chunks, blocks_for(chunks_of(size)), THREADS, weight.values, grad.values, sums, size);
    LAUNCH(add_chunks, 1, THREADS, sums, product, size);
    LAUNCH(
        spectral_gradient, blocks_for(D * chunks_of(M)), THREADS, grad.values, u.values, v.values, factor.values,
        product, result.values, D, M
    );
}
}
