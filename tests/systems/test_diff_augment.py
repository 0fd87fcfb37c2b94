"""What D sees with the option diff_augment, and what the other loss terms see."""

import dataclasses

import jittor as jt
import numpy as np
import pytest
from jittor import nn

from data_tools.basics.errors import InputError
from helpers.hand_steps import Toy
from helpers.tiny import CONFIGS, NUM_CLASSES, make_batch
from jittor_tsit import losses
from jittor_tsit.layers.diff_augment import NUM_DRAWS, DiffAugment
from jittor_tsit.layers.image_layouts import to_nchw
from jittor_tsit.networks.patchgan_multiscale import DiscriminatorOutput
from jittor_tsit.systems import system_class
from jittor_tsit.systems.draws import Noise, initial_draws
from jittor_tsit.systems.spade import SPADEConfig

POLICY = "color", "translation", "cutout"
SIDES = 64, 128


class SeenByD(nn.Module):
    """Stands in for D: keeps what it is given, and its logits are the means of the colours with these weights."""

    def __init__(self, weights=1.0):
        self.seen, self.weights = [], weights

    def execute(self, x, segmap):
        self.seen.append((x.numpy(), None if segmap is None else to_nchw(segmap).numpy()))
        return DiscriminatorOutput([x.mean([1], keepdims=True) * self.weights], [[x]])


def augmenting(name="spade"):
    """A tiny system with the option whose G darkens the photo; its batch; what D has seen."""
    config = dataclasses.replace(CONFIGS[name], diff_augment=POLICY)
    size = SIDES if name == "spade" else (128, 256)
    with initial_draws(0):
        system = system_class(name.partition("-")[0], config)(config, NUM_CLASSES, *size, seed=0)
        system.prepare_training(terms=())
    batch = make_batch(system, 2, height=size[0], width=size[1], first=4)
    image = batch.a if name == "tsit-ast" else batch.image
    system.G, system.D = Toy(lambda numbers, *_: numbers[0] * image, 0.7), SeenByD()
    return system, batch, system.D.seen


def change_of(optimizer):
    """The change of the images 4 and 5 of a run in the step of an optimizer."""
    return DiffAugment(POLICY, Noise(0).numbers(f"augment {optimizer}", [4, 5], NUM_DRAWS))


def test_in_each_step_d_sees_photo_label_map_and_fake_with_one_change():
    system, batch, seen = augmenting()
    with jt.flag_scope(lazy_execution=0):
        system.generator_terms(batch)
        system.discriminator_terms(batch)
    fake, segmap = 0.7 * batch.image, batch.segmap
    images = [fake, batch.image, fake, batch.image]
    for (image, labels), original, optimizer in zip(seen, images, "GGDD"):
        change = change_of(optimizer)
        np.testing.assert_allclose(image, change.image(original).numpy(), rtol=0, atol=1e-5)
        np.testing.assert_array_equal(labels, to_nchw(change.label_map(segmap)).numpy())
    assert not np.array_equal(seen[0][1], seen[2][1])  # G's step and D's draw changes of their own


def test_the_perceptual_loss_sees_the_images_as_they_are(monkeypatch):
    system, batch, _ = augmenting()
    given = []
    monkeypatch.setattr(losses, "perceptual", lambda vgg, image, target: given.append((image, target)) or jt.zeros(1))
    system.weights = {**system.weights, "vgg": 1.0}
    with jt.flag_scope(lazy_execution=0):
        system.generator_terms(batch)
    np.testing.assert_allclose(given[0][0].numpy(), 0.7 * batch.image.numpy(), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(given[0][1].numpy(), batch.image.numpy())


def test_gs_gradient_goes_through_the_change():
    """Of a G with one number, whose image is this number times the photo."""
    system, batch, _ = augmenting()
    system.weights = {**system.weights, "feat": 0.0}
    weights = np.random.default_rng(1).standard_normal((2, 1, *SIDES)).astype(np.float32)
    system.D = SeenByD(jt.array(weights).stop_grad())
    with jt.flag_scope(lazy_execution=0):
        gradient = jt.grad(system.generator_terms(batch)["gan"], system.G.w0).item()
        changed = [change_of("G").image(w * batch.image).numpy().mean(1, keepdims=True) for w in (0.0, 1.0)]
    # hinge: G's loss is minus the mean logit, and the change is linear in the image
    assert gradient == pytest.approx(-((changed[1] - changed[0]) * weights).mean(dtype=np.float64), rel=1e-3)


def test_a_d_without_label_map_sees_changed_images():
    system, batch, seen = augmenting("tsit-ast")
    with jt.flag_scope(lazy_execution=0):
        system.discriminate(*system.augment(system.targets(batch), batch.a, "G", batch.index), for_generator=True)
    for (image, labels), original in zip(seen, (batch.a, batch.b)):
        np.testing.assert_allclose(image, change_of("G").image(original).numpy(), rtol=0, atol=1e-5)
        assert labels is None


@pytest.mark.parametrize("policy", [("colour",), ("color", "flip"), ("cutout", "cutout")])
def test_changes_that_do_not_exist_or_come_twice_are_refused(policy):
    with pytest.raises(InputError, match=f"diff_augment={','.join(policy)}: allowed are color,translation,cutout,"):
        SPADEConfig(diff_augment=policy)
