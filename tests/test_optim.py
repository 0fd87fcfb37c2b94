"""Adam, the learning-rate schedule, averaged weights."""

import jittor as jt
import numpy as np
import pytest
from jittor import nn

from helpers.cuda_on_cpu import emulate
from jittor_tsit.optim import SGD, Adam, clipped, linear_decay, squared_norms, update_average


def numpy_adam(param, grads, lr, betas, eps=1e-8, l2=0.0, decay=0.0):
    """torch.optim.Adam with `l2` and torch.optim.AdamW with `decay`, in float64."""
    mean = square = np.zeros_like(param)
    for step, grad in enumerate(grads, start=1):
        grad = grad + l2 * param
        param = param * (1 - lr * decay)
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
    optimizer = Adam({"own": own}, lr=0.1, betas=(0.5, 0.9))
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
    """A weight, running statistics and singular vectors of one value, two of them in a part of the network."""

    def __init__(self, value, has_part=True):
        self.weight = jt.array([float(value)])
        self.u, self.v, self.running_mean = (jt.array([float(value)]).stop_grad() for _ in range(3))
        if has_part:
            self.part = Scalar(value, has_part=False)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_the_average_has_its_half_life_in_images(batch_size):
    average, current = Scalar(1), Scalar(0)
    for nimg in range(100_000, 100_000 + 80, batch_size):
        update_average(average, current, batch_size, nimg, halflife_nimg=80)
    assert average.weight.item() == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("name", ["u", "v"])
def test_the_average_takes_singular_vectors_as_they_are_and_nothing_else(name):
    """Of length 1, which the mean of two of them has not; both are on both levels of the network."""
    average, current = Scalar(1), Scalar(3)
    update_average(average, current, 1, nimg=10**6, halflife_nimg=1)
    found = {key: var.item() for key, var in average.state_dict().items()}
    assert found[name] == found[f"part.{name}"] == 3
    averaged = [key for key in found if key.rpartition(".")[2] in ("weight", "running_mean")]
    assert len(averaged) == 4 and all(found[key] == 2 for key in averaged)


def test_early_on_the_average_forgets_the_start():
    average, current = Scalar(1), Scalar(0)
    for nimg in range(1, 101):
        update_average(average, current, 1, nimg, halflife_nimg=1e6)
    assert average.weight.item() < 1e-3


def test_weight_decay_is_adamws_for_matrices_and_leaves_biases_alone(rng):
    """Its share is that of the rate itself, which is not the bias-corrected one: 0.1 and 1 in the first step."""
    grads, betas = rng.standard_normal((3, 4)), (0.9, 0.99)
    params = {"matrix": jt.array([[2.0, -1.0, 0.5, 3.0]]), "bias": jt.array([2.0, -1.0, 0.5, 3.0])}
    optimizer = Adam(params, lr=0.1, betas=betas, weight_decay=0.5)
    start = params["bias"].numpy().astype(np.float64)
    for grad in grads.astype(np.float32):
        optimizer.apply({"matrix": jt.array(grad[None]), "bias": jt.array(grad)})
    for name, decay in (("matrix", 0.5), ("bias", 0.0)):
        expected = numpy_adam(start, grads, 0.1, betas, decay=decay)
        # a dozen roundings of 6e-8 in three steps
        np.testing.assert_allclose(params[name].numpy().ravel(), expected, rtol=2e-6, atol=2e-6)


def test_l2_is_added_to_the_gradients_of_all_parameters(rng):
    grads, betas, start = rng.standard_normal((3, 4)), (0.5, 0.99), np.array([2.0, -1.0, 0.5, 3.0])
    params = {"matrix": jt.array(np.float32(start[None])), "bias": jt.array(np.float32(start))}
    optimizer = Adam(params, lr=0.1, betas=betas, l2=0.7)
    for grad in grads.astype(np.float32):
        optimizer.apply({"matrix": jt.array(grad[None]), "bias": jt.array(grad)})
    expected = numpy_adam(start, grads, 0.1, betas, l2=0.7)
    for param in params.values():
        np.testing.assert_allclose(param.numpy().ravel(), expected, rtol=2e-6, atol=2e-6)  # as above


def test_sgd_keeps_its_share_of_the_last_direction():
    param = jt.array([1.0])
    optimizer = SGD({"p": param}, lr=0.1, momentum=0.8)
    for grad in (2.0, -3.0, 0.5):
        optimizer.apply({"p": jt.array([grad])})
    velocities = 2.0, 0.8 * 2 - 3, 0.8 * (0.8 * 2 - 3) + 0.5
    assert param.item() == pytest.approx(1 - 0.1 * sum(velocities), rel=1e-6)
    assert optimizer.num_steps == 3


@pytest.mark.parametrize("longest", [0.5, 100.0])
def test_gradients_are_shortened_together_as_pytorch_does(longest, rng):
    """torch.nn.utils.clip_grad_norm_ in float64."""
    grads = {"matrix": rng.standard_normal((3, 4)), "bias": rng.standard_normal(5) * 10}
    norm = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
    factor = min(1.0, longest / (norm + 1e-6))
    given = {name: jt.array(grad.astype(np.float32)) for name, grad in grads.items()}
    squared = squared_norms(given)
    np.testing.assert_allclose(squared.numpy(), [(grad**2).sum() for grad in grads.values()], rtol=1e-5)
    for name, grad in clipped(given, squared, longest).items():
        np.testing.assert_allclose(grad.numpy(), grads[name] * factor, rtol=1e-5)  # float32 sums


def test_a_gradient_that_is_not_finite_shows_in_its_square():
    for value in ("nan", "inf", "-inf"):
        found = squared_norms({"good": jt.array([1.0, 2.0]), "bad": jt.array([1.0, float(value)])}).numpy()
        assert np.isfinite(found[0]) and not np.isfinite(found[1])
