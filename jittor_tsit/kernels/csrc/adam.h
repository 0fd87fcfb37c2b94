// One step of Adam for one parameter, on all cores.
#pragma once
#include <cmath>
#include "arrays.h"

namespace {
inline void adam_step(
    Array<const float> param_array, Array<const float> grad_array, Array<const float> mean_array,
    Array<const float> square_array, Array<float> new_param_array, Array<float> new_mean_array,
    Array<float> new_square_array, const Numbers& numbers
) {
    const float* __restrict__ param = param_array.values;
    const float* __restrict__ grad = grad_array.values;
    const float* __restrict__ mean = mean_array.values;
    const float* __restrict__ square = square_array.values;
    float* __restrict__ new_param = new_param_array.values;
    float* __restrict__ new_mean = new_mean_array.values;
    float* __restrict__ new_square = new_square_array.values;
    const int64_t size = param_array.size;
    const float decay = numbers.at("decay"), l2 = numbers.at("l2"), rate = numbers.at("rate");
    const float beta1 = numbers.at("beta1"), one_minus_beta1 = 1 - numbers.at("beta1");
    const double beta2 = numbers.at("beta2");
    const float correction = numbers.at("correction"), eps = numbers.at("eps");
    #pragma omp parallel for simd if (size > 10000)  // below that size, starting threads takes longer than the work
    for (int64_t i = 0; i < size; i++) {
        const float gradient = grad[i] + l2 * param[i];
        new_mean[i] = beta1 * mean[i] + one_minus_beta1 * gradient;
        // In float64: float32 overflows in the square of a large gradient, and its vectorised root of infinity is NaN.
        // Where the stored square overflows float32, the step is 0, as in PyTorch.
        new_square[i] = beta2 * square[i] + (1 - beta2) * (double)gradient * gradient;
        new_param[i] = param[i] * decay - rate * new_mean[i] / (std::sqrt((double)new_square[i]) * correction + eps);
    }
}
}
