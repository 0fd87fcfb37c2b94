// Averages over windows of 3 x 3 pixels at stride 2 and padding 1, and their gradient, for images [N, C, H, W].
//
// The padding does not count. Three rows are added up first, then three neighbours of the sums.
#pragma once
#include <algorithm>
#include <vector>
#include "arrays.h"

namespace {
// How many of the pixels 2i - 1, 2i, 2i + 1 lie inside an axis of this size.
inline int pixels_inside(int64_t i, int64_t size) {
    return std::min(2 * i + 2, size) - std::max<int64_t>(2 * i - 1, 0);
}

// Weight of a pixel in each window along one axis.
inline std::vector<float> window_weights(int64_t windows, int64_t size) {
    std::vector<float> result(windows);
    for (int64_t i = 0; i < windows; i++) result[i] = 1.0f / pixels_inside(i, size);
    return result;
}

inline void average_down(Array<const float> x_array, Array<float> y_array) {
    const float* __restrict__ x_values = x_array.values;
    float* __restrict__ y_values = y_array.values;
    const int64_t planes = x_array.shape[0] * x_array.shape[1], H = x_array.shape[2], W = x_array.shape[3];
    const int64_t h_out = y_array.shape[2], w_out = y_array.shape[3];
    const auto row_weights = window_weights(h_out, H), column_weights = window_weights(w_out, W);
    #pragma omp parallel for
    for (int64_t plane = 0; plane < planes; plane++) {
        std::vector<float> sums(W + 2);  // sums of three rows, with a 0 at both ends
        for (int64_t h = 0; h < h_out; h++) {
            std::fill(sums.begin(), sums.end(), 0.0f);
            for (int64_t row = std::max<int64_t>(2 * h - 1, 0); row < std::min(2 * h + 2, H); row++) {
                const float* x = x_values + (plane * H + row) * W;
                for (int64_t w = 0; w < W; w++) sums[w + 1] += x[w];
            }
            float* y = y_values + (plane * h_out + h) * w_out;
            for (int64_t w = 0; w < w_out; w++)
                y[w] = (sums[2 * w] + sums[2 * w + 1] + sums[2 * w + 2]) * (row_weights[h] * column_weights[w]);
        }
    }
}

// A pixel of an even row lies in the windows of one row, a pixel of an odd row in those of two; columns likewise.
inline void average_down_gradient(Array<const float> by_y_array, Array<float> by_x_array) {
    const float* __restrict__ by_y_values = by_y_array.values;
    float* __restrict__ by_x_values = by_x_array.values;
    const int64_t planes = by_x_array.shape[0] * by_x_array.shape[1];
    const int64_t H = by_x_array.shape[2], W = by_x_array.shape[3];
    const int64_t h_out = by_y_array.shape[2], w_out = by_y_array.shape[3];
    const auto row_weights = window_weights(h_out, H), column_weights = window_weights(w_out, W);
    #pragma omp parallel for
    for (int64_t plane = 0; plane < planes; plane++) {
        std::vector<float> sums(w_out + 1);  // sums of a row's windows, and a 0 at the end
        for (int64_t h = 0; h < H; h++) {
            std::fill(sums.begin(), sums.end(), 0.0f);
            for (int64_t row = h / 2; row < std::min((h + 1) / 2 + 1, h_out); row++) {
                const float* by_y = by_y_values + (plane * h_out + row) * w_out;
                for (int64_t w = 0; w < w_out; w++) sums[w] += by_y[w] * (row_weights[row] * column_weights[w]);
            }
            float* by_x = by_x_values + (plane * H + h) * W;
            for (int64_t w = 0; w < W / 2; w++) {
                by_x[2 * w] = sums[w];
                by_x[2 * w + 1] = sums[w] + sums[w + 1];
            }
            if (W % 2) by_x[W - 1] = sums[w_out - 1];
        }
    }
}
}
