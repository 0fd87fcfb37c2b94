"""Means, L1 distance and gradient penalty."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit import losses
from jittor_tsit.layers.train_mode import set_training
from jittor_tsit.networks.patchgan_multiscale import MultiscaleDiscriminator


def test_a_mean_of_many_values_keeps_its_digits(rng):
    x = rng.random((4, 64, 192, 256), np.float32)  # as many as VGG's first features have; one sum is 1 % too small
    assert losses.mean(jt.array(x)).item() == pytest.approx(x.mean(dtype=np.float64), rel=1e-5)


@pytest.mark.parametrize("shape", [(5,), (3, 5), (2, 3, 4, 5)])
def test_l1_is_the_mean_absolute_distance(rng, shape):
    x, y = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    assert losses.l1(jt.array(x), jt.array(y)).item() == pytest.approx(np.abs(x - y).mean(), rel=1e-6)


def test_a_gradient_penalty_reaches_the_weights_of_a_discriminator_of_many_channels(rng):
    D = MultiscaleDiscriminator(6, width=8, num_layers=3, num_scales=1)
    set_training(D, False)  # singular vectors rest, so that the slope can be computed again
    real, fake = (jt.array(rng.standard_normal((2, 6, 32, 48)).astype(np.float32)) for _ in range(2))
    alpha, (scale,) = jt.array(np.float32([0.3, 0.8]).reshape(2, 1, 1, 1)), D.scales
    weights = [scale.conv_first.weight, scale.convs[0].weight, scale.conv_logits.weight]

    def penalty():
        return losses.gradient_penalty(lambda image: D(image).logits, real, fake, alpha)

    gradients = [gradient.numpy() for gradient in jt.grad(penalty(), weights)]
    assert all(np.isfinite(gradient).all() and gradient.any() for gradient in gradients)
    # Along the last one the penalty is smooth; along the others it jumps wherever a leaky ReLU comes to its other side.
    step, start, values = rng.standard_normal(weights[-1].shape).astype(np.float32), weights[-1].numpy().copy(), []
    for sign in (1, -1):
        weights[-1].update(jt.array(start + sign * 1e-4 * step))
        values.append(penalty().item())
    assert (gradients[-1] * step).sum() == pytest.approx(
        (values[0] - values[1]) / 2e-4, rel=0.05
    )  # 0.4 % off was measured


def test_a_gradient_penalty_of_a_flat_discriminator_has_a_finite_gradient(rng):
    """Where the slope is 0 its length has no derivative; the gradient is 0 there, as that of PyTorch's norm."""
    real, fake = (jt.array(rng.standard_normal((2, 3, 4, 5)).astype(np.float32)) for _ in range(2))
    alpha, weight = jt.array(np.float32([0.3, 0.8]).reshape(2, 1, 1, 1)), jt.zeros((1, 3, 4, 5))
    penalty = losses.gradient_penalty(lambda image: [(image * weight).sum([1, 2, 3])], real, fake, alpha)
    assert penalty.item() == 1
    np.testing.assert_array_equal(jt.grad(penalty, weight).numpy(), 0)
