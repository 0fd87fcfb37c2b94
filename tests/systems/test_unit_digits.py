"""What UNIT for digits promises beyond the contract."""

import jittor as jt
import numpy as np
import pytest

from helpers.tiny import make_batch, make_system


def test_the_divergence_of_a_code_of_a_tiny_deviation_is_finite():
    """A deviation of e^-60, whose square is below float32: 2 (mu^2 - 2 log sigma), summed over the code."""
    system = make_system("unit_digits")
    for conv, bias in ((system.G.mu, 0.5), (system.G.sigma, -60.0)):
        conv.weight.update(jt.zeros(conv.weight.shape))
        conv.bias.update(jt.full(conv.bias.shape, bias))
    divergence = system.generator_terms(make_batch(system))["kl"]
    dims = system.G.mu.bias.shape[0]
    assert divergence.item() == pytest.approx(dims * 2 * (0.5**2 + 2 * 60), rel=1e-6)  # log and e^x: 8 roundings
    np.testing.assert_allclose(jt.grad(divergence, system.G.sigma.bias).numpy(), -4, rtol=1e-6)  # log(softplus)' = 1


def test_the_grid_shows_as_as_bs_then_the_bs_and_these_as_as():
    system = make_system("unit_digits", is_training=False)
    batch = make_batch(system)
    a, b = (images.image for images in batch.sets)
    columns = [column.numpy() for column in system.columns(batch, None)]
    assert len(columns) == 3 and system.column_heads() == ["A to B", "B", "B to A"]
    np.testing.assert_array_equal(columns[0], system.translate(a, 0, 1).numpy())
    np.testing.assert_array_equal(columns[1], b.numpy())
    np.testing.assert_array_equal(columns[2], system.translate(b, 1, 0).numpy())
