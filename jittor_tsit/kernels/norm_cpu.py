"""Normalisation, modulation and leaky ReLU of images in oneDNN's layout, in one pass over them.

Jittor's own operators make a pass over the image for nearly each of their steps, on one core. Here forward is two
passes, one for the moments and one for the rest, and backward is two as well. Rows are shared among the cores. Sums are
float64 and are added up in one order, so that the result does not depend on the number of cores.
`norm.py` gives these functions their gradients. Images [N, C, H, W] on a GPU: planar_norm.py.
"""

from __future__ import annotations

from string import Template
from typing import List, Optional, Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels.cpu import for_rows, kernel

_HEADER = """
namespace {
// x minus a mean in two float32 numbers. Jittor compiles with -Ofast, which without the barrier adds these up first.
inline V centred(V x, V mean, V rest) {
    V difference = x - mean;
    asm("" : "+x"(difference));
    return difference - rest;
}
}
"""
# The plane's first pixel is subtracted from all. The variance is then at least the squared mean of the differences
# over their number, so E[d^2] - E[d]^2 in float64 keeps 10 of its 16 digits in a plane of a million pixels.
_MOMENTS = (
    """
    const int64_t C = out0_shape1, groups = out0_shape0, samples = in0_shape0 / groups;  // of a group
    std::vector<double> kept(2 * in0_shape0 * in0_shape1 * in0_shape2 * K);
    Wide* sums = (Wide*)kept.data();
"""
    + for_rows(
        """
        const V* x = (const V*)in0_p + row * W;
        const Wide shift = widened(((const V*)in0_p)[(n * B + b) * H * W]);
        Wide sum = {}, squares = {};
        for (int64_t w = 0; w < W; w++) {
            const Wide difference = widened(x[w]) - shift;
            sum += difference;
            squares += difference * difference;
        }
        sums[2 * row] = sum;
        sums[2 * row + 1] = squares;
"""
    )
    + """
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
            means[i] = in0_p[first * W * K + c % K] + shifted;
            variances[i] = std::max(squares / (H * W) - shifted * shifted, 0.0);
            mean += means[i] / samples;
        }
        for (int64_t i = 0; i < samples; i++)
            variance += (variances[i] + (means[i] - mean) * (means[i] - mean)) / samples;
        out0_p[g * C + c] = mean;
        out1_p[g * C + c] = variance;
    }
"""
)
_MOMENTS_GRADIENT = """
    const int64_t C = in1_shape1, samples = in0_shape0 / in1_shape0;
""" + for_rows(
    """
        const int64_t at = n / samples * C;
        const V mean = of_block(in1_p + at, b, C), rest = rest_of_block(in1_p + at, b, C);
        const float share = 1.0f / (samples * H * W);
        const V by_mean = of_block(in2_p + at, b, C) * share, by_var = of_block(in3_p + at, b, C) * (2 * share);
        const V *x = (const V*)in0_p + row * W, *given = $given;
        V* result = (V*)out_p + row * W;
        for (int64_t w = 0; w < W; w++) result[w] = ${sum}by_mean + by_var * centred(x[w], mean, rest);
"""
)
# Mean, scale and shift are those of each sample's channels, or of the channels of the whole batch.
_STATISTICS = """
        const int64_t at = (in1_shape0 == 1 ? 0 : n) * C;
        const V mean = of_block(in1_p + at, b, C), rest = rest_of_block(in1_p + at, b, C);
        const V scale = of_block(in2_p + at, b, C);
        const V* x = (const V*)in0_p + row * W;
"""
_MODULATE = """
    const int64_t C = in1_shape1;
    const float slope = data["slope"];
""" + for_rows(
    _STATISTICS
    + """
        $inputs
        V* result = (V*)out_p + row * W;
        for (int64_t w = 0; w < W; w++) {
            const V normal = centred(x[w], mean, rest) * scale$shifted;
            const V y = normal$modulated;
            result[w] = $active;
        }
"""
)
_MODULATE_GRADIENTS = (
    """
    const int64_t C = in1_shape1;
    const float slope = data["slope"];
    std::vector<double> kept(2 * in0_shape0 * in0_shape1 * in0_shape2 * K);
    Wide* sums = (Wide*)kept.data();
"""
    + for_rows(
        _STATISTICS
        + """
        const V* by_result = (const V*)in3_p + row * W;
        $inputs
        V* by_x = (V*)out0_p + row * W;
        Wide sum = {}, products = {};
        for (int64_t w = 0; w < W; w++) {
            const V difference = centred(x[w], mean, rest), by_y = $active;
            const V by_normal = by_y$modulated;
            $by_maps
            by_x[w] = by_normal * scale;
            sum += widened(by_normal);
            products += widened(by_normal * difference);
        }
        sums[2 * row] = sum;
        sums[2 * row + 1] = products;
"""
    )
    + """
    for (int64_t m = 0; m < in1_shape0; m++)
    for (int64_t c = 0; c < C; c++) {
        double sum = 0, products = 0;
        for (int64_t n = m; n < (in1_shape0 == 1 ? N : m + 1); n++)
        for (int64_t h = 0; h < H; h++) {
            sum += sums[2 * ((n * B + c / K) * H + h)][c % K];
            products += sums[2 * ((n * B + c / K) * H + h) + 1][c % K];
        }
        out1_p[m * C + c] = -(double)(float)in2_p[m * C + c] * sum;  // by the scale as x is multiplied by it
        out2_p[m * C + c] = products;
        $by_shift
    }
"""
)


def moments(x: jt.Var, channels: int, over_batch: bool) -> Tuple[jt.Var, jt.Var]:
    """Return mean and biased variance. [N, channels / BLOCK, H, W, BLOCK] -> both [N or 1, channels, 1, 1] float64"""
    shape = [1 if over_batch else x.shape[0], channels, 1, 1]
    return tuple(kernel([shape, shape], [x], _MOMENTS, wide=(0, 1)))


def moments_gradient(x, mean, by_mean, by_var, by_x: Optional[jt.Var]) -> jt.Var:
    """Return the moments' gradient with respect to x, with `by_x` added if there is one."""
    inputs = [x, mean, by_mean, by_var] + ([] if by_x is None else [by_x])
    given, added = ("nullptr", "") if by_x is None else ("(const V*)in4_p + row * W", "given[w] + ")
    return kernel([x.shape], inputs, Template(_MOMENTS_GRADIENT).substitute(given=given, sum=added), _HEADER)[0]


def modulate(x, mean, scale, shift: Optional[jt.Var], maps: Sequence[jt.Var], slope: float) -> jt.Var:
    """`maps`: none, or one with the channels of gamma and behind them those of beta."""
    inputs = [x, mean, scale]
    source = Template(_MODULATE).substitute(
        inputs=_read_shift(inputs, shift) + "".join(_read_maps(inputs, both) for both in maps),
        shifted="" if shift is None else " + shift",
        modulated=" * (gamma[w] + 1) + beta[w]" if maps else "",
        active="y" if slope == 1 else "y > 0 ? y : y * slope",
    )
    return kernel([x.shape], inputs, source, _HEADER, slope=slope)[0]


def modulate_gradients(
    x, mean, scale, shift: Optional[jt.Var], by_result, maps: Sequence[jt.Var], y, slope: float
) -> List[jt.Var]:
    """Return the gradients with respect to x, mean and scale, then shift and maps as far as there are any."""
    inputs, shapes = [x, mean, scale, by_result], [x.shape, mean.shape, mean.shape]
    parts = {"inputs": _read_shift(inputs, shift), "by_shift": "", "active": "by_result[w]", "modulated": ""}
    parts["by_maps"], normal = "", "difference * scale"
    if shift is not None:
        normal = f"({normal} + shift)"
        parts["by_shift"] = f"out{len(shapes)}_p[m * C + c] = sum;"
        shapes.append(mean.shape)
    if slope != 1:  # the result has the sign of what was activated
        inputs.append(y)
        parts["inputs"] += f"const V* y = (const V*)in{len(inputs) - 1}_p + row * W;\n"
        parts["active"] = "y[w] > 0 ? by_result[w] : by_result[w] * slope"
    for both in maps:
        shapes.append(both.shape)
        parts["inputs"] += _read_maps(inputs, both) + _rows("V", ("by_gamma", "by_beta"), f"out{len(shapes) - 1}")
        parts["modulated"] = " * (gamma[w] + 1)"
        parts["by_maps"] = f"by_gamma[w] = by_y * ({normal}); by_beta[w] = by_y;"
    wide = range(1, 3 if shift is None else 4)
    return kernel(shapes, inputs, Template(_MODULATE_GRADIENTS).substitute(parts), _HEADER, wide, slope=slope)


def _read_shift(inputs: List[jt.Var], shift: Optional[jt.Var]) -> str:
    """C++ that reads the shift, which becomes one more input if there is one."""
    if shift is None:
        return ""
    inputs.append(shift)
    return f"const V shift = of_block(in{len(inputs) - 1}_p + at, b, C);\n"


def _read_maps(inputs: List[jt.Var], maps: jt.Var) -> str:
    """C++ for the rows of gamma and beta, which become one more input."""
    inputs.append(maps)
    return _rows("const V", ("gamma", "beta"), f"in{len(inputs) - 1}")


def _rows(type_name: str, names: Sequence[str], array: str) -> str:
    """C++ for the row in each of the images whose channels follow each other in an array."""
    place = f"(((n * {len(names)} + {{}}) * B + b) * H + h) * W"
    return "".join(
        f"{type_name}* {name} = ({type_name}*){array}_p + {place.format(k)};\n" for k, name in enumerate(names)
    )
