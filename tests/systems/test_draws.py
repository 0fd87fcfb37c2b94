"""Draws follow from seed, purpose and key alone."""

import jittor as jt
import numpy as np

from helpers.same_bytes import digest
from jittor_tsit.systems.draws import Noise, initial_draws, key_of


def test_a_key_gets_the_same_draw_in_any_batch():
    both = Noise(0).normal("z", [3, 7], (5,)).numpy()
    np.testing.assert_array_equal(both[1:], Noise(0).normal("z", [7], (5,)).numpy())


def test_seeds_purposes_and_keys_draw_apart():
    draws = [
        Noise(seed).normal(purpose, [key], (5,)).numpy()
        for seed, purpose, key in ((0, "z", 1), (1, "z", 1), (0, "G", 1), (0, "z", 2))
    ]
    assert len(set(map(digest, draws))) == 4


def test_draws_are_standard_normal():
    draws = Noise(0).normal("z", range(100), (256,)).numpy()
    assert draws.dtype == np.float32
    # 25,600 draws: six standard errors of their mean and deviation
    assert abs(draws.mean()) < 0.04 and abs(draws.std() - 1) < 0.03


def test_a_name_has_the_same_number_everywhere():
    assert key_of("a") == 0xE8B7BE43  # the CRC-32 of that letter


def test_what_was_left_to_be_computed_does_not_change_initial_weights():
    def weights():
        with initial_draws(0):
            return jt.randn(5)

    alone = weights()
    pending = jt.randn(5)  # drawn when the first of them is executed
    np.testing.assert_array_equal(weights().numpy(), alone.numpy())
    assert not np.array_equal(pending.numpy(), alone.numpy())
