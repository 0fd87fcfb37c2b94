// A weight divided by its largest singular value sigma, and its gradient. The weight is read as a matrix [D, M].
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>
#include "arrays.h"

namespace {
inline double length_of(const float* values, int64_t size) {
    double sum = 0;
    for (int64_t i = 0; i < size; i++) sum += (double)values[i] * values[i];
    return std::max(std::sqrt(sum), 1e-12);  // the lower bound is PyTorch's
}

// columns = u W
inline void multiply_columns(const float* __restrict__ weight, const float* u, float* columns, int64_t D, int64_t M) {
    const int64_t step = 256;  // columns that one core adds up at a time: they fit into its L1 cache
    #pragma omp parallel for
    for (int64_t first = 0; first < M; first += step) {
        const int64_t size = std::min(step, M - first);
        double sums[step] = {};
        for (int64_t d = 0; d < D; d++)
            for (int64_t m = 0; m < size; m++) sums[m] += (double)weight[d * M + first + m] * u[d];
        std::copy(sums, sums + size, columns + first);
    }
}

// result = weight / sigma, factor = 1 / sigma. A power iteration improves u and v first if `iterates` is 1.
inline void spectral_normalize(
    Array<const float> weight_array, Array<const float> u_array, Array<const float> v_array, Array<float> result_array,
    Array<float> new_u_array, Array<float> new_v_array, Array<float> factor_array, const Numbers& numbers
) {
    const float* __restrict__ weight = weight_array.values;
    const float* __restrict__ u = u_array.values;
    const float* __restrict__ v = v_array.values;
    float* __restrict__ result = result_array.values;
    float* __restrict__ new_u = new_u_array.values;
    float* __restrict__ new_v = new_v_array.values;
    const int64_t D = weight_array.shape[0], M = weight_array.size / D;
    const bool iterates = numbers.at("iterates");
    if (iterates) {
        multiply_columns(weight, u, new_v, D, M);
        const double length = length_of(new_v, M);
        for (int64_t m = 0; m < M; m++) new_v[m] /= length;
    } else {
        std::copy(v, v + M, new_v);
    }
    std::vector<float> stretched(D);  // W v
    #pragma omp parallel for
    for (int64_t d = 0; d < D; d++) {
        double sum = 0;
        for (int64_t m = 0; m < M; m++) sum += (double)weight[d * M + m] * new_v[m];
        stretched[d] = sum;
    }
    const double length = iterates ? length_of(stretched.data(), D) : 1;
    double sigma = 0;
    for (int64_t d = 0; d < D; d++) {
        new_u[d] = iterates ? stretched[d] / length : u[d];
        sigma += (double)new_u[d] * stretched[d];
    }
    const double factor = 1 / sigma;  // float64: for tiny weights it exceeds float32, although the result does not
    factor_array.values[0] = factor;
    #pragma omp parallel for
    for (int64_t i = 0; i < D * M; i++) result[i] = weight[i] * factor;
}

inline void spectral_normalize_gradient(
    Array<const float> weight_array, Array<const float> u_array, Array<const float> v_array,
    Array<const float> factor_array, Array<const float> grad_array, Array<float> result_array
) {
    const float* __restrict__ weight = weight_array.values;
    const float* __restrict__ grad = grad_array.values;
    const float* __restrict__ u = u_array.values;
    const float* __restrict__ v = v_array.values;
    float* __restrict__ result = result_array.values;
    const int64_t D = weight_array.shape[0], M = weight_array.size / D;
    const float factor = factor_array.values[0];
    std::vector<double> products(D);
    #pragma omp parallel for
    for (int64_t d = 0; d < D; d++) {
        double sum = 0;
        for (int64_t m = 0; m < M; m++) sum += (double)grad[d * M + m] * weight[d * M + m];
        products[d] = sum;
    }
    double product = 0;
    for (int64_t d = 0; d < D; d++) product += products[d];
    const float by_sigma = -product * factor * factor;
    #pragma omp parallel for
    for (int64_t d = 0; d < D; d++)
        for (int64_t m = 0; m < M; m++) result[d * M + m] = grad[d * M + m] * factor + by_sigma * u[d] * v[m];
}
}
