"""Normalisation, modulation and leaky ReLU of images in oneDNN's layout, in one pass over them.

Jittor's own operators make a pass over the image for nearly each of their steps, on one core. Here forward is two
passes, one for the moments and one for the rest, and backward is two as well; rows are shared among the cores, and
their sums are added up in one order, so that the result does not depend on how many there are.
The plain twins are in layers/norm.py. The gradients' own gradients are not here: `plain_layout` of layers/image.py.
"""

from __future__ import annotations

from string import Template
from typing import List, Optional, Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels.linear import on_tape, once_only
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
_MOMENTS_BACKWARD = """
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
_MODULATE_BACKWARD = (
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


def moments(x: jt.Var, channels: int) -> Tuple[jt.Var, jt.Var, jt.Var]:
    """Mean and biased variance of each channel of each sample.

    Shapes:
        x [N, C / BLOCK, H, W, BLOCK] -> x itself, to be used instead: its gradient takes that of the moments along;
        mean and variance [N, channels, 1, 1]
    """
    return tuple(on_tape(_Moments(channels), x))


def modulate(x: jt.Var, mean: jt.Var, scale: jt.Var, maps: Optional[jt.Var], slope: float) -> jt.Var:
    """Leaky ReLU of this slope of (x - mean) * scale * (1 + gamma) + beta; without maps, of (x - mean) * scale.

    Shapes:
        x [N, B, H, W, BLOCK] of C channels, mean, scale [N, C, 1, 1] or [1, C, 1, 1],
        maps [N, 2B, H, W, BLOCK]: gamma, and behind it beta -> as x
    """
    return on_tape(_Modulate(slope), x, mean, scale, *([] if maps is None else [maps]))


class _Moments(jt.Function):
    def __init__(self, channels: int):
        self.channels = channels

    def execute(self, x):
        shape = [x.shape[0], self.channels, 1, 1]
        mean, var = kernel([shape, shape], [x], _MOMENTS)
        self.kept = x, mean
        return x.clone(), mean, var

    def grad(self, by_x, by_mean, by_var):
        x, mean = self.kept
        if by_mean is None and by_var is None:
            return by_x
        by_mean, by_var = (jt.zeros(mean.shape) if grad is None else grad for grad in (by_mean, by_var))
        inputs = [x, mean, by_mean, by_var] + ([] if by_x is None else [by_x])
        given, added = ("nullptr", "") if by_x is None else ("(const V*)in4_p + row * W", "given[w] + ")
        source = Template(_MOMENTS_BACKWARD).substitute(given=given, sum=added)
        return once_only(kernel([x.shape], inputs, source))[0]


class _Modulate(jt.Function):
    def __init__(self, slope: float):
        self.slope = slope

    def execute(self, x, mean, scale, *maps):
        inputs = [x, mean, scale]
        source = Template(_MODULATE).substitute(
            maps="".join(_read_maps(inputs, values) for values in maps),
            modulated=" * (gamma[w] + 1) + beta[w]" if maps else "",
            active="y" if self.slope == 1 else "y > 0 ? y : y * slope",
        )
        (y,) = kernel([x.shape], inputs, source, slope=self.slope)
        self.kept = x, mean, scale, maps, y
        return y

    def grad(self, by_result):
        x, mean, scale, maps, y = self.kept
        inputs, shapes = [x, mean, scale, by_result], [x.shape, mean.shape, mean.shape]
        parts = {"maps": "", "active": "by_result[w]", "modulated": "", "by_maps": ""}
        if self.slope != 1:  # the result has the sign of what was activated
            inputs.append(y)
            parts["maps"] += f"const V* y = (const V*)in{len(inputs) - 1}_p + row * W;\n"
            parts["active"] = "y[w] > 0 ? by_result[w] : by_result[w] * slope"
        for values in maps:
            parts["maps"] += _read_maps(inputs, values)
            shapes.append(values.shape)
            parts["maps"] += _rows("V", ("by_gamma", "by_beta"), f"out{len(shapes) - 1}")
            parts["modulated"] = " * (gamma[w] + 1)"
            parts["by_maps"] = "by_gamma[w] = by_y * difference * scale; by_beta[w] = by_y;"
        source = Template(_MODULATE_BACKWARD).substitute(parts)
        return once_only(kernel(shapes, inputs, source, slope=self.slope))


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
