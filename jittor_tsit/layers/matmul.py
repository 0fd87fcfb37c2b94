"""Matrix products, and products of batches of matrices, as calls of oneDNN or cuBLAS.

Jittor writes a matrix product as a loop and looks for it again while it compiles; conv.py tells why the library is
called by name instead. Products of batches are written as loops too on the CPU, and are never found. Here they are one
call of oneDNN for each matrix: attention is 4 times as fast forward and 6 times as fast with its gradient.
"""

import jittor as jt
from jittor import nn

_SGEMM = """extern "C" int dnnl_sgemm(
    char, char, long, long, long, float, const float*, long, const float*, long, float, float*, long);"""

_LOOP = """
    const long rows = out_shape1, columns = out_shape2, inner = in0_shape{inner_axis};
    for (long i = 0; i < out_shape0; i++)
        dnnl_sgemm('{a_form}', '{b_form}', rows, columns, inner,
                   1.0f, in0_p + i * rows * inner, {a_row}, in1_p + i * inner * columns, {b_row},
                   0.0f, out_p + i * rows * columns, columns);
"""


def matmul(a: jt.Var, b: jt.Var, transpose_a: bool = False, transpose_b: bool = False) -> jt.Var:
    """Return the product of two matrices, either of which can be transposed first. Gradients of any order.

    Shapes:
        a [n, m] (with `transpose_a` [m, n]), b [m, k] (with `transpose_b` [k, m]) -> [n, k]
    """
    if not _has_library(a, b):
        return nn.matmul(a.transpose() if transpose_a else a, b.transpose() if transpose_b else b)
    product = _Product(transpose_a, transpose_b, a, b)
    is_constant = a.is_stop_grad() and b.is_stop_grad()
    return product.execute(a, b) if is_constant else product(a, b)


class _Product(jt.Function):
    """A matrix product with its gradient, which consists of two such products.

    Args:
        factors: The caller's Vars. Jittor hands `execute` detached copies, and second-order gradients need the
            originals.
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


def _has_library(a: jt.Var, b: jt.Var) -> bool:
    """Return whether a library takes these: cuBLAS takes every floating type, oneDNN float32."""
    if jt.flags.use_cuda:
        return jt.compile_extern.cublas_ops is not None and a.dtype == b.dtype
    return jt.compile_extern.mkl_ops is not None and a.dtype == b.dtype == "float32"


def batched_matmul(a: jt.Var, b: jt.Var, transpose_a: bool = False) -> jt.Var:
    """Return the product of each pair of matrices in two batches. First-order gradients only on the CPU.

    Shapes:
        a [N, n, m] (with `transpose_a` [N, m, n]), b [N, m, k] -> [N, n, k]
    """
    if _has_sgemm() and a.dtype == b.dtype == "float32":
        return _BatchedProduct()(a, b, transpose_a)
    return nn.bmm(a.transpose(0, 2, 1) if transpose_a else a, b)


def _has_sgemm() -> bool:
    """Return whether oneDNN computes here."""
    return jt.compile_extern.mkl_ops is not None and not jt.flags.use_cuda


class _BatchedProduct(jt.Function):
    """A product of batches with its gradient, which consists of two such products."""

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
