"""Products of many small matrices on the CPU, each by oneDNN. Jittor 1.3.11 computes them by a plain loop there."""

from __future__ import annotations

import jittor as jt

from jittor_tsit.kernels.call import Output, call_on_cpu


def multiply(a: jt.Var, b: jt.Var, transpose_a: bool, transpose_b: bool) -> jt.Var:
    """Return the product of each pair of matrices, either of which is transposed first if asked.

    Shapes:
        a [N, n, m] (with `transpose_a` [N, m, n]), b [N, m, k] (with `transpose_b` [N, k, m]), float32 -> [N, n, k]
    """
    shape = [a.shape[0], a.shape[2 if transpose_a else 1], b.shape[1 if transpose_b else 2]]
    function = f"multiply<{int(transpose_a)}, {int(transpose_b)}>"
    return call_on_cpu("matmul", function, [a, b], [Output(shape)])[0]
