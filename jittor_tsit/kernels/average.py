"""Mean of 3 x 3 pixels at stride 2, and its adjoint.

On the CPU a row's three rows are added up first, then three neighbours of the sum; in Jittor's operators the step in
between has three times the image's size. On a GPU a thread adds up all pixels of a window. The plain twin is
`plain_avg_pool_down` of layers/resize.py.
"""

from __future__ import annotations

import jittor as jt

from jittor_tsit.kernels import cuda
from jittor_tsit.kernels.cpu import kernel
from jittor_tsit.kernels.cuda import cuda_kernel

_HEADER = """
namespace {
// How many of the pixels 2i-1, 2i, 2i+1 there are.
inline int inside(int64_t i, int64_t size) { return std::min(2 * i + 2, size) - std::max<int64_t>(2 * i - 1, 0); }

std::vector<float> shares(int64_t windows, int64_t size) {
    std::vector<float> result(windows);
    for (int64_t i = 0; i < windows; i++) result[i] = 1.0f / inside(i, size);
    return result;
}
}
"""

_DOWN = """
    const int64_t H = in0_shape2, W = in0_shape3, h_out = out_shape2, w_out = out_shape3;
    const auto row_shares = shares(h_out, H), column_shares = shares(w_out, W);
    #pragma omp parallel for
    for (int64_t plane = 0; plane < in0_shape0 * in0_shape1; plane++) {
        std::vector<float> sums(W + 2);  // of three rows, between a 0 on both sides
        for (int64_t h = 0; h < h_out; h++) {
            std::fill(sums.begin(), sums.end(), 0.0f);
            for (int64_t row = std::max<int64_t>(2 * h - 1, 0); row < std::min(2 * h + 2, H); row++) {
                const auto* x = in0_p + (plane * H + row) * W;
                for (int64_t w = 0; w < W; w++) sums[w + 1] += x[w];
            }
            auto* y = out_p + (plane * h_out + h) * w_out;
            for (int64_t w = 0; w < w_out; w++)
                y[w] = (sums[2 * w] + sums[2 * w + 1] + sums[2 * w + 2]) * (row_shares[h] * column_shares[w]);
        }
    }
"""
# A pixel of an even row is in the windows of one row, one of an odd row in those of two; columns likewise.
_ADJOINT = """
    const int64_t H = out_shape2, W = out_shape3, h_in = in0_shape2, w_in = in0_shape3;
    const auto row_shares = shares(h_in, H), column_shares = shares(w_in, W);
    #pragma omp parallel for
    for (int64_t plane = 0; plane < out_shape0 * out_shape1; plane++) {
        std::vector<float> sums(w_in + 1);  // of a row's windows, and a 0 behind the last
        for (int64_t h = 0; h < H; h++) {
            std::fill(sums.begin(), sums.end(), 0.0f);
            for (int64_t row = h / 2; row < std::min((h + 1) / 2 + 1, h_in); row++) {
                const auto* y = in0_p + (plane * h_in + row) * w_in;
                for (int64_t w = 0; w < w_in; w++) sums[w] += y[w] * (row_shares[row] * column_shares[w]);
            }
            auto* x = out_p + (plane * H + h) * W;
            for (int64_t w = 0; w < W / 2; w++) {
                x[2 * w] = sums[w];
                x[2 * w + 1] = sums[w] + sums[w + 1];
            }
            if (W % 2) x[W - 1] = sums[w_in - 1];
        }
    }
"""
_CUDA_SHARE = """
namespace {
// One over how many of the pixels 2i-1, 2i, 2i+1 there are.
__device__ inline float share(int64_t i, int64_t size) {
    return 1.0f / (least(2 * i + 2, size) - most(2 * i - 1, 0));
}
}
"""
_CUDA_DOWN_KERNEL = (
    _CUDA_SHARE
    + """
namespace {
// A block for a row of the result.
__global__ void average(Given x, Made y, int64_t planes, int64_t H, int64_t W) {
    const int64_t h_out = ceil_div(H, 2), w_out = ceil_div(W, 2);
    FOR_EACH_BLOCK(row, planes * h_out) {
        const int64_t plane = row / h_out, h = row % h_out;
        FOR_EACH_THREAD(w, 0, w_out) {
            float sum = 0;
            for (int64_t i = most(2 * h - 1, 0); i < least(2 * h + 2, H); i++)
                for (int64_t j = most(2 * w - 1, 0); j < least(2 * w + 2, W); j++) sum += x[(plane * H + i) * W + j];
            y[row * w_out + w] = sum * (share(h, H) * share(w, W));
        }
    }
}
}
"""
)
_CUDA_ADJOINT_KERNEL = (
    _CUDA_SHARE
    + """
namespace {
__global__ void average_adjoint(Given y, Made x, int64_t planes, int64_t H, int64_t W) {
    const int64_t h_in = ceil_div(H, 2), w_in = ceil_div(W, 2);
    FOR_EACH_BLOCK(row, planes * H) {
        const int64_t plane = row / H, h = row % H;
        FOR_EACH_THREAD(w, 0, W) {
            float sum = 0;
            for (int64_t i = h / 2; i < least((h + 1) / 2 + 1, h_in); i++)
                for (int64_t j = w / 2; j < least((w + 1) / 2 + 1, w_in); j++)
                    sum += y[(plane * h_in + i) * w_in + j] * (share(i, H) * share(j, W));
            x[row * W + w] = sum;
        }
    }
}
}
"""
)
_CUDA_DOWN = """
    const int64_t planes = (int64_t)in0_shape0 * in0_shape1;
    LAUNCH(average, blocks_for(planes * out0_shape2), THREADS / 2, in0_p, out0_p, planes, in0_shape2, in0_shape3);
"""
_CUDA_ADJOINT = """
    const int64_t planes = (int64_t)in0_shape0 * in0_shape1;
    LAUNCH(average_adjoint, blocks_for(planes * out0_shape2), THREADS / 2,
           in0_p, out0_p, planes, out0_shape2, out0_shape3);
"""


def average_down(x: jt.Var) -> jt.Var:
    """Means of the pixels that windows of 3 x 3 hold. [N, C, H, W] float32 -> [N, C, ceil(H / 2), ceil(W / 2)]"""
    n, c, h, w = x.shape
    shape = [n, c, (h + 1) // 2, (w + 1) // 2]
    if cuda.is_used():
        return cuda_kernel([shape], [x], _CUDA_DOWN_KERNEL, _CUDA_DOWN)[0]
    return kernel([shape], [x], _DOWN, _HEADER)[0]


def average_down_adjoint(y: jt.Var, height: int, width: int) -> jt.Var:
    """The gradient by an image of this size. [N, C, ceil(height / 2), ceil(width / 2)] -> [N, C, height, width]"""
    shape = [*y.shape[:2], height, width]
    if cuda.is_used():
        return cuda_kernel([shape], [y], _CUDA_ADJOINT_KERNEL, _CUDA_ADJOINT)[0]
    return kernel([shape], [y], _ADJOINT, _HEADER)[0]
