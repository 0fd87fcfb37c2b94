"""What only TSIT promises."""

import jittor as jt
import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.tiny import CONFIGS, images_of, make_batch, make_system
from jittor_tsit.data.batches import PairedBatch, full_share
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.tsit import TSITSystem

SETTLING_PASSES = 10  # in training mode: by a new network's running statistics every pixel is 1 or -1, some by rounding


@pytest.mark.parametrize("size", [(130, 256), (128, 128), (0, 128)])
def test_sizes_that_cannot_work_are_refused(size):
    with pytest.raises(InputError, match=f"{size[1]}x{size[0]}: TSIT needs multiples of 128"):
        TSITSystem(CONFIGS["tsit"], 29, *size, seed=0)


def test_an_image_does_not_depend_on_its_batch():
    system = make_system("tsit", is_training=False)
    both = make_batch(system, size=2)
    with jt.no_grad():
        for _ in range(SETTLING_PASSES):
            system.synthesize(both, "G")[0].sync()
    both = PairedBatch(both.segmap, None, both.index, both.share)
    second = PairedBatch(images_of(both.segmap, slice(1, None)), None, both.index[1:], full_share(1))
    images = system.generate(both, Noise(0)).numpy()
    # kernels may sum in another order for another batch size: float32 rounding, grown through the network
    np.testing.assert_allclose(system.generate(second, Noise(0)).numpy()[0], images[1], atol=1e-4)


def test_the_seed_and_the_reference_photo_change_the_image():
    system = make_system("tsit", is_training=False)
    drawn, guided = make_batch(system, with_image=False), make_batch(system, with_image=True)
    images = [system.generate(drawn, Noise(seed)).numpy() for seed in (0, 1)] + [
        system.generate(guided, Noise(0)).numpy()
    ]
    for a, b in ((0, 1), (0, 2)):
        assert np.abs(images[a] - images[b]).max() > 1e-4
