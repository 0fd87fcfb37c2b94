"""With the option `warp` G gets the warped label map; D and the frozen segmenter get the map of the photo."""

import dataclasses

import jittor as jt
import numpy as np
import pytest

from helpers.hand_steps import Toy
from helpers.tiny import CONFIGS, NUM_CLASSES, make_batch
from jittor_tsit.layers.image_layouts import label_image, to_nchw
from jittor_tsit.networks.patchgan_multiscale import DiscriminatorOutput
from jittor_tsit.systems.draws import initial_draws
from jittor_tsit.systems.spade import SPADESystem

SIDES = 64, 128


@pytest.mark.parametrize("use_vae", [False, True])
def test_only_g_gets_the_warped_map(monkeypatch, use_vae):
    config = dataclasses.replace(CONFIGS["spade"], use_vae=use_vae)
    with initial_draws(0):
        system = SPADESystem(config, NUM_CLASSES, *SIDES, seed=0)
        system.prepare_training(terms=())
    batch = make_batch(system, 2, height=SIDES[0], width=SIDES[1])
    ids = np.random.default_rng(1).integers(0, NUM_CLASSES, (2, *SIDES), np.uint8)
    warped = label_image(jt.array(ids), NUM_CLASSES)
    batch = dataclasses.replace(batch, warped=warped)
    given = {"G": [], "D": [], "segmenter": []}

    def keep(name, segmap):
        given[name].append(to_nchw(segmap).numpy())

    def generator(numbers, segmap, start):
        keep("G", segmap)
        if not use_vae:  # the first tensor of G is made from this
            np.testing.assert_array_equal(to_nchw(start).numpy(), to_nchw(warped).numpy()[:, :, ::32, ::32])
        return numbers[0] * batch.image

    def discriminator(numbers, image, segmap):
        keep("D", segmap)
        return DiscriminatorOutput([image], [[image]])

    def judge(fake, segmap):
        keep("segmenter", segmap)
        return {"segmenter": fake.mean()}

    system.G, system.D = Toy(generator, 0.7), Toy(discriminator, 1.0)
    system.E = Toy(lambda numbers, image: (jt.zeros((2, 256)), jt.zeros((2, 256))), 1.0)
    monkeypatch.setattr(system, "score_terms", judge)
    system.weights = {**system.weights, "segmenter": 1.0}
    with jt.flag_scope(lazy_execution=0):
        system.generator_terms(batch)
        system.discriminator_terms(batch)
    expected = {"G": to_nchw(warped).numpy(), "D": to_nchw(batch.segmap).numpy()}
    expected["segmenter"] = expected["D"]
    for name, maps in given.items():
        assert maps
        for segmap in maps:
            np.testing.assert_array_equal(segmap, expected[name], err_msg=name)
