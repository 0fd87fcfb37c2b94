"""CycleGAN's dropout, which its official code has as an option."""

import jittor as jt
import numpy as np
from tiny import make_batch, make_system

from jittor_tsit.layers.plain import plain_instance_norm
from jittor_tsit.layers.resize import reflect_pad
from jittor_tsit.networks.resnet import ResNetBlock
from jittor_tsit.noise import Noise


def test_dropout_stands_between_a_blocks_convolutions(rng):
    block = ResNetBlock(4, plain_instance_norm)
    x, draw = (rng.standard_normal((2, 4, 8, 8)).astype(np.float32) for _ in range(2))
    middle = np.maximum(block.norm0(block.conv0(reflect_pad(jt.array(x), 1))).numpy(), 0)
    kept = jt.array((middle * (draw > 0) * 2).astype(np.float32))
    expected = x + block.norm1(block.conv1(reflect_pad(kept, 1))).numpy()
    np.testing.assert_allclose(block(jt.array(x), jt.array(draw)).numpy(), expected, rtol=1e-4, atol=1e-6)


def test_dropout_acts_in_training_alone():
    plain, dropping = make_system("cyclegan"), make_system("cyclegan-dropout")
    batch = make_batch(plain)
    images = [system.generate(batch, Noise(0)).numpy() for system in (plain, dropping)]
    np.testing.assert_array_equal(*images)
    terms = []
    for system in (plain, dropping, dropping):
        system.fakes = []
        terms.append({name: term.item() for name, term in system.generator_terms(batch).items()})
    assert all(terms[0][name] != value for name, value in terms[1].items())
    assert terms[1] == terms[2]  # drawn for the image, not for the moment
