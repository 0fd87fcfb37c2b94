"""Products of many matrices against NumPy's, with their gradients."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.kernels import backend
from jittor_tsit.layers import batched


@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("has_sgemm", [True, False])
def test_product_and_gradients(monkeypatch, rng, transpose_a, has_sgemm):
    if not has_sgemm:
        monkeypatch.setattr(backend, "has_batched_matmul", lambda a, b: False)
    a, b, weight = (rng.standard_normal(shape).astype(np.float32) for shape in ((3, 5, 7), (3, 7, 4), (3, 5, 4)))
    given = jt.array(a.transpose(0, 2, 1).copy() if transpose_a else a)
    other = jt.array(b)
    product = batched.batched_matmul(given, other, transpose_a)
    np.testing.assert_allclose(product.numpy(), a @ b, rtol=1e-5, atol=1e-5)
    grad_a, grad_b = (grad.numpy() for grad in jt.grad((product * jt.array(weight)).sum(), [given, other]))
    grad_a = grad_a.transpose(0, 2, 1) if transpose_a else grad_a
    np.testing.assert_allclose(grad_a, weight @ b.transpose(0, 2, 1), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(grad_b, a.transpose(0, 2, 1) @ weight, rtol=1e-5, atol=1e-5)


def test_one_matrix_without_gradient(rng):
    a, b = (rng.standard_normal((1, 6, 6)).astype(np.float32) for _ in range(2))
    with jt.no_grad():
        product = batched.batched_matmul(jt.array(a), jt.array(b))
    np.testing.assert_allclose(product.numpy(), a @ b, rtol=1e-5, atol=1e-5)
