// Mean and variance, and normalisation with modulation and leaky ReLU, of images [N, C, H, W].
//
// A plane is one channel of one sample. It may have 200,000 values, and an image only 16 planes: several blocks of
// threads share a plane, and write their sums to `scratch`, two numbers for each chunk of the image. Mean, scale and
// shift are [N, C] or, for the whole batch, [1, C]; `means` is the number of their values, and plane p has number
// p % means.
#pragma once
#include "gpu.cuh"

namespace {
struct TwoSums {
    double first, second;
};

// Return to every thread the two sums over planes `at`, `at + step`, `at + 2 step`, ... All threads must call it.
__device__ inline TwoSums sums_of_planes(InputDouble sums, int64_t at, int64_t step, int64_t planes, int64_t chunks) {
    double first = 0, second = 0;
    FOR_EACH_THREAD(k, 0, planes / step * chunks) {
        const int64_t number = (at + k / chunks * step) * chunks + k % chunks;
        first += sums[2 * number];
        second += sums[2 * number + 1];
    }
    first = block_sum(first);
    return {first, block_sum(second)};
}

// Add up the values of the block's threads and store the two sums of the chunk. All threads must call it.
__device__ inline void store_sums(OutputDouble sums, int64_t number, double first, double second) {
    first = block_sum(first);
    second = block_sum(second);
    if (threadIdx.x == 0) {
        sums[2 * number] = first;
        sums[2 * number + 1] = second;
    }
}

// Sums and sums of squares of differences from the plane's first pixel, for the reason given in norm.h.
__global__ void sum_chunks(Input x, OutputDouble sums, int64_t planes, int64_t size) {
    FOR_EACH_BLOCK(number, planes * chunks_of(size)) {
        const Chunk chunk(number, size);
        const double shift = x[chunk.plane * size];
        double sum = 0, squares = 0;
        FOR_EACH_THREAD(i, chunk.first, chunk.last) {
            const double difference = x[i] - shift;
            sum += difference;
            squares += difference * difference;
        }
        store_sums(sums, number, sum, squares);
    }
}

__global__ void combine_moments(
    Input x, InputDouble sums, OutputDouble mean, OutputDouble variance, int64_t planes, int64_t size, int64_t means
) {
    FOR_EACH_BLOCK(at, means) {
        const int64_t samples = planes / means;
        // Mean of the samples so far; sum of their variances and of their squared distances.
        double total_mean = 0, squares = 0;
        for (int64_t i = 0; i < samples; i++) {
            const int64_t plane = at + i * means;
            const TwoSums plane_sums = sums_of_planes(sums, plane, planes, planes, chunks_of(size));
            const double shifted = plane_sums.first / size, difference = x[plane * size] + shifted - total_mean;
            squares += fmax(plane_sums.second / size - shifted * shifted, 0.0) + difference * difference * i / (i + 1);
            total_mean += difference / (i + 1);
        }
        if (threadIdx.x == 0) {
            mean[at] = total_mean;
            variance[at] = squares / samples;
        }
    }
}

inline void moments(Array<const float> x, Array<double> mean, Array<double> variance, Array<double> scratch) {
    const int64_t planes = x.shape[0] * x.shape[1], size = x.size / planes, means = mean.size;
    LAUNCH(sum_chunks, blocks_for(planes * chunks_of(size)), THREADS, x.values, scratch.values, planes, size);
    LAUNCH(
        combine_moments, blocks_for(means), FEW_THREADS, x.values, scratch.values, mean.values, variance.values, planes,
        size, means
    );
}

__global__ void differentiate_moments(
    Input x, InputDouble mean, InputDouble by_mean, InputDouble by_variance, Input by_x, Output result, int64_t planes,
    int64_t size, int64_t means
) {
    const double count = size * (planes / means);
    FOR_EACH_BLOCK(number, planes * chunks_of(size)) {
        const Chunk chunk(number, size);
        const int64_t at = chunk.plane % means;
        const float from_mean = by_mean[at] / count, from_variance = 2 * by_variance[at] / count;
        FOR_EACH_THREAD(i, chunk.first, chunk.last) {
            const float gradient = from_mean + from_variance * (float)(x[i] - mean[at]);
            result[i] = by_x ? by_x[i] + gradient : gradient;
        }
    }
}

// Gradient of the moments by x, plus `by_x` unless that is absent.
template <class ByX>
inline void moments_gradient(
    Array<const float> x, Array<const double> mean, Array<const double> by_mean, Array<const double> by_variance,
    ByX by_x, Array<float> result
) {
    const int64_t planes = x.shape[0] * x.shape[1], size = x.size / planes, means = mean.size;
    const float* by_x_values = by_x.values;
    LAUNCH(
        differentiate_moments, blocks_for(planes * chunks_of(size)), THREADS, x.values, mean.values, by_mean.values,
        by_variance.values, by_x_values, result.values, planes, size, means
    );
}

__global__ void modulate_values(
    Input x, InputDouble mean, InputDouble scale, InputDouble shift, Input gamma, Input beta, Output result,
    int64_t planes, int64_t size, int64_t means, float slope
) {
    FOR_EACH_BLOCK(number, planes * chunks_of(size)) {
        const Chunk chunk(number, size);
        const int64_t at = chunk.plane % means;
        const float factor = scale[at], added = shift ? shift[at] : 0;
        FOR_EACH_THREAD(i, chunk.first, chunk.last) {
            float y = (float)(x[i] - mean[at]) * factor + added;
            if (gamma) y = y * (gamma[i] + 1) + beta[i];
            result[i] = y > 0 ? y : y * slope;
        }
    }
}

// result = leaky_relu(((x - mean) * scale + shift) * (1 + gamma) + beta)
template <class Shift, class Map>
inline void modulate(
    Array<const float> x, Array<const double> mean, Array<const double> scale, Shift shift, Map gamma, Map beta,
    Array<float> result, const Numbers& numbers
) {
    const int64_t means = mean.size, planes = x.shape[0] * x.shape[1], size = x.size / planes;
    const double* shift_values = shift.values;
    const float *gamma_values = gamma.values, *beta_values = beta.values;
    LAUNCH(
        modulate_values, blocks_for(planes * chunks_of(size)), THREADS, x.values, mean.values, scale.values,
        shift_values, gamma_values, beta_values, result.values, planes, size, means, (float)numbers.at("slope")
    );
}

__global__ void differentiate_modulation(
    Input x, InputDouble mean, InputDouble scale, InputDouble shift, Input by_result, Input y, Input gamma, Output by_x,
    Output by_gamma, Output by_beta, OutputDouble sums, int64_t planes, int64_t size, int64_t means, float slope
) {
    FOR_EACH_BLOCK(number, planes * chunks_of(size)) {
        const Chunk chunk(number, size);
        const int64_t at = chunk.plane % means;
        const float factor = scale[at], added = shift ? shift[at] : 0;
        double sum = 0, products = 0;
        FOR_EACH_THREAD(i, chunk.first, chunk.last) {
            const float difference = x[i] - mean[at];
            const float by_y = !y || y[i] > 0 ? by_result[i] : by_result[i] * slope;
            const float by_normal = gamma ? by_y * (gamma[i] + 1) : by_y;
            by_x[i] = by_normal * factor;
            if (by_gamma) by_gamma[i] = by_y * (difference * factor + added);
            if (by_beta) by_beta[i] = by_y;
            sum += by_normal;
            products += (double)by_normal * difference;
        }
        store_sums(sums, number, sum, products);
    }
}

__global__ void combine_gradients(
    InputDouble sums, InputDouble scale, OutputDouble by_mean, OutputDouble by_scale, OutputDouble by_shift,
    int64_t planes, int64_t size, int64_t means
) {
    FOR_EACH_BLOCK(at, means) {
        const TwoSums channel_sums = sums_of_planes(sums, at, means, planes, chunks_of(size));
        if (threadIdx.x == 0) {
            by_mean[at] = -(double)(float)scale[at] * channel_sums.first;  // x is multiplied by the float
            by_scale[at] = channel_sums.second;
            if (by_shift) by_shift[at] = channel_sums.first;
        }
    }
}

// Gradients of `modulate`. `y` is its result, whose sign is that of the argument of leaky ReLU, or absent for slope 1.
template <class Shift, class Map, class Y, class ByShift, class ByGamma, class ByBeta>
inline void modulate_gradients(
    Array<const float> x, Array<const double> mean, Array<const double> scale, Array<const float> by_result,
    Shift shift, Map gamma, Y y, Array<float> by_x, Array<double> by_mean, Array<double> by_scale, ByShift by_shift,
    ByGamma by_gamma, ByBeta by_beta, Array<double> scratch, const Numbers& numbers
) {
    const int64_t means = mean.size, planes = x.shape[0] * x.shape[1], size = x.size / planes;
    const double* shift_values = shift.values;
    const float *y_values = y.values, *gamma_values = gamma.values;
    double* by_shift_values = by_shift.values;
    float *by_gamma_values = by_gamma.values, *by_beta_values = by_beta.values;
    LAUNCH(
        differentiate_modulation, blocks_for(planes * chunks_of(size)), THREADS, x.values, mean.values, scale.values,
        shift_values, by_result.values, y_values, gamma_values, by_x.values, by_gamma_values, by_beta_values,
        scratch.values, planes, size, means, (float)numbers.at("slope")
    );
    LAUNCH(
        combine_gradients, blocks_for(means), FEW_THREADS, scratch.values, scale.values, by_mean.values,
        by_scale.values, by_shift_values, planes, size, means
    );
}
}
