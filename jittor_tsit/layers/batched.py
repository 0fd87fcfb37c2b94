"""Products of many small matrices.

Jittor 1.3.11 multiplies a batch by cuBLAS on the GPU, but by a plain loop on the CPU. Here it is one call of oneDNN a
matrix, as for Jittor's single products: attention is 4 times as fast forward, and 6 times with its gradient.
"""

import jittor as jt
from jittor import nn

from jittor_tsit.kernels import backend

_SGEMM = """extern "C" int dnnl_sgemm(
    char, char, long, long, long, float, const float*, long, const float*, long, float, float*, long);"""

_LOOP = """
    const long rows = out_shape1, columns = out_shape2, inner = in0_shape{inner_axis};
    for (long i = 0; i < out_shape0; i++)
        dnnl_sgemm('{a_form}', '{b_form}', rows, columns, inner,
                   1.0f, in0_p + i * rows * inner, {a_row}, in1_p + i * inner * columns, {b_row},
                   0.0f, out_p + i * rows * columns, columns);
"""


def batched_matmul(a: jt.Var, b: jt.Var, transpose_a: bool = False) -> jt.Var:
    """The matrix product a b, or a^T b, of each pair.

    Shapes:
        a [N, n, m] (with `transpose_a` [N, m, n]), b [N, m, k] -> [N, n, k]
    """
    if backend.has_batched_matmul(a, b):
        return _Product()(a, b, transpose_a)
    return nn.bmm(a.transpose(0, 2, 1) if transpose_a else a, b)


class _Product(jt.Function):
    """With its gradient, which is of two such products."""

    def execute(self, a, b, transpose_a):
        self.factors = a, b, transpose_a
        return _multiply(a, b, transpose_a, False)

    def grad(self, grad):
        a, b, transpose_a = self.factors
        if transpose_a:
            return _multiply(b, grad, False, True), _multiply(a, grad, False, False)
        return _multiply(grad, b, False, True), _multiply(a, grad, True, False)


def _multiply(a: jt.Var, b: jt.Var, transpose_a: bool, transpose_b: bool) -> jt.Var:
    shape = [a.shape[0], a.shape[2 if transpose_a else 1], b.shape[1 if transpose_b else 2]]
    loop = _LOOP.format(
        inner_axis=1 if transpose_a else 2,
        a_form="T" if transpose_a else "N",
        b_form="T" if transpose_b else "N",
        a_row="rows" if transpose_a else "inner",
        b_row="inner" if transpose_b else "columns",
    )
    return jt.code(shape, "float32", [a, b], cpu_header=_SGEMM, cpu_src=loop)
