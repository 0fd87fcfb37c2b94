"""Normalisation, modulation and leaky ReLU of images in oneDNN's layout, in one pass over them.

Jittor's own operators make a pass over the image for nearly each of their steps, on one core. Here forward is two
passes, one for the moments and one for the rest, and backward is two as well; rows are shared among the cores, and
their sums are added up in one order, so that the result does not depend on how many there are.
`norm.py` gives these functions their gradients. Images [N, C, H, W] on a GPU: planar_norm.py.
"""

from __future__ import annotations

from string import Template
from typing import List, Optional, Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels.vectors import for_rows, kernel

# E[x^2] - E[x]^2 loses its digits where the mean is large against the deviation: a pixel is subtracted from all.
_MOMENTS = (
    """
    const int64_t C = out0_shape1;
    std::vector<float> kept(2 * in0_shape0 * in0_shape1 * in0_shape2 * K);
    V* sums = (V*)kept.data();
"""
    + for_rows(
        """
        const V* x = (const V*)in0_p + row * W;
        const V shift = ((const V*)in0_p)[(n * B + b) * H * W];
        V sum = {}, squares = {};
        for (int64_t w = 0; w < W; w++) {
            const V difference = x[w] - shift;
            sum += difference;
            squares += difference * difference;
        }
        sums[2 * row] = sum;
        sums[2 * row + 1] = squares;
"""
    )
    + """
    for (int64_t n = 0; n < N; n++)
    for (int64_t c = 0; c < C; c++) {
        const int64_t first = (n * B + c / K) * H;
        double sum = 0, squares = 0;
        for (int64_t h = 0; h < H; h++) {
            sum += sums[2 * (first + h)][c % K];
            squares += sums[2 * (first + h) + 1][c % K];
        }
        const double mean = sum / (H * W);
        out0_p[n * C + c] = in0_p[first * W * K + c % K] + mean;
        out1_p[n * C + c] = std::max(squares / (H * W) - mean * mean, 0.0);
    }
"""
)
_MOMENTS_GRADIENT = """
    const int64_t C = in1_shape1;
""" + for_rows(
    """
        const V mean = of_block(in1_p + n * C, b, C);
        const float share = 1.0f / (H * W);
        const V by_mean = of_block(in2_p + n * C, b, C) * share, by_var = of_block(in3_p + n * C, b, C) * (2 * share);
        const V *x = (const V*)in0_p + row * W, *given = $given;
        V* result = (V*)out_p + row * W;
        for (int64_t w = 0; w < W; w++) result[w] = ${sum}by_mean + by_var * (x[w] - mean);
"""
)
_MODULATE = """
    const int64_t C = in1_shape1;
    const float slope = data["slope"];
""" + for_rows(
    """
        const V mean = of_block(in1_p + (in1_shape0 == 1 ? 0 : n) * C, b, C);
        const V scale = of_block(in2_p + (in2_shape0 == 1 ? 0 : n) * C, b, C);
        const V* x = (const V*)in0_p + row * W;
        $maps
        V* result = (V*)out_p + row * W;
        for (int64_t w = 0; w < W; w++) {
            const V y = (x[w] - mean) * scale$modulated;
            result[w] = $active;
        }
"""
)
_MODULATE_GRADIENTS = (
    """
    const int64_t C = in1_shape1;
    const float slope = data["slope"];
    std::vector<float> kept(2 * in0_shape0 * in0_shape1 * in0_shape2 * K);
    V* sums = (V*)kept.data();
"""
    + for_rows(
        """
        const V mean = of_block(in1_p + (in1_shape0 == 1 ? 0 : n) * C, b, C);
        const V scale = of_block(in2_p + (in2_shape0 == 1 ? 0 : n) * C, b, C);
        const V *x = (const V*)in0_p + row * W, *by_result = (const V*)in3_p + row * W;
        $maps
        V* by_x = (V*)out0_p + row * W;
        V sum = {}, products = {};
        for (int64_t w = 0; w < W; w++) {
            const V difference = x[w] - mean, by_y = $active;
            const V by_normal = by_y$modulated;
            $by_maps
            by_x[w] = by_normal * scale;
            sum += by_normal;
            products += by_normal * difference;
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
        out1_p[m * C + c] = -in2_p[m * C + c] * sum;
        out2_p[m * C + c] = products;
    }
"""
)


def moments(x: jt.Var, channels: int) -> Tuple[jt.Var, jt.Var]:
    """[N, channels / BLOCK, H, W, BLOCK] -> mean and biased variance, [N, channels, 1, 1]"""
    shape = [x.shape[0], channels, 1, 1]
    return tuple(kernel([shape, shape], [x], _MOMENTS))


def moments_gradient(x, mean, by_mean, by_var, by_x: Optional[jt.Var]) -> jt.Var:
    """By x, of its moments; with by_x, that of the image itself, added."""
    inputs = [x, mean, by_mean, by_var] + ([] if by_x is None else [by_x])
    given, added = ("nullptr", "") if by_x is None else ("(const V*)in4_p + row * W", "given[w] + ")
    return kernel([x.shape], inputs, Template(_MOMENTS_GRADIENT).substitute(given=given, sum=added))[0]


def modulate(x, mean, scale, maps: Sequence[jt.Var], slope: float) -> jt.Var:
    """`maps`: none, or one with the channels of gamma and behind them those of beta."""
    inputs = [x, mean, scale]
    source = Template(_MODULATE).substitute(
        maps="".join(_read_maps(inputs, both) for both in maps),
        modulated=" * (gamma[w] + 1) + beta[w]" if maps else "",
        active="y" if slope == 1 else "y > 0 ? y : y * slope",
    )
    return kernel([x.shape], inputs, source, slope=slope)[0]


def modulate_gradients(x, mean, scale, by_result, maps: Sequence[jt.Var], y, slope: float) -> List[jt.Var]:
    """By x, mean and scale, and by the maps if there are any."""
    inputs, shapes = [x, mean, scale, by_result], [x.shape, mean.shape, mean.shape]
    parts = {"maps": "", "active": "by_result[w]", "modulated": "", "by_maps": ""}
    if slope != 1:  # the result has the sign of what was activated
        inputs.append(y)
        parts["maps"] += f"const V* y = (const V*)in{len(inputs) - 1}_p + row * W;\n"
        parts["active"] = "y[w] > 0 ? by_result[w] : by_result[w] * slope"
    for both in maps:
        shapes.append(both.shape)
        parts["maps"] += _read_maps(inputs, both) + _rows("V", ("by_gamma", "by_beta"), f"out{len(shapes) - 1}")
        parts["modulated"] = " * (gamma[w] + 1)"
        parts["by_maps"] = "by_gamma[w] = by_y * difference * scale; by_beta[w] = by_y;"
    return kernel(shapes, inputs, Template(_MODULATE_GRADIENTS).substitute(parts), slope=slope)


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
