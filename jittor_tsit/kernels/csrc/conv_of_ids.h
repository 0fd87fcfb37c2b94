// Convolution of a one-hot label map, computed from the class ids, with leaky ReLU, and its gradients, on all cores.
//
// A one-hot map has one 1 a pixel. Its convolution is a sum of rows of the weight: one row for each tap (place in the
// window) and the class of the pixel there. A row holds the weights of K output channels (blocks.h).
#pragma once
#include "blocks.h"

namespace {
// Class ids with a border of `classes`, a class of its own that stands for the padding; its weights are 0.
struct PaddedIds {
    int64_t height, width, stride_h, stride_w, H, W, classes;  // size of the window, its strides, size of the ids
    std::vector<uint16_t> ids;                                 // [N, H, W]
    const uint16_t* row(int64_t n, int64_t h) const { return ids.data() + (n * H + h * stride_h) * W; }
};

inline PaddedIds pad(Array<const uint8_t> ids, const int64_t* weight_shape, const Numbers& numbers) {
    const int64_t N = ids.shape[0], height = ids.shape[1], width = ids.shape[2], classes = weight_shape[1];
    const int64_t padding_h = numbers.at("padding_h"), padding_w = numbers.at("padding_w");
    const int64_t stride_h = numbers.at("stride_h"), stride_w = numbers.at("stride_w");
    const int64_t H = height + 2 * padding_h, W = width + 2 * padding_w;
    std::vector<uint16_t> padded(N * H * W, classes);
    for (int64_t n = 0; n < N; n++)
        for (int64_t h = 0; h < height; h++)
            for (int64_t w = 0; w < width; w++)
                padded[(n * H + h + padding_h) * W + w + padding_w] =
                    std::min<int64_t>(ids.values[(n * height + h) * width + w], classes);
    return {weight_shape[2], weight_shape[3], stride_h, stride_w, H, W, classes, std::move(padded)};
}

// Convolve one row. HEIGHT and WIDTH are the window's size, for the compiler to unroll the loops, or 0.
template <int64_t HEIGHT, int64_t WIDTH>
inline void convolve_row(
    const PaddedIds& from, const uint16_t* row, const V* weight, V bias, float slope, V* y, int64_t size
) {
    const int64_t height = HEIGHT ? HEIGHT : from.height, width = WIDTH ? WIDTH : from.width;
    const int64_t classes = from.classes + 1;
    for (int64_t w = 0; w < size; w++, row += from.stride_w) {
        V sum = bias;
        for (int64_t i = 0; i < height; i++)
            for (int64_t j = 0; j < width; j++) sum += weight[(i * width + j) * classes + row[i * from.W + j]];
        y[w] = sum > 0 ? sum : sum * slope;
    }
}

// Add one row's gradient by y to the rows of the gradient by the weight; return its sum, for the bias. The weight's
// gradient takes the values of `rounded`, the bias's those of `by_y`.
template <int64_t HEIGHT, int64_t WIDTH>
inline V add_row_gradients(
    const PaddedIds& from, const uint16_t* row, V* by_weight, const V* y, const V* by_y, const V* rounded, float slope,
    int64_t size
) {
    const int64_t height = HEIGHT ? HEIGHT : from.height, width = WIDTH ? WIDTH : from.width;
    const int64_t classes = from.classes + 1;
    V sum = {};
    for (int64_t w = 0; w < size; w++, row += from.stride_w) {
        const V by_sum = y[w] > 0 ? rounded[w] : rounded[w] * slope;
        sum += y[w] > 0 ? by_y[w] : by_y[w] * slope;
        for (int64_t i = 0; i < height; i++)
            for (int64_t j = 0; j < width; j++) by_weight[(i * width + j) * classes + row[i * from.W + j]] += by_sum;
    }
    return sum;
}

// ids [N, h, w], weight [C, classes, height, width], bias [C] -> y [N, B, H, W, K]
inline void convolve(
    Array<const uint8_t> ids_array, Array<const float> weight_array, Array<const float> bias, Array<float> y_array,
    const Numbers& numbers
) {
    const PaddedIds from = pad(ids_array, weight_array.shape, numbers);
    const float* __restrict__ weight = weight_array.values;
    const int64_t C = weight_array.shape[0], classes = from.classes, taps = from.height * from.width;
    const int64_t N = y_array.shape[0], B = y_array.shape[1], H = y_array.shape[2], W = y_array.shape[3];
    const int64_t size = taps * (classes + 1);  // rows of a block
    const float slope = numbers.at("slope");
    std::vector<float> all_rows(B * size * K);  // the padding's rows stay 0
    for (int64_t c = 0; c < C; c++)
        for (int64_t k = 0; k < classes; k++)
            for (int64_t t = 0; t < taps; t++)
                all_rows[((c / K * taps + t) * (classes + 1) + k) * K + c % K] = weight[(c * classes + k) * taps + t];
    const auto convolve_one = from.height == 3 && from.width == 3 ? convolve_row<3, 3> : convolve_row<0, 0>;
    FOR_EACH_ROW(n, b, h, N, B, H) {
        const V* rows = (const V*)all_rows.data() + b * size;
        V* y = (V*)y_array.values + ((n * B + b) * H + h) * W;
        convolve_one(from, from.row(n, h), rows, of_block(bias.values, b, C), slope, y, W);
    }
}

// Gradients by weight and bias. The rows of the result are divided into at most 64 chunks, which are added up in
// constant order, so that the result does not depend on the number of cores.
inline void convolve_gradients(
    Array<const uint8_t> ids_array, Array<const float> y_array, Array<const float> by_y_array,
    Array<const float> rounded_array, Array<float> by_weight, Array<float> by_bias, const Numbers& numbers
) {
    const PaddedIds from = pad(ids_array, by_weight.shape, numbers);
    const int64_t C = by_weight.shape[0], classes = from.classes, taps = from.height * from.width;
    const int64_t N = y_array.shape[0], B = y_array.shape[1], H = y_array.shape[2], W = y_array.shape[3];
    const int64_t size = taps * (classes + 1);  // rows of a block
    const float slope = numbers.at("slope");
    const int64_t step = std::max<int64_t>(16, (N * H + 63) / 64), chunks = (N * H + step - 1) / step;
    std::vector<float> all_rows(chunks * B * size * K), all_sums(chunks * B * K);
    V* sums = (V*)all_sums.data();
    const auto add_row = from.height == 3 && from.width == 3 ? add_row_gradients<3, 3> : add_row_gradients<0, 0>;
    #pragma omp parallel for collapse(2)
    for (int64_t chunk = 0; chunk < chunks; chunk++)
        for (int64_t b = 0; b < B; b++) {
            V* rows = (V*)all_rows.data() + (chunk * B + b) * size;
            for (int64_t i = chunk * step; i < std::min((chunk + 1) * step, N * H); i++) {
                const int64_t n = i / H, h = i % H, place = ((n * B + b) * H + h) * W;
                const V *y = (const V*)y_array.values + place, *by_y = (const V*)by_y_array.values + place;
                const V* rounded = (const V*)rounded_array.values + place;
                sums[chunk * B + b] += add_row(from, from.row(n, h), rows, y, by_y, rounded, slope, W);
            }
        }
    #pragma omp parallel for
    for (int64_t c = 0; c < C; c++) {
        double total = 0;
        for (int64_t chunk = 0; chunk < chunks; chunk++) total += sums[chunk * B + c / K][c % K];
        by_bias.values[c] = total;
        for (int64_t k = 0; k < classes; k++)
            for (int64_t t = 0; t < taps; t++) {
                double sum = 0;
                for (int64_t chunk = 0; chunk < chunks; chunk++)
                    sum += all_rows[((chunk * B + c / K) * size + t * (classes + 1) + k) * K + c % K];
                by_weight.values[(c * classes + k) * taps + t] = sum;
            }
    }
}
}
