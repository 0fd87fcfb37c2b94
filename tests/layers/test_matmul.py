"""Matrix products and products of batches of matrices against NumPy's, with their gradients."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.kernels import backend
from jittor_tsit.layers.matmul import batched_matmul, matmul


@pytest.mark.parametrize("has_library", [True, False])
@pytest.mark.parametrize("transpose_a, transpose_b", [(False, False), (False, True), (True, False), (True, True)])
def test_product_and_gradients(monkeypatch, rng, transpose_a, transpose_b, has_library):
    if not has_library:
        monkeypatch.setattr(backend, "has_matmul_library", lambda a, b: False)
    a, b, weight = (rng.standard_normal(shape).astype(np.float32) for shape in ((5, 7), (7, 4), (5, 4)))
    given_a, given_b = (
        jt.array(m.T.copy() if is_turned else m) for m, is_turned in ((a, transpose_a), (b, transpose_b))
    )
    product = matmul(given_a, given_b, transpose_a, transpose_b)
    grads = jt.grad((product * jt.array(weight)).sum(), [given_a, given_b])
    grad_a, grad_b = (
        g.numpy().T if is_turned else g.numpy() for g, is_turned in zip(grads, (transpose_a, transpose_b))
    )
    np.testing.assert_allclose(product.numpy(), a @ b, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(grad_a, weight @ b.T, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(grad_b, a.T @ weight, rtol=1e-5, atol=1e-5)


def test_second_order(rng):
    """The gradient of |d (x w^T) c / dx|^2 by w, which is 2 (c^T c) w for one row x."""
    x, w, c = (jt.array(rng.standard_normal(shape).astype(np.float32)) for shape in ((1, 3), (4, 3), (1, 4)))
    first = jt.grad((matmul(x, w, transpose_b=True) * c).sum(), x)
    second = jt.grad(first.sqr().sum(), w)
    np.testing.assert_allclose(second.numpy(), 2 * c.numpy().T @ c.numpy() @ w.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("has_sgemm", [True, False])
def test_batched_product_and_gradients(monkeypatch, rng, transpose_a, has_sgemm):
    if not has_sgemm:
        monkeypatch.setattr(backend, "has_batched_matmul", lambda a, b: False)
    a, b, weight = (rng.standard_normal(shape).astype(np.float32) for shape in ((3, 5, 7), (3, 7, 4), (3, 5, 4)))
    given = jt.array(a.transpose(0, 2, 1).copy() if transpose_a else a)
    other = jt.array(b)
    product = batched_matmul(given, other, transpose_a)
    np.testing.assert_allclose(product.numpy(), a @ b, rtol=1e-5, atol=1e-5)
    grad_a, grad_b = (grad.numpy() for grad in jt.grad((product * jt.array(weight)).sum(), [given, other]))
    grad_a = grad_a.transpose(0, 2, 1) if transpose_a else grad_a
    np.testing.assert_allclose(grad_a, weight @ b.transpose(0, 2, 1), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(grad_b, a.transpose(0, 2, 1) @ weight, rtol=1e-5, atol=1e-5)


def test_a_batch_of_one_matrix_without_gradient(rng):
    a, b = (rng.standard_normal((1, 6, 6)).astype(np.float32) for _ in range(2))
    with jt.no_grad():
        product = batched_matmul(jt.array(a), jt.array(b))
    np.testing.assert_allclose(product.numpy(), a @ b, rtol=1e-5, atol=1e-5)
