// Averages over windows of 3 x 3 pixels at stride 2 and padding 1, and their gradient, for images [N, C, H, W].
#pragma once
#include "gpu.cuh"

namespace {
// Weight of a pixel in window i along one axis: 1 / how many of the pixels 2i - 1, 2i, 2i + 1 lie inside.
__device__ inline float window_weight(int64_t i, int64_t size) {
    return 1.0f / (least(2 * i + 2, size) - most(2 * i - 1, 0));
}

// A block computes a row of the result, a thread a pixel.
__global__ void average_rows(Input x, Output y, int64_t planes, int64_t H, int64_t W) {
    const int64_t h_out = ceil_div(H, 2), w_out = ceil_div(W, 2);
    FOR_EACH_BLOCK(row, planes * h_out) {
        const int64_t plane = row / h_out, h = row % h_out;
        FOR_EACH_THREAD(w, 0, w_out) {
            float sum = 0;
            for (int64_t i = most(2 * h - 1, 0); i < least(2 * h + 2, H); i++)
                for (int64_t j = most(2 * w - 1, 0); j < least(2 * w + 2, W); j++) sum += x[(plane * H + i) * W + j];
            y[row * w_out + w] = sum * (window_weight(h, H) * window_weight(w, W));
        }
    }
}

__global__ void average_gradient_rows(Input by_y, Output by_x, int64_t planes, int64_t H, int64_t W) {
    const int64_t h_out = ceil_div(H, 2), w_out = ceil_div(W, 2);
    FOR_EACH_BLOCK(row, planes * H) {
        const int64_t plane = row / H, h = row % H;
        FOR_EACH_THREAD(w, 0, W) {
            float sum = 0;
            for (int64_t i = h / 2; i < least((h + 1) / 2 + 1, h_out); i++)
                for (int64_t j = w / 2; j < least((w + 1) / 2 + 1, w_out); j++)
                    sum += by_y[(plane * h_out + i) * w_out + j] * (window_weight(i, H) * window_weight(j, W));
            by_x[row * W + w] = sum;
        }
    }
}

inline void average_down(Array<const float> x, Array<float> y) {
    const int64_t planes = x.shape[0] * x.shape[1];
    LAUNCH(
        average_rows, blocks_for(planes * y.shape[2]), THREADS / 2, x.values, y.values, planes, x.shape[2], x.shape[3]
    );
}

inline void average_down_gradient(Array<const float> by_y, Array<float> by_x) {
    const int64_t planes = by_x.shape[0] * by_x.shape[1];
    LAUNCH(
        average_gradient_rows, blocks_for(planes * by_x.shape[2]), THREADS / 2, by_y.values, by_x.values, planes,
        by_x.shape[2], by_x.shape[3]
    );
}
}
