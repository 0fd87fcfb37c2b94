"""Adam, the learning-rate schedule, averaged weights."""

import jittor as jt
import numpy as np
import pytest
from cuda_on_cpu import emulate
from jittor import nn

from jittor_tsit.optim import Adam, clipped, linear_decay, squares, update_average


def numpy_adam(param, grads, lr, betas, eps=1e-8):
    """torch.optim.Adam in float64."""
    mean = square = np.zeros_like(param)
    for step, grad in enumerate(grads, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        root = np.sqrt(square / (1 - betas[1] ** step)) + eps
        param = param - lr * mean / (1 - betas[0] ** step) / root
    return param


@pytest.mark.parametrize("betas", [(0.0, 0.9), (0.5, 0.999)])
def test_adam_is_pytorchs_also_for_gradients_of_the_order_of_eps(betas, rng):
    start = rng.standard_normal(6)
    scale = np.array([1, 1e-3, 1e-6, 1e-7, 1e-8, 1e-9])
    grads = [rng.standard_normal(6) * scale for _ in range(3)]
    param = jt.array(start.astype(np.float32))
    optimizer = Adam({"p": param}, lr=0.1, betas=betas)
    for grad in grads:
        optimizer.apply(optimizer.gradients((param * jt.array(grad.astype(np.float32))).sum()))
    np.testing.assert_allclose(param.numpy(), numpy_adam(start, grads, 0.1, betas), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["kernel", "CUDA's kernel"])
@pytest.mark.parametrize("beta2", [0.9, 0.999])
@pytest.mark.parametrize("size", [1, 64, 20000])  # scalar loop, vectors, all cores
def test_adam_of_gradients_of_any_size_is_pytorchs(monkeypatch, form, beta2, size):
    """A step of the rate for each sign, less where eps counts, and none where the square is beyond float32."""
    if form != "kernel":
        emulate(monkeypatch)
    values = np.float32([0, 1e-45, 1e-40, 1e-30, 1e-20, 1e-9, 1, -1e10, 1e18, 1e19, -1e20, 1e21, 1e25, 3e38])
    grads = np.resize(values, (max(1, len(values) // size), size)).astype(np.float64)
    with np.errstate(over="ignore"):
        is_beyond = np.isinf(((1 - beta2) * grads**2).astype(np.float32))
    assert is_beyond[grads == 1e25].all() and not is_beyond[np.abs(grads) < 1e20].any()
    expected = np.where(is_beyond, 1, 1 - 3 * 0.1 * grads / (np.abs(grads) + 1e-8))
    for grad, right in zip(grads.astype(np.float32), expected):
        param = jt.ones(size)
        optimizer = Adam({"p": param}, lr=0.1, betas=(0.5, beta2))
        for _ in range(3):
            optimizer.apply({"p": jt.array(grad)})
        np.testing.assert_allclose(param.numpy(), right, rtol=0, atol=1e-6)  # 3 steps, each of 5 roundings of 1


def test_adam_updates_its_own_parameters_only():
    own, other = jt.array([1.0]), jt.array([1.0])
    optimizer = Adam({"own": own}, lr=0.1, betas=(0.0, 0.9))
    optimizer.apply(optimizer.gradients((own * other).sum()))
    assert own.item() != 1.0 and other.item() == 1.0


@pytest.mark.parametrize("epoch, factor", [(1, 1.0), (99, 1.0), (100, 1.0), (101, 1.0), (102, 0.99), (200, 0.01)])
def test_the_rate_falls_as_the_official_schedule(epoch, factor):
    """100 + 100 epochs, counted from 1: full until epoch 101, a hundredth in the last."""
    nimg = (epoch - 1) * 1000 + 500
    assert linear_decay(nimg, 100_000, 100_000, 1000) == pytest.approx(factor)


def test_without_decay_the_rate_stays():
    assert linear_decay(10**9, 0, 0, 1000) == 1.0


class Scalar(nn.Module):
    def __init__(self, value):
        self.weight = jt.array([float(value)])
        self.u = jt.array([float(value)]).stop_grad()


@pytest.mark.parametrize("batch_size", [1, 4])
def test_the_average_has_its_half_life_in_images(batch_size):
    average, current = Scalar(1), Scalar(0)
    for nimg in range(100_000, 100_000 + 80, batch_size):
        update_average(average, current, batch_size, nimg, halflife_nimg=80)
    assert average.weight.item() == pytest.approx(0.5, rel=1e-4)
    assert average.u.item() == 0.0  # copied, not averaged


def test_early_on_the_average_forgets_the_start():
    average, current = Scalar(1), Scalar(0)
    for nimg in range(1, 101):
        update_average(average, current, 1, nimg, halflife_nimg=1e6)
    assert average.weight.item() < 1e-3


def test_weight_decay_takes_its_share_of_matrices_and_nothing_of_biases():
    matrix, bias = jt.array([[2.0]]), jt.array([2.0])
    optimizer = Adam({"matrix": matrix, "bias": bias}, lr=0.1, betas=(0.0, 0.9), weight_decay=0.5)
    optimizer.apply({"matrix": jt.array([[0.0]]), "bias": jt.array([0.0])})
    np.testing.assert_allclose([matrix.item(), bias.item()], [2.0 * (1 - 0.1 * 0.5), 2.0], rtol=1e-6)


@pytest.mark.parametrize("longest", [0.5, 100.0])
def test_gradients_are_shortened_together_as_pytorch_does(longest, rng):
    """torch.nn.utils.clip_grad_norm_ in float64."""
    grads = {"matrix": rng.standard_normal((3, 4)), "bias": rng.standard_normal(5) * 10}
    norm = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
    factor = min(1.0, longest / (norm + 1e-6))
    given = {name: jt.array(grad.astype(np.float32)) for name, grad in grads.items()}
    squared = squares(given)
    np.testing.assert_allclose(squared.numpy(), [(grad**2).sum() for grad in grads.values()], rtol=1e-5)
    for name, grad in clipped(given, squared, longest).items():
        np.testing.assert_allclose(grad.numpy(), grads[name] * factor, rtol=1e-5)  # float32 sums


def test_a_gradient_that_is_not_finite_shows_in_its_square():
    for value in ("nan", "inf", "-inf"):
        found = squares({"good": jt.array([1.0, 2.0]), "bad": jt.array([1.0, float(value)])}).numpy()
        assert np.isfinite(found[0]) and not np.isfinite(found[1])
