"""Matrix products as calls of oneDNN or cuBLAS, for the reason that convolutions are (see conv.py)."""

import jittor as jt
from jittor import nn

from jittor_tsit.kernels import backend


def matmul(a: jt.Var, b: jt.Var, transpose_a: bool = False, transpose_b: bool = False) -> jt.Var:
    """The product of two matrices, either of them transposed if asked.

    Shapes:
        a [n, m] (with `transpose_a` [m, n]), b [m, k] (with `transpose_b` [k, m]) -> [n, k]
    """
    if not backend.has_matmul_library(a, b):
        return nn.matmul(a.transpose() if transpose_a else a, b.transpose() if transpose_b else b)
    product = _Product(transpose_a, transpose_b, a, b)
    is_constant = a.is_stop_grad() and b.is_stop_grad()
    return product.execute(a, b) if is_constant else product(a, b)


class _Product(jt.Function):
    """With its gradient, which is of two such products.

    Args:
        factors: What `execute` gets of them has left the tape, and gradients of gradients need it.
    """

    def __init__(self, transpose_a: bool, transpose_b: bool, *factors: jt.Var):
        self.transpose_a, self.transpose_b, self.factors = transpose_a, transpose_b, factors

    def execute(self, a, b):
        if jt.flags.use_cuda:
            return jt.compile_extern.cublas_ops.cublas_matmul(a, b, self.transpose_a, self.transpose_b)
        return jt.compile_extern.mkl_ops.mkl_matmul(a, b, self.transpose_a, self.transpose_b)

    def grad(self, grad):
        a, b = self.factors
        by_a = (
            matmul(b, grad, self.transpose_b, True)
            if self.transpose_a
            else matmul(grad, b, False, not self.transpose_b)
        )
        by_b = matmul(grad, a, True, self.transpose_a) if self.transpose_b else matmul(a, grad, not self.transpose_a)
        return by_a, by_b
