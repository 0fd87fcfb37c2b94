"""Length of an array, on all cores."""

from __future__ import annotations

import jittor as jt

from jittor_tsit.kernels.vectors import kernel

# Parts of one size, added up in one order: the sum does not depend on the number of cores.
_SQUARES = """
    const int64_t size = in0->num, step = 4096, parts = (size + step - 1) / step;
    std::vector<float> sums(parts);
    #pragma omp parallel for if (parts > 4)  // to share less takes longer than to do it
    for (int64_t part = 0; part < parts; part++) {
        float sum = 0;
        for (int64_t i = part * step; i < std::min((part + 1) * step, size); i++) sum += in0_p[i] * in0_p[i];
        sums[part] = sum;
    }
    double total = 0;
    for (float sum : sums) total += sum;
    out0_p[0] = total;
"""


def sum_of_squares(x: jt.Var) -> jt.Var:
    """The squared length of an array of any shape, float32, [1]; not finite where one of its numbers is not."""
    return kernel([[1]], [x], _SQUARES)[0]
