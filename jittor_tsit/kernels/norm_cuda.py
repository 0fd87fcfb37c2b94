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

// Adds up two sums of the parts of the planes `at`, `at + step`, `at + 2 step`, ...
__device__ inline Sums sums_of_planes(GivenWide sums, int64_t at, int64_t step, int64_t planes, int64_t chunks) {
    double first = 0, second = 0;
    FOR_EACH_THREAD(k, 0, planes / step * chunks) {
        const int64_t part = (at + k / chunks * step) * chunks + k % chunks;
        first += sums[2 * part];
        second += sums[2 * part + 1];
    }
    first = block_sum(first);
    return {first, block_sum(second)};
}

// Adds up what the threads have; all must call it.
__device__ inline void keep_sums(MadeWide sums, int64_t part, double first, double second) {
    first = block_sum(first);
    second = block_sum(second);
    if (threadIdx.x == 0) {
        sums[2 * part] = first;
        sums[2 * part + 1] = second;
    }
}
}
"""
# As in packed_norm.py: float64 sums of differences from the plane's first pixel. A mean is that of a plane, or of a
# channel's planes of all samples.
_MOMENTS = (
    _SUMS
    + """
namespace {
__global__ void add_up(Given x, MadeWide sums, int64_t planes, int64_t size) {
    FOR_EACH_BLOCK(part, planes * chunks_of(size)) {
        const Part own(part, size);
        const double shift = x[own.plane * size];
        double sum = 0, squares = 0;
        FOR_EACH_THREAD(i, own.first, own.last) {
            const double difference = x[i] - shift;
            sum += difference;
            squares += difference * difference;
        }
        keep_sums(sums, part, sum, squares);
    }
}

__global__ void moments(
    Given x, GivenWide sums, MadeWide mean, MadeWide var, int64_t planes, int64_t size, int64_t means
) {
    FOR_EACH_BLOCK(at, means) {
        const int64_t samples = planes / means;
        double whole = 0, squares = 0;  // mean of the samples so far; sum of variances and of squares between samples
        for (int64_t i = 0; i < samples; i++) {
            const int64_t plane = at + i * means;
            const Sums of = sums_of_planes(sums, plane, planes, planes, chunks_of(size));
            const double shifted = of.first / size, difference = x[plane * size] + shifted - whole;
            squares += fmax(of.second / size - shifted * shifted, 0.0) + difference * difference * i / (i + 1);
            whole += difference / (i + 1);
        }
        if (threadIdx.x == 0) {
            mean[at] = whole;
            var[at] = squares / samples;
        }
    }
}
}
"""
)
_MOMENTS_LAUNCHES = """
    const int64_t planes = (int64_t)in0_shape0 * in0_shape1, size = in0->num / planes, means = out0->num;
    LAUNCH(add_up, blocks_for(planes * chunks_of(size)), THREADS, in0_p, out2_p, planes, size);
    LAUNCH(moments, blocks_for(means), FEW_THREADS, in0_p, out2_p, out0_p, out1_p, planes, size, means);
"""
_MOMENTS_GRADIENT = """
namespace {
__global__ void moments_gradient(
    Given x, GivenWide mean, GivenWide by_mean, GivenWide by_var, Given by_x, Made result, int64_t planes,
    int64_t size, int64_t means
) {
    const double count = size * (planes / means);
    FOR_EACH_BLOCK(part, planes * chunks_of(size)) {
        const Part own(part, size);
        const int64_t at = own.plane % means;
        const float from_mean = by_mean[at] / count, from_var = 2 * by_var[at] / count;
        FOR_EACH_THREAD(i, own.first, own.last) {
            const float gradient = from_mean + from_var * (float)(x[i] - mean[at]);
            result[i] = by_x ? by_x[i] + gradient : gradient;
        }
    }
}
}
"""
_MOMENTS_GRADIENT_LAUNCHES = """
    const int64_t planes = (int64_t)in0_shape0 * in0_shape1, size = in0->num / planes, means = in1->num;
    const float* by_x = $by_x;
    LAUNCH(moments_gradient, blocks_for(planes * chunks_of(size)), THREADS,
           in0_p, in1_p, in2_p, in3_p, by_x, out0_p, planes, size, means);
"""
# Of `means` means, scales and shifts, a plane takes one: its own, or that of its channel for all samples.
_MODULATE = """
namespace {
__global__ void modulate(
    Given x, GivenWide mean, GivenWide scale, GivenWide shift, Given gamma, Given beta, Made result,
    int64_t planes, int64_t size, int64_t means, float slope
) {
    FOR_EACH_BLOCK(part, planes * chunks_of(size)) {
        const Part own(part, size);
        const int64_t at = own.plane % means;
        const float factor = scale[at], added = shift ? shift[at] : 0;
        FOR_EACH_THREAD(i, own.first, own.last) {
            float y = (float)(x[i] - mean[at]) * factor + added;
            if (gamma) y = y * (gamma[i] + 1) + beta[i];
            result[i] = y > 0 ? y : y * slope;
        }
    }
}
}
"""
_MODULATE_LAUNCHES = """
    const int64_t means = in1->num, planes = (int64_t)in0_shape0 * in0_shape1, size = in0->num / planes;
    const double* shift = $shift;
    const float *gamma = $gamma, *beta = $beta;
    LAUNCH(modulate, blocks_for(planes * chunks_of(size)), THREADS,
           in0_p, in1_p, in2_p, shift, gamma, beta, out0_p, planes, size, means, (float)data["slope"]);
"""
_MODULATE_GRADIENTS = (
    _SUMS
    + """
namespace {
__global__ void modulate_gradients(
    Given x, GivenWide mean, GivenWide scale, GivenWide shift, Given by_result, Given y, Given gamma,
    Made by_x, Made by_gamma, Made by_beta, MadeWide sums, int64_t planes, int64_t size, int64_t means, float slope
) {
    FOR_EACH_BLOCK(part, planes * chunks_of(size)) {
        const Part own(part, size);
        const int64_t at = own.plane % means;
        const float factor = scale[at], added = shift ? shift[at] : 0;
        double sum = 0, products = 0;
        FOR_EACH_THREAD(i, own.first, own.last) {
            const float difference = x[i] - mean[at];
            const float by_y = !y || y[i] > 0 ? by_result[i] : by_result[i] * slope;
            const float by_normal = gamma ? by_y * (gamma[i] + 1) : by_y;
            by_x[i] = by_normal * factor;
            if (by_gamma) by_gamma[i] = by_y * (difference * factor + added);
            if (by_beta) by_beta[i] = by_y;
            sum += by_normal;
            products += (double)by_normal * difference;
        }
        keep_sums(sums, part, sum, products);
    }
}

__global__ void mean_and_scale_gradients(
    GivenWide sums, GivenWide scale, MadeWide by_mean, MadeWide by_scale, MadeWide by_shift,
    int64_t planes, int64_t size, int64_t means
) {
    FOR_EACH_BLOCK(at, means) {
        const Sums of = sums_of_planes(sums, at, means, planes, chunks_of(size));
        if (threadIdx.x == 0) {
            by_mean[at] = -(double)(float)scale[at] * of.first;  // by the scale as x is multiplied by it
            by_scale[at] = of.second;
            if (by_shift) by_shift[at] = of.first;
        }
    }
}
}
"""
)
_MODULATE_GRADIENTS_LAUNCHES = """
    const int64_t means = in1->num, planes = (int64_t)in0_shape0 * in0_shape1, size = in0->num / planes;
    const double* shift = $shift;
    const float *y = $y, *gamma = $gamma;
    double *by_shift = $by_shift, *sums = $sums;
    float *by_gamma = $by_gamma, *by_beta = $by_beta;
    LAUNCH(modulate_gradients, blocks_for(planes * chunks_of(size)), THREADS, in0_p, in1_p, in2_p, shift, in3_p, y,
           gamma, out0_p, by_gamma, by_beta, sums, planes, size, means, (float)data["slope"]);
    LAUNCH(mean_and_scale_gradients, blocks_for(means), FEW_THREADS,
           sums, in2_p, out1_p, out2_p, by_shift, planes, size, means);
"""


def moments(x: jt.Var, channels: int, over_batch: bool) -> Tuple[jt.Var, jt.Var]:
    """Return mean and biased variance. [N, C, H, W] -> both [N or 1, C, 1, 1] float64"""
    shape = [1 if over_batch else x.shape[0], channels, 1, 1]
    return tuple(cuda_kernel([shape, shape], [x], _MOMENTS, _MOMENTS_LAUNCHES, _room_for_sums(x), wide=(0, 1, 2)))


def moments_gradient(x, mean, by_mean, by_var, by_x: Optional[jt.Var]) -> jt.Var:
    """Return the moments' gradient with respect to x, with `by_x` added if there is one."""
    inputs = [x, mean, by_mean, by_var]
    launches = Template(_MOMENTS_GRADIENT_LAUNCHES).substitute(by_x=_input(inputs, by_x))
    return cuda_kernel([x.shape], inputs, _MOMENTS_GRADIENT, launches)[0]


def modulate(x, mean, scale, shift: Optional[jt.Var], maps: Sequence[jt.Var], slope: float) -> jt.Var:
    """`maps`: gamma and beta, or none."""
    inputs = [x, mean, scale]
    gamma, beta = maps or (None, None)
    places = {"shift": _input(inputs, shift), "gamma": _input(inputs, gamma), "beta": _input(inputs, beta)}
    launches = Template(_MODULATE_LAUNCHES).substitute(places)
    return cuda_kernel([x.shape], inputs, _MODULATE, launches, slope=slope)[0]


def modulate_gradients(
    x, mean, scale, shift: Optional[jt.Var], by_result, maps: Sequence[jt.Var], y, slope: float
) -> List[jt.Var]:
    """Return the gradients with respect to x, mean and scale, then shift, gamma and beta as far as there are any."""
    inputs, shapes = [x, mean, scale, by_result], [x.shape, mean.shape, mean.shape]
    is_active, has_maps = slope != 1, bool(maps)  # the result has the sign of what was activated
    places = {"shift": _input(inputs, shift), "y": _input(inputs, y if is_active else None)}
    places["gamma"] = _input(inputs, maps[0] if maps else None)
    places["by_shift"] = _output(shapes, None if shift is None else mean.shape)
    places["by_gamma"] = _output(shapes, x.shape if has_maps else None)
    places["by_beta"] = _output(shapes, x.shape if has_maps and is_active else None)
    launches = Template(_MODULATE_GRADIENTS_LAUNCHES).substitute(places, sums=f"out{len(shapes)}_p")
    wide = (*range(1, 3 if shift is None else 4), len(shapes))
    grads = cuda_kernel(shapes, inputs, _MODULATE_GRADIENTS, launches, _room_for_sums(x), wide, slope=slope)
    return [*grads, by_result] if has_maps and not is_active else grads  # then beta's is that of the result


def _room_for_sums(x: jt.Var) -> int:
    """Two sums of every part."""
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
