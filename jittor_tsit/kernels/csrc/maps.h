// Layout changes, sums, leaky ReLU and changes of size of images in oneDNN's blocked layout (blocks.h), on all cores.
#pragma once
#include "blocks.h"

namespace {
// x [N, C, H, W] -> y [N, B, H, W, K]
inline void pack(Array<const float> x_array, Array<float> y_array) {
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ y_values = y_array.values;
    const int64_t N = x_array.shape[0], C = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    const int64_t B = y_array.shape[1];
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const int64_t channels = std::min<int64_t>(K, C - b * K);
        float* y = y_values + ((n * B + b) * H + h) * W * K;
        const float* x = x_values + ((n * C + b * K) * H + h) * W;
        if (channels < K) std::fill(y, y + W * K, 0.0f);
        if (channels == K) {  // a constant number of iterations: the compiler vectorises this loop
            for (int64_t w = 0; w < W; w++)
                for (int64_t c = 0; c < K; c++) y[w * K + c] = x[c * H * W + w];
        } else {
            for (int64_t w = 0; w < W; w++)
                for (int64_t c = 0; c < channels; c++) y[w * K + c] = x[c * H * W + w];
        }
    }
}

// x [N, B, H, W, K] -> y [N, C, H, W]
inline void unpack(Array<const float> x_array, Array<float> y_array) {
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ y_values = y_array.values;
    const int64_t N = y_array.shape[0], C = y_array.shape[1], H = y_array.shape[2], W = y_array.shape[3];
    const int64_t B = x_array.shape[1];
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const int64_t channels = std::min<int64_t>(K, C - b * K);
        const float* x = x_values + ((n * B + b) * H + h) * W * K;
        float* y = y_values + ((n * C + b * K) * H + h) * W;
        for (int64_t c = 0; c < channels; c++)
            for (int64_t w = 0; w < W; w++) y[c * H * W + w] = x[w * K + c];
    }
}

// Each pixel of x becomes a square of 2 x 2 pixels of y.
inline void repeat2x(Array<const float> x_array, Array<float> y_array) {
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ y_values = y_array.values;
    const int64_t N = x_array.shape[0], B = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const V* x = (const V*)x_values + ((n * B + b) * H + h) * W;
        V* upper = (V*)y_values + ((n * B + b) * 2 * H + 2 * h) * 2 * W;
        V* lower = upper + 2 * W;
        for (int64_t w = 0; w < W; w++) upper[2 * w] = upper[2 * w + 1] = lower[2 * w] = lower[2 * w + 1] = x[w];
    }
}

// Each pixel of y is the sum of a square of 2 x 2 pixels of x.
inline void sum2x(Array<const float> x_array, Array<float> y_array) {
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ y_values = y_array.values;
    const int64_t N = y_array.shape[0], B = y_array.shape[1], H = y_array.shape[2], W = y_array.shape[3];
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const V* upper = (const V*)x_values + ((n * B + b) * 2 * H + 2 * h) * 2 * W;
        const V* lower = upper + 2 * W;
        V* y = (V*)y_values + ((n * B + b) * H + h) * W;
        for (int64_t w = 0; w < W; w++) y[w] = upper[2 * w] + upper[2 * w + 1] + lower[2 * w] + lower[2 * w + 1];
    }
}

// Each pixel of y is the top-left pixel of a square of 2 x 2 pixels of x.
inline void take2x(Array<const float> x_array, Array<float> y_array) {
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ y_values = y_array.values;
    const int64_t N = y_array.shape[0], B = y_array.shape[1], H = y_array.shape[2], W = y_array.shape[3];
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const V* upper = (const V*)x_values + ((n * B + b) * 2 * H + 2 * h) * 2 * W;
        V* y = (V*)y_values + ((n * B + b) * H + h) * W;
        for (int64_t w = 0; w < W; w++) y[w] = upper[2 * w];
    }
}

// Each pixel of x becomes the top-left pixel of a square of 2 x 2 pixels of y; the other three are 0.
inline void place2x(Array<const float> x_array, Array<float> y_array) {
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ y_values = y_array.values;
    const int64_t N = x_array.shape[0], B = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const V* x = (const V*)x_values + ((n * B + b) * H + h) * W;
        V* y = (V*)y_values + ((n * B + b) * 2 * H + 2 * h) * 2 * W;
        std::memset(y, 0, 4 * W * sizeof(V));
        for (int64_t w = 0; w < W; w++) y[2 * w] = x[w];
    }
}

// z = x + y
inline void add(Array<const float> x_array, Array<const float> y_array, Array<float> z_array) {
    const float* __restrict__ x_values = x_array.values;
    const float* __restrict__ y_values = y_array.values;
    float* __restrict__ z_values = z_array.values;
    const int64_t N = x_array.shape[0], B = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const int64_t row = (n * B + b) * H + h;
        const V *x = (const V*)x_values + row * W, *y = (const V*)y_values + row * W;
        V* z = (V*)z_values + row * W;
        for (int64_t w = 0; w < W; w++) z[w] = x[w] + y[w];
    }
}

// y = x where `sign` is positive, and x times `slope` elsewhere. With sign = x this is leaky ReLU. With the result of
// leaky ReLU as the sign, and the gradient by this result as x, it is the gradient of leaky ReLU.
inline void scale_by_sign(
    Array<const float> sign_array, Array<const float> x_array, Array<float> y_array, const Numbers& numbers
) {
    const float* __restrict__ sign_values = sign_array.values;
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ y_values = y_array.values;
    const int64_t N = x_array.shape[0], B = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    const float slope = numbers.at("slope");
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const int64_t row = (n * B + b) * H + h;
        const V *sign = (const V*)sign_values + row * W, *x = (const V*)x_values + row * W;
        V* y = (V*)y_values + row * W;
        for (int64_t w = 0; w < W; w++) y[w] = sign[w] > 0 ? x[w] : x[w] * slope;
    }
}

// Sum of each channel over samples and pixels. x [N, B, H, W, K] -> result [C]
inline void channel_sums(Array<const float> x_array, Array<float> result) {
    const float* __restrict__ x_values = x_array.values;
    const int64_t N = x_array.shape[0], B = x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    std::vector<double> row_sums(N * B * H * K);
    VDouble* sums = (VDouble*)row_sums.data();
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const int64_t row = (n * B + b) * H + h;
        const V* x = (const V*)x_values + row * W;
        VDouble sum = {};
        for (int64_t w = 0; w < W; w++) sum += to_double(x[w]);
        sums[row] = sum;
    }
    for (int64_t c = 0; c < result.shape[0]; c++) {
        double sum = 0;
        for (int64_t n = 0; n < N; n++)
            for (int64_t h = 0; h < H; h++) sum += sums[(n * B + c / K) * H + h][c % K];
        result.values[c] = sum;
    }
}

// Every pixel of y holds the value of its channel. values [C] -> y [N, B, H, W, K]
inline void spread(Array<const float> values, Array<float> y_array) {
    float* __restrict__ y_values = y_array.values;
    const int64_t N = y_array.shape[0], B = y_array.shape[1], H = y_array.shape[2], W = y_array.shape[3];
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const V value = of_block(values.values, b, values.shape[0]);
        V* y = (V*)y_values + ((n * B + b) * H + h) * W;
        for (int64_t w = 0; w < W; w++) y[w] = value;
    }
}
}
