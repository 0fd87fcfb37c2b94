"""What only OASIS promises: noise of images and of classes, pixels without a class, sizes."""

import jittor as jt
import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.tiny import CONFIGS, NUM_CLASSES, SIZES, make_batch, make_system
from jittor_tsit import losses
from jittor_tsit.config import DataConfig, Experiment, OASISConfig, RunConfig
from jittor_tsit.data.batches import PairedBatch, full_share, to_image, to_segmap
from jittor_tsit.layers.image_layouts import to_nchw
from jittor_tsit.systems.build import build_system
from jittor_tsit.systems.draws import Noise

HEIGHT, WIDTH = SIZES["oasis"]


def label_map(*ids):
    """A label map of vertical stripes, [1, K, H, W]."""
    stripes = np.array(ids, np.uint8).repeat(WIDTH // len(ids))
    return to_segmap(NUM_CLASSES, np.broadcast_to(stripes, (1, HEIGHT, WIDTH)).copy())


def test_the_noise_is_one_vector_for_each_image_in_all_its_pixels():
    system, batch = make_system("oasis", is_training=False), make_batch(make_system("oasis", False), 2, False)
    z = system.draw(Noise(0), "z", batch).numpy()
    assert z.shape == (2, 3, 1, 1) and not np.array_equal(z[0], z[1])
    assert not np.array_equal(z, system.draw(Noise(1), "z", batch).numpy())


def test_a_class_with_a_seed_of_its_own_has_that_seeds_noise_and_no_other_class_has():
    system, batch = make_system("oasis", is_training=False), PairedBatch(label_map(4, 7), None, [5], full_share(1))
    z = system.draw(Noise(0, {7: 3}), "z", batch).numpy()
    for seed, part in ((0, z[..., : WIDTH // 2]), (3, z[..., WIDTH // 2 :])):
        own = system.draw(Noise(seed), "z", batch).numpy()
        np.testing.assert_array_equal(part, np.broadcast_to(own, part.shape))


def test_seeds_give_different_images_and_seeds_of_absent_classes_the_same():
    system, batch = make_system("oasis", is_training=False), PairedBatch(label_map(4, 7), None, [5], full_share(1))
    with jt.flag_scope(lazy_execution=0):
        images = [system.generate(batch, noise).numpy() for noise in (Noise(0), Noise(1), Noise(0, {9: 1}))]
    assert np.abs(images[0] - images[1]).max() > 0.1
    # another order of the same sums: the noise of each pixel instead of one vector
    np.testing.assert_allclose(images[2], images[0], rtol=0, atol=1e-3)


def test_no_class_and_borders_are_inputs_of_g_and_no_classes_of_d():
    data = DataConfig(num_classes=5, unknown_id=255, instance_edges=True, image_width=WIDTH, image_height=HEIGHT)
    system = build_system(Experiment("oasis", CONFIGS["oasis"], data, RunConfig(total_nimg=1)))
    system.prepare_training(terms=())
    assert system.G.conv_first.weight.shape[1] == 5 + 2 + 3 and system.D.conv_logits.weight.shape[0] == 5 + 1
    rng = np.random.default_rng(0)
    ids, edges = rng.integers(0, 6, (1, HEIGHT, WIDTH)).astype(np.uint8), np.ones((1, HEIGHT, WIDTH), np.uint8)
    photo = to_image(rng.integers(0, 256, (1, HEIGHT, WIDTH, 3)).astype(np.uint8))
    batch = PairedBatch(to_segmap(6, ids, edges), photo, [0], full_share(1))
    np.testing.assert_array_equal(system.classes(batch).numpy()[0], ids == np.arange(5)[:, None, None])
    system.D.conv_logits.weight.update(jt.zeros_like(system.D.conv_logits.weight))
    with jt.flag_scope(lazy_execution=0):
        terms = {name: term.item() for name, term in system.train_step([batch], 0).items()}
    for name in ("G/gan", "D/real", "D/fake"):  # D gives all N + 1 classes the same probability
        assert terms[name] == pytest.approx(np.log(6), rel=1e-5)


def test_a_batch_without_any_class_has_no_loss():
    nothing = to_nchw(to_segmap(3, np.full((1, 4, 4), 3, np.uint8)))
    weight = losses.class_weights(losses.mean(nothing, [0, 2, 3]), balance=1)
    assert losses.weighted_cross_entropy(jt.randn(1, 4, 4, 4), nothing, weight).item() == 0


def test_sizes_that_ds_u_net_cannot_halve_six_times_are_refused():
    OASISConfig().require_size(384, 512)
    with pytest.raises(InputError, match="image size 96x64: OASIS needs multiples of 64"):
        OASISConfig().require_size(64, 96)
