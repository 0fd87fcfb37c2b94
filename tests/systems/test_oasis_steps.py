"""Whole steps of OASIS, by NumPy from the paper's equations: all terms, classes balanced over the parts of a batch.

One of the four channels of the label maps is "no class".
"""

import numpy as np
import pytest

from helpers.hand_steps import (
    SEED,
    SIZE,
    Toy,
    Update,
    adams,
    check_steps,
    cross_entropy,
    drawn,
    images,
    index_of,
    join,
    l1,
    mean,
    parts_of,
)
from helpers.step_options import OASIS
from jittor_tsit.data.batches import PairedBatch
from jittor_tsit.systems import oasis

CLASSES = 3


def generator(w, segmap, z):
    return w[0] * segmap[:, :CLASSES] + w[1] * z * segmap[:, :CLASSES] + w[2] * segmap[:, 1:] + w[3] * z


def discriminator(w, image):
    """Logits of three classes and of "generated". Each depends on all pixels: else mixing would commute with D."""
    whole = 9 * mean(image * image, (1, 2, 3)).reshape(-1, 1, 1, 1) + 3 * mean(image, (1, 2, 3)).reshape(-1, 1, 1, 1)
    return join(
        [w[0] * image * whole + w[1] * image * image, w[2] * image[:, :1] * image[:, 1:2] + w[3] * image[:, 2:]], 1
    )


def vgg(image):
    return [k * image * image + image for k in (1, 2, 3, 5, 7)]


def perceptual(image, target):
    return sum(weight * l1(x, y) for weight, x, y in zip((1 / 32, 1 / 16, 1 / 8, 1 / 4, 1), vgg(image), vgg(target)))


def arrays(step):
    """Photos, and label maps in which the last of the four channels is "no class"."""
    ids = np.random.default_rng(100 + step).choice(4, (SIZE, 1, 4, 4), p=(0.6, 0.2, 0.05, 0.15))
    return {"segmap": (ids == np.arange(4)[:, None, None]).astype(np.float64), **images(step, "image")}


def answers(shown, generated):
    """The N + 1 channels of the right answers."""
    return np.concatenate([shown, generated], 1)


class Trace:
    """The step in NumPy."""

    def __init__(self, step):
        x, self.index = arrays(step), index_of(step)
        self.segmap, self.real, self.shown = x["segmap"], x["image"], x["segmap"][:, :CLASSES]
        self.known = self.shown.sum(1)  # [N, H, W]
        alpha = 1 / self.shown.mean((0, 2, 3))  # the paper's: H W N over the pixels of the class
        assert np.isfinite(alpha).all()
        self.alpha = alpha / (self.shown * alpha.reshape(1, -1, 1, 1)).sum(1).mean()  # scaled to the mean 1

    def fake(self, w, purpose):
        return generator(w["G"], self.segmap, drawn("normal", purpose, self.index, (3, 1, 1)))

    def of_classes(self, logits):
        none = np.zeros_like(self.known[:, None])
        weighted = answers(self.shown * self.alpha.reshape(1, -1, 1, 1), none)
        return cross_entropy(logits, weighted).mean()

    def of_G(self, w):
        fake = self.fake(w, "G")
        return {
            "gan": (1.5, self.of_classes(discriminator(w["D"], fake))),
            "vgg": (2.5, perceptual(fake, self.real)),
        }

    def of_D(self, w, fixed):
        fake, D = self.fake(fixed, "D"), lambda image: discriminator(w["D"], image)
        generated = answers(np.zeros_like(self.shown), self.known[:, None])
        coins = drawn("coins", "labelmix", self.index, (CLASSES,))
        mask = (self.shown * coins[:, :, None, None]).sum(1, keepdims=True)
        assert set(coins.ravel()) == {0, 1} and 0 < mask.mean() < 1
        difference = D(mask * self.real + (1 - mask) * fake) - (mask * D(self.real) + (1 - mask) * D(fake))
        return {
            "real": (1, self.of_classes(D(self.real))),
            "fake": (1, cross_entropy(D(fake), generated).sum() / self.known.sum()),
            "labelmix": (3.0, ((difference**2).mean(1) * self.known).sum() / self.known.sum()),
        }


def updates(step):
    trace = Trace(step)
    return [
        Update("G", "G", ("G",), lambda w, fixed: trace.of_G(w)),
        Update("D", "D", ("D",), lambda w, fixed: trace.of_D(w, fixed)),
    ]


@pytest.fixture
def toys(monkeypatch):
    """Networks in place of the real ones, by name."""
    made = {"G": Toy(generator, 0.6, 0.4, 0.2, 0.3), "D": Toy(discriminator, 0.9, 0.4, -0.6, 1.1)}
    monkeypatch.setattr(oasis, "OASISGenerator", lambda *_: made["G"])
    monkeypatch.setattr(oasis, "OASISDiscriminator", lambda *_: made["D"])
    monkeypatch.setattr(oasis, "find_vgg", lambda *_: vgg)
    return made


def test_steps_are_the_papers(toys):
    system = oasis.OASISSystem(OASIS, CLASSES + 1, 64, 64, SEED)
    system.known_classes = CLASSES
    system.prepare_training({"gan", "labelmix", "vgg"})
    check_steps(system, toys, adams(), lambda step: parts_of(PairedBatch, arrays(step), step), updates, steps=2)
