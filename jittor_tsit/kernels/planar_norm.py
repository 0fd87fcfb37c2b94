"""Normalisation, modulation and leaky ReLU of images [N, C, H, W] on a GPU; on the CPU it is packed_norm.py.

A plane, one channel of one sample, may have 200,000 values, and an image 16 planes only: blocks of threads share a
plane, and what each has added up goes through an array of sums. `norm.py` gives these functions their gradients.
"""

from __future__ import annotations

from string import Template
from typing import List, Optional, Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels.cuda import cuda_kernel, num_chunks

_SUMS = """
namespace {
struct Sums { double first, second; };

// What the parts of the planes `at`, `at + step`, `at + 2 step`, ... have added up, two sums each.
__device__ inline Sums sums_of_planes(Given sums, int64_t at, int64_t step, int64_t planes, int64_t chunks) {
    double first = 0, second = 0;
    FOR_EACH_THREAD(k, 0, planes / step * chunks) {
        const int64_t part = (at + k / chunks * step) * chunks + k % chunks;
        first += sums[2 * part];
        second += sums[2 * part + 1];
    }
    first = block_sum(first);
    return {first, block_sum(second)};
}
}
"""
# E[x^2] - E[x]^2 loses its digits where the mean is large against the deviation: a pixel is subtracted from all.
_MOMENTS = (
    _SUMS
    + """
namespace {
__global__ void add_up(Given x, Made sums, int64_t planes, int64_t size) {
    FOR_EACH_BLOCK(part, planes * chunks_of(size)) {
        const Part own(part, size);
        const float shift = x[own.plane * size];
        float sum = 0, squares = 0;
        FOR_EACH_THREAD(i, own.first, own.last) {
            const float difference = x[i] - shift;
            sum += difference;
            squares += difference * difference;
        }
        sum = block_sum(sum);
        squares = block_sum(squares);
        if (threadIdx.x == 0) {
            sums[2 * part] = sum;
            sums[2 * part + 1] = squares;
        }
    }
}

__global__ void moments(Given x, Given sums, Made mean, Made var, int64_t planes, int64_t size) {
    FOR_EACH_BLOCK(plane, planes) {
        const Sums of = sums_of_planes(sums, plane, planes, planes, chunks_of(size));
        const double shifted = of.first / size;
        if (threadIdx.x == 0) {
            mean[plane] = (float)(x[plane * size] + shifted);
            var[plane] = (float)fmax(of.second / size - shifted * shifted, 0.0);
        }
    }
}
}
"""
)
_MOMENTS_LAUNCHES = """
    const int64_t planes = out0->num, size = in0->num / planes;
    LAUNCH(add_up, blocks_for(planes * chunks_of(size)), THREADS, in0_p, out2_p, planes, size);
    LAUNCH(moments, blocks_for(planes), FEW_THREADS, in0_p, out2_p, out0_p, out1_p, planes, size);
"""
_MOMENTS_GRADIENT = """
namespace {
__global__ void moments_gradient(
    Given x, Given mean, Given by_mean, Given by_var, Given by_x, Made result, int64_t planes, int64_t size
) {
    FOR_EACH_BLOCK(part, planes * chunks_of(size)) {
        const Part own(part, size);
        const float from_mean = by_mean[own.plane] / size, from_var = 2 * by_var[own.plane] / size;
        FOR_EACH_THREAD(i, own.first, own.last) {
            const float gradient = from_mean + from_var * (x[i] - mean[own.plane]);
            result[i] = by_x ? by_x[i] + gradient : gradient;
        }
    }
}
}
"""
_MOMENTS_GRADIENT_LAUNCHES = """
    const int64_t planes = in1->num, size = in0->num / planes;
    const float* by_x = $by_x;
    LAUNCH(moments_gradient, blocks_for(planes * chunks_of(size)), THREADS,
           in0_p, in1_p, in2_p, in3_p, by_x, out0_p, planes, size);
"""
# Of `means` means and scales, a plane takes one: its own, or that of its channel for all samples.
_MODULATE = """
namespace {
__global__ void modulate(
    Given x, Given mean, Given scale, Given gamma, Given beta, Made result,
    int64_t planes, int64_t size, int64_t means, float slope
) {
    FOR_EACH_BLOCK(part, planes * chunks_of(size)) {
        const Part own(part, size);
        const int64_t at = own.plane % means;
        FOR_EACH_THREAD(i, own.first, own.last) {
            float y = (x[i] - mean[at]) * scale[at];
            if (gamma) y = y * (gamma[i] + 1) + beta[i];
            result[i] = y > 0 ? y : y * slope;
        }
    }
}
}
"""
_MODULATE_LAUNCHES = """
    const int64_t means = in1->num, planes = (int64_t)in0_shape0 * in0_shape1, size = in0->num / planes;
    const float *gamma = $gamma, *beta = $beta;
    LAUNCH(modulate, blocks_for(planes * chunks_of(size)), THREADS,
           in0_p, in1_p, in2_p, gamma, beta, out0_p, planes, size, means, (float)data["slope"]);
"""
_MODULATE_GRADIENTS = (
    _SUMS
    + """
namespace {
__global__ void modulate_gradients(
    Given x, Given mean, Given scale, Given by_result, Given y, Given gamma,
    Made by_x, Made by_gamma, Made by_beta, Made sums, int64_t planes, int64_t size, int64_t means, float slope
) {
    FOR_EACH_BLOCK(part, planes * chunks_of(size)) {
        const Part own(part, size);
        const int64_t at = own.plane % means;
        float sum = 0, products = 0;
        FOR_EACH_THREAD(i, own.first, own.last) {
            const float difference = x[i] - mean[at];
            const float by_y = !y || y[i] > 0 ? by_result[i] : by_result[i] * slope;
            const float by_normal = gamma ? by_y * (gamma[i] + 1) : by_y;
            by_x[i] = by_normal * scale[at];
            if (by_gamma) by_gamma[i] = by_y * difference * scale[at];
            if (by_beta) by_beta[i] = by_y;
            sum += by_normal;
            products += by_normal * difference;
        }
        sum = block_sum(sum);
        products = block_sum(products);
        if (threadIdx.x == 0) {
            sums[2 * part] = sum;
            sums[2 * part + 1] = products;
        }
    }
}

__global__ void mean_and_scale_gradients(
    Given sums, Given scale, Made by_mean, Made by_scale, int64_t planes, int64_t size, int64_t means
) {
    FOR_EACH_BLOCK(at, means) {
        const Sums of = sums_of_planes(sums, at, means, planes, chunks_of(size));
        if (threadIdx.x == 0) {
            by_mean[at] = (float)(-scale[at] * of.first);
            by_scale[at] = (float)of.second;
        }
    }
}
}
"""
)
_MODULATE_GRADIENTS_LAUNCHES = """
    const int64_t means = in1->num, planes = (int64_t)in0_shape0 * in0_shape1, size = in0->num / planes;
    const float *y = $y, *gamma = $gamma;
    float *by_gamma = $by_gamma, *by_beta = $by_beta, *sums = $sums;
    LAUNCH(modulate_gradients, blocks_for(planes * chunks_of(size)), THREADS, in0_p, in1_p, in2_p, in3_p, y, gamma,
           out0_p, by_gamma, by_beta, sums, planes, size, means, (float)data["slope"]);
    LAUNCH(mean_and_scale_gradients, blocks_for(means), FEW_THREADS,
           sums, in2_p, out1_p, out2_p, planes, size, means);
"""


def moments(x: jt.Var, channels: int) -> Tuple[jt.Var, jt.Var]:
    """[N, C, H, W] -> mean and biased variance, [N, C, 1, 1]"""
    shape = [x.shape[0], channels, 1, 1]
    return tuple(cuda_kernel([shape, shape], [x], _MOMENTS, _MOMENTS_LAUNCHES, scratch=_room_for_sums(x)))


def moments_gradient(x, mean, by_mean, by_var, by_x: Optional[jt.Var]) -> jt.Var:
    """By x, of its moments; with by_x, that of the image itself, added."""
    inputs = [x, mean, by_mean, by_var]
    launches = Template(_MOMENTS_GRADIENT_LAUNCHES).substitute(by_x=_input(inputs, by_x))
    return cuda_kernel([x.shape], inputs, _MOMENTS_GRADIENT, launches)[0]


def modulate(x, mean, scale, maps: Sequence[jt.Var], slope: float) -> jt.Var:
    """`maps`: gamma and beta, or none."""
    inputs = [x, mean, scale]
    gamma, beta = maps or (None, None)
    places = {"gamma": _input(inputs, gamma), "beta": _input(inputs, beta)}
    launches = Template(_MODULATE_LAUNCHES).substitute(places)
    return cuda_kernel([x.shape], inputs, _MODULATE, launches, slope=slope)[0]


def modulate_gradients(x, mean, scale, by_result, maps: Sequence[jt.Var], y, slope: float) -> List[jt.Var]:
    """By x, mean and scale, and by gamma and beta if there are any."""
    inputs, shapes = [x, mean, scale, by_result], [x.shape, mean.shape, mean.shape]
    is_active, has_maps = slope != 1, bool(maps)  # the result has the sign of what was activated
    places = {"y": _input(inputs, y if is_active else None), "gamma": _input(inputs, maps[0] if maps else None)}
    places["by_gamma"] = _output(shapes, x.shape if has_maps else None)
    places["by_beta"] = _output(shapes, x.shape if has_maps and is_active else None)
    launches = Template(_MODULATE_GRADIENTS_LAUNCHES).substitute(places, sums=f"out{len(shapes)}_p")
    grads = cuda_kernel(shapes, inputs, _MODULATE_GRADIENTS, launches, scratch=_room_for_sums(x), slope=slope)
    return [*grads, by_result] if has_maps and not is_active else grads  # then beta's is that of the result


def _room_for_sums(x: jt.Var) -> int:
    n, c, h, w = x.shape
    return 2 * n * c * num_chunks(h * w)


def _input(inputs: List[jt.Var], values: Optional[jt.Var]) -> str:
    """C++ for one more input, or for none."""
    if values is None:
        return "nullptr"
    inputs.append(values)
    return f"in{len(inputs) - 1}_p"


def _output(shapes: List[Sequence[int]], shape: Optional[Sequence[int]]) -> str:
    """C++ for one more output, or for none."""
    if shape is None:
        return "nullptr"
    shapes.append(shape)
    return f"out{len(shapes) - 1}_p"
