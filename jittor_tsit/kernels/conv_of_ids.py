"""Convolution of a one-hot map, on the CPU: of each pixel's products with the weight all but one are 0.

What is left is a sum of rows of the weight, chosen by the classes in a window. Its gradient by the weight adds each
pixel of the result's gradient to the rows that the pixel came from. The plain twin is `conv2d` of the map itself.
"""

from __future__ import annotations

from typing import List, Sequence

import jittor as jt

from jittor_tsit.kernels.conv_geometry import Geometry
from jittor_tsit.kernels.cpu import BLOCK, kernel

# `ids` are the classes with a border of one more, which stands for what is outside the image; its weight is 0.
# A row of weights is that of a tap, of one place in the window, and a class. Templates, so that the compiler can count
# 3 x 3 taps.
_HEADER = """
namespace {
struct Windows {
    int64_t height, width, stride_h, stride_w, H, W, classes;  // of the window, its steps, the bordered map
    const uint16_t* ids;
    const uint16_t* row(int64_t n, int64_t h) const { return ids + (n * H + h * stride_h) * W; }
};

std::vector<uint16_t> bordered(const uint8_t* ids, int64_t N, int64_t height, int64_t width, int64_t above,
                               int64_t beside, int64_t H, int64_t W, int64_t classes) {
    std::vector<uint16_t> result(N * H * W, classes);
    for (int64_t n = 0; n < N; n++)
    for (int64_t h = 0; h < height; h++)
    for (int64_t w = 0; w < width; w++)
        result[(n * H + h + above) * W + w + beside] = std::min<int64_t>(ids[(n * height + h) * width + w], classes);
    return result;
}

template <int64_t HEIGHT, int64_t WIDTH>
inline void add_up(const Windows& at, const uint16_t* row, const V* weight, V first, float slope, V* y,
                   int64_t size) {
    const int64_t height = HEIGHT ? HEIGHT : at.height, width = WIDTH ? WIDTH : at.width, classes = at.classes + 1;
    for (int64_t w = 0; w < size; w++, row += at.stride_w) {
        V sum = first;
        for (int64_t i = 0; i < height; i++)
        for (int64_t j = 0; j < width; j++) sum += weight[(i * width + j) * classes + row[i * at.W + j]];
        y[w] = sum > 0 ? sum : sum * slope;
    }
}

template <int64_t HEIGHT, int64_t WIDTH>
inline V hand_out(const Windows& at, const uint16_t* row, V* weight, const V* y, const V* by_y, const V* rounded,
                  float slope, int64_t size) {
    const int64_t height = HEIGHT ? HEIGHT : at.height, width = WIDTH ? WIDTH : at.width, classes = at.classes + 1;
    V sum = {};
    for (int64_t w = 0; w < size; w++, row += at.stride_w) {
        const V by_sum = y[w] > 0 ? rounded[w] : rounded[w] * slope;
        sum += y[w] > 0 ? by_y[w] : by_y[w] * slope;
        for (int64_t i = 0; i < height; i++)
        for (int64_t j = 0; j < width; j++) weight[(i * width + j) * classes + row[i * at.W + j]] += by_sum;
    }
    return sum;
}
}
"""
_WINDOWS = """
    const int64_t C = {weight}_shape0, classes = {weight}_shape1, height = {weight}_shape2, width = {weight}_shape3;
    const int64_t above = data["padding_h"], beside = data["padding_w"];
    const int64_t ids_h = in0_shape1 + 2 * above, ids_w = in0_shape2 + 2 * beside, taps = height * width;
    const auto ids = bordered(in0_p, in0_shape0, in0_shape1, in0_shape2, above, beside, ids_h, ids_w, classes);
    const Windows at = {{height, width, (int64_t)data["stride_h"], (int64_t)data["stride_w"], ids_h, ids_w, classes,
                         ids.data()}};
    const bool is_3x3 = height == 3 && width == 3;
    const int64_t N = {image}_shape0, B = {image}_shape1, H = {image}_shape2, W = {image}_shape3;
    const int64_t size = taps * (classes + 1);  // of a block's rows
    const float slope = data["slope"];
"""
_FORWARD = (
    _WINDOWS.format(weight="in1", image="out0")
    + """
    std::vector<float> kept(B * size * K);  // the outside keeps 0
    for (int64_t c = 0; c < C; c++)
    for (int64_t k = 0; k < classes; k++)
    for (int64_t t = 0; t < taps; t++)
        kept[((c / K * taps + t) * (classes + 1) + k) * K + c % K] = in1_p[(c * classes + k) * taps + t];
    #pragma omp parallel for collapse(3)
    for (int64_t n = 0; n < N; n++)
    for (int64_t b = 0; b < B; b++)
    for (int64_t h = 0; h < H; h++) {
        const V* rows = (const V*)kept.data() + b * size;
        V* y = (V*)out0_p + ((n * B + b) * H + h) * W;
        const V first = of_block(in2_p, b, C);
        (is_3x3 ? add_up<3, 3> : add_up<0, 0>)(at, at.row(n, h), rows, first, slope, y, W);
    }
"""
)
# Parts of so many rows, at most 64, added up in one order: the sum does not depend on the number of cores.
_BACKWARD = (
    _WINDOWS.format(weight="out0", image="in1")
    + """
    const int64_t step = std::max<int64_t>(16, (N * H + 63) / 64), parts = (N * H + step - 1) / step;
    std::vector<float> kept(parts * B * size * K), kept_sums(parts * B * K);
    V* sums = (V*)kept_sums.data();
    const auto hand_out_row = is_3x3 ? hand_out<3, 3> : hand_out<0, 0>;
    #pragma omp parallel for collapse(2)
    for (int64_t p = 0; p < parts; p++)
    for (int64_t b = 0; b < B; b++) {
        V* rows = (V*)kept.data() + (p * B + b) * size;
        for (int64_t i = p * step; i < std::min((p + 1) * step, N * H); i++) {
            const int64_t n = i / H, h = i % H, place = ((n * B + b) * H + h) * W;
            const V *y = (const V*)in1_p + place, *by_y = (const V*)in2_p + place, *rounded = (const V*)in3_p + place;
            sums[p * B + b] += hand_out_row(at, at.row(n, h), rows, y, by_y, rounded, slope, W);
        }
    }
    #pragma omp parallel for
    for (int64_t c = 0; c < C; c++) {
        double total = 0;
        for (int64_t p = 0; p < parts; p++) total += sums[p * B + c / K][c % K];
        out1_p[c] = total;
        for (int64_t k = 0; k < classes; k++)
        for (int64_t t = 0; t < taps; t++) {
            double sum = 0;
            for (int64_t p = 0; p < parts; p++)
                sum += kept[((p * B + c / K) * size + t * (classes + 1) + k) * K + c % K];
            out0_p[(c * classes + k) * taps + t] = sum;
        }
    }
"""
)


def convolved(ids: jt.Var, weight: jt.Var, bias: jt.Var, geometry: Geometry, slope: float) -> jt.Var:
    """Leaky ReLU of this slope of the convolution of the one-hot form of `ids`.

    Shapes:
        ids [N, H, W] uint8, weight [D, K, h, w], bias [D] -> [N, D / BLOCK, H', W', BLOCK]; ids from K on are all 0
    """
    size = geometry.output_size(ids.shape[1:], weight.shape[2:])
    shape = [ids.shape[0], -(-weight.shape[0] // BLOCK), *size, BLOCK]
    return kernel([shape], [ids, weight, bias], _FORWARD, _HEADER, slope=slope, **geometry.numbers())[0]


def gradients(
    ids: jt.Var, y: jt.Var, by_y: jt.Var, rounded: jt.Var, shape: Sequence[int], geometry: Geometry, slope: float
) -> List[jt.Var]:
    """Its gradients by a weight of this shape and by the bias.

    Args:
        by_y: That of the result y, for the bias.
        rounded: The same as products with the map take it, for the weight.
    """
    inputs = [ids, y, by_y, rounded]
    return kernel([shape, shape[:1]], inputs, _BACKWARD, _HEADER, slope=slope, **geometry.numbers())
