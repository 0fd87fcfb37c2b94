"""Recording the signs of a float32 run and imposing them on a float64 run."""

import jittor as jt
import numpy as np
import pytest

from helpers.kinks import assert_near_zero, imposing_signs, recording_signs
from jittor_tsit import losses
from jittor_tsit.layers.image_layouts import activate, to_fast_layout, to_nchw

SLOPE = 0.2


def gradient_of_slopes(values, calls):
    """Gradient of the sum of leaky ReLUs in float64, with these signs."""
    x = jt.array(np.float64(values), dtype="float64")
    with imposing_signs(calls) as flips:
        gradient = jt.grad(jt.nn.leaky_relu(x, SLOPE).sum(), x).numpy()
    return gradient, flips


def test_an_imposed_sign_decides_the_gradient_and_is_named():
    gradient, flips = gradient_of_slopes([3.0, 1e-9, -2.0], [np.int8([1, -1, -1])])
    np.testing.assert_allclose(gradient, [1, SLOPE, SLOPE], rtol=1e-7)
    ((call, place, value, largest),) = flips
    assert (call, place, value, largest) == (0, (1,), pytest.approx(1e-9), 3.0)
    assert_near_zero(flips)


def test_a_flipped_value_that_is_not_near_zero_is_refused():
    _, flips = gradient_of_slopes([3.0, 0.01, -2.0], [np.int8([1, -1, -1])])
    with pytest.raises(AssertionError, match="not near 0: call 0 at"):
        assert_near_zero(flips)


def test_a_float64_run_with_fewer_activations_is_refused():
    with pytest.raises(AssertionError, match="fewer activations"):
        gradient_of_slopes([1.0], [np.int8([1]), np.int8([1])])


def run_all(x):
    """Everything that has kinks, on an image of a full block of channels and a part of one."""
    y = to_nchw(activate(to_fast_layout(x), SLOPE)) + jt.nn.relu(x - 0.5)
    return losses.l1(jt.nn.pool(y, 2, "maximum", stride=2), y[:, :, ::2, ::2] * 0 + 0.3)


def test_signs_are_the_same_in_all_layouts(rng):
    values = rng.standard_normal((2, 19, 6, 10)).astype(np.float32)
    with recording_signs() as signs:
        single = jt.array(values)
        gradient = jt.grad(run_all(single), single).numpy()
    assert len(signs.calls) == 4
    x = jt.array(values.astype(np.float64), dtype="float64")
    with imposing_signs(signs.calls) as flips:
        same_side = jt.grad(run_all(x), x).numpy()
    assert not flips  # nothing of these random values lies near a kink
    np.testing.assert_allclose(gradient, same_side, rtol=0, atol=8 * 2.0**-24 * np.abs(same_side).max())
