// Mean and variance, and normalisation with modulation and leaky ReLU, of images in oneDNN's blocked layout (blocks.h).
//
// Each function passes over the image once. Sums are float64 and are added up in constant order, so that the result
// does not depend on the number of cores. Mean, scale and shift are [N, C] or, for the whole batch, [1, C].
#pragma once
#include "blocks.h"

namespace {
enum Activation { LINEAR, LEAKY_RELU };

// x - mean, the mean given as the sum of two float32 numbers. Jittor compiles with -Ofast, which would add these two
// first; the barrier prevents it.
inline V subtract_mean(V x, V mean, V rest) {
    V difference = x - mean;
    asm("" : "+x"(difference));
    return difference - rest;
}

// Values of one block's channels; 0 for an absent array.
inline V values_at(Array<const double> array, int64_t at, int64_t b, int64_t C) {
    return of_block(array.values + at, b, C);
}
inline V values_at(Absent, int64_t, int64_t, int64_t) { return V{}; }

// Row h of block b in image number `part` of two images whose channels follow each other in one array
// [N, 2 B, H, W, K].
template <class Values>
inline Values* row_of_two(
    Values* image, int64_t part, int64_t n, int64_t b, int64_t h, int64_t B, int64_t H, int64_t W
) {
    return image + (((n * 2 + part) * B + b) * H + h) * W;
}

// The first pixel of each plane is subtracted from all its pixels. Then the variance is at least the squared mean of
// the differences divided by their number, and E[d^2] - E[d]^2 in float64 keeps 10 of its 16 digits for a million
// pixels.
inline void moments(Array<const float> x_array, Array<double> mean_array, Array<double> variance_array) {
    const float* __restrict__ x_values = x_array.values;
    double* __restrict__ mean_values = mean_array.values;
    double* __restrict__ variance_values = variance_array.values;
    const int64_t N = x_array.shape[0], B = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    const int64_t C = mean_array.shape[1], groups = mean_array.shape[0], samples = N / groups;  // samples of a group
    std::vector<double> row_sums(2 * N * B * H * K);
    VDouble* sums = (VDouble*)row_sums.data();
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const int64_t row = (n * B + b) * H + h;
        const V* x = (const V*)x_values + row * W;
        const VDouble shift = to_double(((const V*)x_values)[(n * B + b) * H * W]);
        VDouble sum = {}, squares = {};
        for (int64_t w = 0; w < W; w++) {
            const VDouble difference = to_double(x[w]) - shift;
            sum += difference;
            squares += difference * difference;
        }
        sums[2 * row] = sum;
        sums[2 * row + 1] = squares;
    }
    std::vector<double> means(samples), variances(samples);
    for (int64_t g = 0; g < groups; g++)
        for (int64_t c = 0; c < C; c++) {
            double mean = 0, variance = 0;
            for (int64_t i = 0; i < samples; i++) {
                const int64_t first = ((g * samples + i) * B + c / K) * H;
                double sum = 0, squares = 0;
                for (int64_t h = 0; h < H; h++) {
                    sum += sums[2 * (first + h)][c % K];
                    squares += sums[2 * (first + h) + 1][c % K];
                }
                const double shifted = sum / (H * W);
                means[i] = x_values[first * W * K + c % K] + shifted;
                variances[i] = std::max(squares / (H * W) - shifted * shifted, 0.0);
                mean += means[i] / samples;
            }
            for (int64_t i = 0; i < samples; i++)
                variance += (variances[i] + (means[i] - mean) * (means[i] - mean)) / samples;
            mean_values[g * C + c] = mean;
            variance_values[g * C + c] = variance;
        }
}

// Gradient of the moments by x, plus `by_x` unless that is absent.
template <class ByX>
inline void moments_gradient(
    Array<const float> x_array, Array<const double> mean, Array<const double> by_mean, Array<const double> by_variance,
    ByX by_x_array, Array<float> result_array
) {
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ result_values = result_array.values;
    const int64_t N = x_array.shape[0], B = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    const int64_t C = mean.shape[1], samples = N / mean.shape[0];
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const int64_t row = (n * B + b) * H + h, at = n / samples * C;
        const V center = of_block(mean.values + at, b, C), rest = rest_of_block(mean.values + at, b, C);
        const float share = 1.0f / (samples * H * W);
        const V from_mean = of_block(by_mean.values + at, b, C) * share;
        const V from_variance = of_block(by_variance.values + at, b, C) * (2 * share);
        const V *x = (const V*)x_values + row * W, *by_x = (const V*)by_x_array.values + row * W;
        V* result = (V*)result_values + row * W;
        for (int64_t w = 0; w < W; w++) {
            const V of_variance = from_variance * subtract_mean(x[w], center, rest);
            result[w] = ByX::exists ? by_x[w] + from_mean + of_variance : from_mean + of_variance;
        }
    }
}

// y = leaky_relu(((x - mean) * scale + shift) * (1 + gamma) + beta). `maps` holds gamma and beta [N, 2 B, H, W, K].
template <Activation ACTIVATION, class Shift, class Maps>
inline void modulate(
    Array<const float> x_array, Array<const double> mean, Array<const double> scale, Shift shift_array, Maps maps,
    Array<float> y_array, const Numbers& numbers
) {
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ y_values = y_array.values;
    const int64_t N = x_array.shape[0], B = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    const int64_t C = mean.shape[1];
    const float slope = numbers.at("slope");
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const int64_t row = (n * B + b) * H + h, at = (mean.shape[0] == 1 ? 0 : n) * C;
        const V center = of_block(mean.values + at, b, C), rest = rest_of_block(mean.values + at, b, C);
        const V factor = of_block(scale.values + at, b, C), shift = values_at(shift_array, at, b, C);
        const V* x = (const V*)x_values + row * W;
        const V* gamma = row_of_two((const V*)maps.values, 0, n, b, h, B, H, W);
        const V* beta = row_of_two((const V*)maps.values, 1, n, b, h, B, H, W);
        V* result = (V*)y_values + row * W;
        for (int64_t w = 0; w < W; w++) {
            const V scaled = subtract_mean(x[w], center, rest) * factor;
            const V normal = Shift::exists ? scaled + shift : scaled;
            const V y = Maps::exists ? normal * (gamma[w] + 1) + beta[w] : normal;
            result[w] = ACTIVATION == LEAKY_RELU ? (y > 0 ? y : y * slope) : y;
        }
    }
}

// Gradients of `modulate`. `y` is its result, whose sign is that of the argument of leaky ReLU, or absent for slope 1.
// `scale` is the factor of x, and its gradient the sum of products with x - mean.
template <class Shift, class Maps, class Y, class ByShift, class ByMaps>
inline void modulate_gradients(
    Array<const float> x_array, Array<const double> mean, Array<const double> scale, Array<const float> by_result_array,
    Shift shift_array, Maps maps, Y y_array, Array<float> by_x_array, Array<double> by_mean, Array<double> by_scale,
    ByShift by_shift, ByMaps by_maps, const Numbers& numbers
) {
    const float* __restrict__ x_values = x_array.values;
    const float* __restrict__ by_result_values = by_result_array.values;
    float* __restrict__ by_x_values = by_x_array.values;
    const int64_t N = x_array.shape[0], B = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    const int64_t C = mean.shape[1], groups = mean.shape[0];
    const float slope = numbers.at("slope");
    std::vector<double> row_sums(2 * N * B * H * K);
    VDouble* sums = (VDouble*)row_sums.data();
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const int64_t row = (n * B + b) * H + h, at = (groups == 1 ? 0 : n) * C;
        const V center = of_block(mean.values + at, b, C), rest = rest_of_block(mean.values + at, b, C);
        const V factor = of_block(scale.values + at, b, C), shift = values_at(shift_array, at, b, C);
        const V *x = (const V*)x_values + row * W, *by_result = (const V*)by_result_values + row * W;
        const V* y = (const V*)y_array.values + row * W;
        const V* gamma = row_of_two((const V*)maps.values, 0, n, b, h, B, H, W);
        V* by_gamma = row_of_two((V*)by_maps.values, 0, n, b, h, B, H, W);
        V* by_beta = row_of_two((V*)by_maps.values, 1, n, b, h, B, H, W);
        V* by_x = (V*)by_x_values + row * W;
        VDouble sum = {}, products = {};
        for (int64_t w = 0; w < W; w++) {
            const V difference = subtract_mean(x[w], center, rest);
            const V by_y = Y::exists ? (y[w] > 0 ? by_result[w] : by_result[w] * slope) : by_result[w];
            const V by_normal = Maps::exists ? by_y * (gamma[w] + 1) : by_y;
            if (Maps::exists) {
                by_gamma[w] = by_y * (Shift::exists ? difference * factor + shift : difference * factor);
                by_beta[w] = by_y;
            }
            by_x[w] = by_normal * factor;
            sum += to_double(by_normal);
            products += to_double(by_normal * difference);
        }
        sums[2 * row] = sum;
        sums[2 * row + 1] = products;
    }
    double* by_shift_values = by_shift.values;
    for (int64_t g = 0; g < groups; g++)
        for (int64_t c = 0; c < C; c++) {
            double sum = 0, products = 0;
            for (int64_t n = g; n < (groups == 1 ? N : g + 1); n++)
                for (int64_t h = 0; h < H; h++) {
                    sum += sums[2 * ((n * B + c / K) * H + h)][c % K];
                    products += sums[2 * ((n * B + c / K) * H + h) + 1][c % K];
                }
            by_mean.values[g * C + c] = -(double)(float)scale.values[g * C + c] * sum;  // x is multiplied by the float
            by_scale.values[g * C + c] = products;
            if (ByShift::exists) by_shift_values[g * C + c] = sum;
        }
}
}
