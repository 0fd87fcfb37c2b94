"""Means that the losses are made of."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit import losses


def test_a_mean_of_many_values_keeps_its_digits(rng):
    x = rng.random((4, 64, 192, 256), np.float32)  # as many as VGG's first features have; one sum is 1 % too small
    assert losses.mean(jt.array(x)).item() == pytest.approx(x.mean(dtype=np.float64), rel=1e-5)


@pytest.mark.parametrize("shape", [(5,), (3, 5), (2, 3, 4, 5)])
def test_l1_is_the_mean_absolute_distance(rng, shape):
    x, y = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    assert losses.l1(jt.array(x), jt.array(y)).item() == pytest.approx(np.abs(x - y).mean(), rel=1e-6)
