"""What only SimGAN promises."""

import dataclasses

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.tiny import CONFIGS, make_batch, make_system
from jittor_tsit.data.batches import to_pixels
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.simgan import SimGANConfig, SimGANSystem


def test_first_the_refiner_alone_then_d_alone_then_both_in_turn():
    system = make_system("simgan")
    system.config = dataclasses.replace(system.config, pretrain_G=2, pretrain_D=3, k_g=2, k_d=1)
    batch, terms = make_batch(system), []
    for step in range(11):
        terms.append("+".join(system.train_step([batch], step)))
    alone, of_G, of_D = "G/reg", "G/gan+G/reg", "D/refined+D/real"
    assert terms == [alone, alone, of_D, of_D, of_D, of_G, of_G, of_D, of_G, of_G, of_D]


def test_the_schedule_says_where_its_cycle_begins_and_how_long_it_is():
    config = dataclasses.replace(CONFIGS["simgan"], pretrain_G=5, pretrain_D=3, k_g=2, k_d=4)
    assert SimGANSystem(config, 29, 32, 32, seed=0).cycle == (8, 6)


def test_grey_images_come_out_grey():
    system = make_system("simgan", is_training=False)
    image = system.generate(make_batch(system), Noise(0))
    assert image.shape[1] == 1 and (to_pixels(image)[..., :1] == to_pixels(image)).all()
    colour = SimGANSystem(dataclasses.replace(CONFIGS["simgan"], channels=3), 29, 32, 32, seed=0)
    image = colour.generate(make_batch(colour, height=32, width=32), Noise(0)).numpy()
    assert np.abs(image[:, 0] - image[:, 1]).max() > 1e-4


@pytest.mark.parametrize(
    "options, message",
    [
        ({"kind": "face"}, "kind=face: allowed are gaze, hand"),
        ({"channels": 2}, "channels=2: allowed are 1, 3"),
        ({"k_g": 0}, "k_g=0: must be at least 1"),
        ({"momentum": 1.0}, "momentum=1.0: must be at least 0 and below 1"),
    ],
)
def test_options_that_cannot_work_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        SimGANConfig(**options)
