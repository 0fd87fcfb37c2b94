// One step of Adam for one parameter.
#pragma once
#include "gpu.cuh"

namespace {
__global__ void adam_step_kernel(
    Input param, Input grad, Input mean, Input square, Output new_param, Output new_mean, Output new_square,
    int64_t size, float decay, float l2, float beta1, float one_minus_beta1, float beta2, float one_minus_beta2,
    float rate, float correction, float eps
) {
    FOR_EACH_BLOCK(number, chunks_of(size)) {
        const Chunk chunk(number, size);
        FOR_EACH_THREAD(i, chunk.first, chunk.last) {
            const float gradient = grad[i] + l2 * param[i];
            const float first = beta1 * mean[i] + one_minus_beta1 * gradient;
            const float second = beta2 * square[i] + one_minus_beta2 * gradient * gradient;
            new_mean[i] = first;
            new_square[i] = second;
            new_param[i] = param[i] * decay - rate * first / (sqrtf(second) * correction + eps);
        }
    }
}

inline void adam_step(
    Array<const float> param, Array<const float> grad, Array<const float> mean, Array<const float> square,
    Array<float> new_param, Array<float> new_mean, Array<float> new_square, const Numbers& numbers
) {
    const double beta1 = numbers.at("beta1"), beta2 = numbers.at("beta2");
    LAUNCH(
        adam_step_kernel, blocks_for(chunks_of(param.size)), THREADS, param.values, grad.values, mean.values,
        square.values, new_param.values, new_mean.values, new_square.values, param.size, (float)numbers.at("decay"),
        (float)numbers.at("l2"), (float)beta1, (float)(1 - beta1), (float)beta2, (float)(1 - beta2),
        (float)numbers.at("rate"), (float)numbers.at("correction"), (float)numbers.at("eps")
    );
}
}
