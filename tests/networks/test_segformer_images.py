"""SegFormer: sizes of images, batches, and random dropping in training mode."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.layers.train_mode import set_training
from jittor_tsit.networks.mix_transformer import MixTransformer, Sizes, drop_factors
from jittor_tsit.networks.segformer import SegFormer
from jittor_tsit.systems.draws import initial_draws

TINY = Sizes((8, 16, 24, 32), (2, 2, 2, 2), 32, heads=(1, 2, 3, 4))  # as test_segformer_network's: kernels are shared


def test_a_quarter_of_the_images_size_is_rounded_up_and_small_images_are_refused():
    net = SegFormer(3, TINY)
    set_training(net, False)
    assert net(jt.zeros(1, 3, 34, 61)).shape == [1, 3, 9, 16]  # nothing is computed
    with pytest.raises(ValueError, match="image of 31 x 64 pixels: each side needs at least 32 pixels"):
        net(jt.zeros(1, 3, 31, 64))


def test_images_of_a_batch_do_not_mix(rng):
    net, images = SegFormer(3, TINY), rng.standard_normal((3, 3, 64, 96)).astype(np.float32)
    set_training(net, False)
    with jt.no_grad():
        three, two = net(jt.array(images)).numpy(), net(jt.array(images[1:])).numpy()
    np.testing.assert_allclose(two, three[1:], rtol=0, atol=1e-6)  # float32 rounding of logits of 1e-2


def test_dropping_keeps_the_mean():
    draws = jt.array(np.float32([[-9, -0.1, 0.1, 9]]))
    np.testing.assert_allclose(drop_factors(draws, [0.5, 0.5, 0.5, 0.0]).numpy(), [[0, 0, 2, 1]], rtol=1e-6)


def test_drop_path_rises_from_the_first_block_to_the_last():
    rates = MixTransformer(TINY, drop_path=0.7).rates
    np.testing.assert_allclose(rates[::2], np.arange(8) / 10, atol=1e-12)
    np.testing.assert_array_equal(rates[::2], rates[1::2])


def test_training_drops_by_the_draws_and_evaluation_drops_nothing(rng):
    net = SegFormer(3, Sizes((8,), (2,), 8, heads=(1,), reductions=(8,)), drop_path=0.5)
    image = jt.array(rng.standard_normal((2, 3, 64, 96)).astype(np.float32))
    draws = jt.array(rng.standard_normal((2, net.num_draws)).astype(np.float32))

    def logits(draws=None, seed=0):
        with initial_draws(seed), jt.no_grad():
            return net(image, draws).numpy()

    trained = logits(draws)
    np.testing.assert_array_equal(trained, logits(draws, seed=1))
    np.testing.assert_array_equal(logits(seed=2), logits(seed=2))
    assert not np.array_equal(logits(seed=2), logits(seed=3))
    all_kept = jt.ones(2, net.num_draws) * 9
    assert not np.array_equal(trained, logits(all_kept))
    set_training(net, False)
    np.testing.assert_array_equal(logits(draws), logits())
