"""Whole steps of StarGAN, UNIT's adaptation and the segmenter, by NumPy: every loss term is on in one of them."""

import numpy as np
import pytest
from hand_steps import (
    CUTS,
    FAKE,
    GEN,
    REAL,
    SEED,
    SIZE,
    Adam,
    Toy,
    Update,
    check_steps,
    cross_entropy,
    drawn,
    gan,
    images,
    index_of,
    join,
    l1,
    mean,
    parts_of,
    penalty,
    softplus,
)

from jittor_tsit import imagenet
from jittor_tsit.config import OptimConfig
from jittor_tsit.data import LabelledBatch, LabelledImages, PairedBatch
from jittor_tsit.networks.unit_digits import DROPOUT
from jittor_tsit.systems import segformer, stargan, unit_digits

OPTIM = OptimConfig(lr_G=0.03, lr_D=0.02, betas=(0.5, 0.9))
MEANINGS = np.float32([0.5, -0.4, 0.3, -0.2, 0.1, 0.6])  # of the values of a label, to the generator


def numpy_adams(l2=0.0):
    """The optimizers of these rates."""
    return {"G": Adam(0.03, (0.5, 0.9), l2), "D": Adam(0.02, (0.5, 0.9), l2)}


def labelled_parts(arrays_of_sets, step):
    """The step's batches of several sets."""
    sets = [parts_of(LabelledImages, arrays, step, number=k) for k, arrays in enumerate(arrays_of_sets)]
    return [LabelledBatch(each) for each in zip(*sets)]


def relabelled(w, image, label):
    strength = mean(label * MEANINGS[: label.shape[1]], (1,)).reshape(label.shape[0], 1, 1, 1)
    return w[0] * image + (w[1] * strength + w[2]) * image * image


def judge(num_labels):
    """A discriminator that reads so many labels."""

    def function(w, image):
        x = mean(image, (2, 3))
        return (w[0] * image + w[1]) * image, join([w[2] * x, w[3] * x + w[2]], 1)[:, :num_labels]

    return function


STARGAN_WEIGHTS = stargan.StarGANWeights(gan=1.5, cls=0.7, rec=5.0, gp=4.0)
STARGAN = {
    "stargan": stargan.StarGANConfig(
        attributes=("p", "q"), n_critic=2, gan_loss="lsgan", optim=OPTIM, weights=STARGAN_WEIGHTS
    ),
    "stargan-two": stargan.StarGANConfig(
        attributes=("p", "q"), classes=("r", "s"), n_critic=2, optim=OPTIM, weights=STARGAN_WEIGHTS
    ),
    "stargan-classes": stargan.StarGANConfig(
        attributes=(), classes=("r", "s"), n_critic=2, optim=OPTIM, weights=STARGAN_WEIGHTS
    ),
}  # fmt: skip


def num_sets(config):
    return 2 if config.attributes and config.classes else 1


def stargan_arrays(step, config):
    """For each set the images, their labels and those of others."""
    rng, sets = np.random.default_rng(100 + step), []
    for number in range(num_sets(config)):
        has_attributes = number == 0 and config.attributes
        known = rng.integers(0, 2, (2, SIZE, 2)) if has_attributes else np.eye(2)[rng.integers(0, 2, (2, SIZE))]
        if num_sets(config) == 2:
            nothing, marks = np.zeros_like(known), np.broadcast_to(np.eye(2)[number], known.shape)
            known = np.concatenate([known, nothing, marks] if number == 0 else [nothing, known, marks], 2)
        label, target = known.astype(np.float64)
        sets.append({"image": images(10 * step + number, "image")["image"], "label": label, "target": target})
    return sets


def label_loss(logits, label, number, config):
    """Attributes: of each yes or no, summed. Classes: of one of them."""
    own = slice(2 * number, 2 * number + 2)
    logits, label = logits[:, own], label[:, own]
    if number == 0 and config.attributes:
        return (softplus(logits) - logits * label).sum() / SIZE
    return cross_entropy(logits, label).mean()


def stargan_updates(step, config):
    """Of each set first D, then in every second step G."""
    D, weights, updates = judge(2 * num_sets(config)), config.weights, []
    for number, x in enumerate(stargan_arrays(step, config)):

        def of_D(w, fixed, x=x, number=number):
            fake = relabelled(fixed["G"], x["image"], x["target"])
            alpha = drawn("uniform", "gp", index_of(step), (1, 1, 1))
            logits, labels = D(w["D"], x["image"])
            return {
                "real": (weights.gan, gan(config.gan_loss, REAL, [logits])),
                "fake": (weights.gan, gan(config.gan_loss, FAKE, [D(w["D"], fake)[0]])),
                "cls": (weights.cls, label_loss(labels, x["label"], number, config)),
                "gp": (weights.gp, penalty(lambda image: [D(w["D"], image)[0]], x["image"], fake, alpha)),
            }

        def of_G(w, fixed, x=x, number=number):
            fake = relabelled(w["G"], x["image"], x["target"])
            logits, labels = D(w["D"], fake)
            return {
                "gan": (weights.gan, gan(config.gan_loss, GEN, [logits])),
                "cls": (weights.cls, label_loss(labels, x["target"], number, config)),
                "rec": (weights.rec, l1(relabelled(w["G"], fake, x["label"]), x["image"])),
            }

        suffix = ("", "2")[number]
        updates.append(Update(f"D{suffix}", "D", ("D",), of_D))
        if step % 2:
            updates.append(Update(f"G{suffix}", "G", ("G",), of_G))
    return updates


@pytest.mark.parametrize("name", STARGAN)
def test_stargans_steps_are_the_papers(monkeypatch, name):
    config = STARGAN[name]
    toys = {"G": Toy(relabelled, 0.6, 0.5, 0.3), "D": Toy(judge(2 * num_sets(config)), 0.7, 0.4, 0.9, -0.6)}
    monkeypatch.setattr(stargan, "StarGANGenerator", lambda *_: toys["G"])
    monkeypatch.setattr(stargan, "StarGANDiscriminator", lambda *_: toys["D"])
    system = stargan.StarGANSystem(config, 3, 64, 64, SEED)
    system.prepare_training(terms=())
    check_steps(
        system, toys, numpy_adams(), lambda step: labelled_parts(stargan_arrays(step, config), step),
        lambda step: stargan_updates(step, config), steps=4,
    )  # fmt: skip
    assert {key: system.updates_of(key, 5) for key in "GD"} == {"G": 2 * num_sets(config), "D": 5 * num_sets(config)}


def front(w, image, side):
    return w[side] * (image if side else mean(image, (1,)).reshape(image.shape[0], 1, *image.shape[2:]))


def code(w, x):
    return w[2] * x + w[3], w[4] * x * x + 0.5


def decoded(w, z):
    """An image of either side."""
    return join([w[5] * z, w[6] * z * z, z], 1), w[7] * z


class Coder(Toy):
    """The adaptation's generator."""

    def front(self, image, side):
        """As the real one."""
        return front(self.numbers(), image, side)

    def code(self, x):
        """As the real one."""
        return code(self.numbers(), x)

    def decode(self, z):
        """As the real one."""
        return decoded(self.numbers(), z)


def seen(w, image, side):
    x = mean(image, (1,)).reshape(image.shape[0], 1, *image.shape[2:])
    return w[side] * x + w[2] * x * x


def two_logits(w, x, draws=(1, 1)):
    x = x * draws[0] * draws[1]
    return join([w[3] * x, w[4] * x + w[2] * x * x], 1)


class Judge(Toy):
    """The adaptation's discriminator."""

    drop_shapes = [(1, 4, 4), (1, 4, 4)]

    def judge(self, both, draws):
        """As the real one."""
        return two_logits(self.numbers(), join([seen(self.numbers(), image, k) for k, image in enumerate(both)], 0), draws)

    def features(self, image, side):
        """As the real one."""
        return seen(self.numbers(), image, side)

    def classify(self, image, side, draws):
        """As the real one."""
        return mean(two_logits(self.numbers(), seen(self.numbers(), image, side), draws), (2, 3))


DIGITS = unit_digits.UNITDigitsConfig(
    classes=("p", "q"), l2=0.3, optim=OPTIM,
    weights=unit_digits.UNITDigitsWeights(gan=1.5, rec=0.3, kl=0.2, feat=0.1, cls=5.0),
)  # fmt: skip


def digits_arrays(step):
    """Images of a with their classes, and images of b."""
    x = images(step, "a", "b")
    label = np.eye(2)[np.random.default_rng(100 + step).integers(0, 2, SIZE)]
    return [{"image": x[side], "label": label, "target": label} for side in "ab"]


def digits_updates(step):
    """D first, by images that G makes of other draws than in its own step."""
    weights, (of_a, of_b), index = DIGITS.weights, digits_arrays(step), index_of(step)
    a, b, label = of_a["image"], of_b["image"].mean(1, keepdims=True), of_a["label"]

    def made(w, purpose):
        mu, sigma = code(w["G"], np.concatenate([front(w["G"], a, 0), front(w["G"], b, 1)], 0))
        noise = np.concatenate([drawn("normal", f"{purpose} {k}", index, (1, 4, 4)) for k in (0, 1)], 0)
        as_a, as_b = decoded(w["G"], mu + sigma * noise)
        return {"aa": as_a[:SIZE], "ba": as_a[SIZE:], "ab": as_b[:SIZE], "bb": as_b[SIZE:]}, mu, sigma

    def draws(purpose, sets=(0, 1)):
        uniform = [[drawn("uniform", f"{purpose} {k} {n}", index, (1, 4, 4)) for n in sets] for k in (0, 1)]
        return [np.concatenate(each, 0) >= share for each, share in zip(uniform, DROPOUT)]

    def verdict(w, x, y, purpose, answer):
        both = np.concatenate([seen(w["D"], x, 0), seen(w["D"], y, 1)], 0)
        logits = two_logits(w["D"], both, draws(purpose))
        return cross_entropy(logits, np.eye(2)[answer][None, :, None, None]).mean()

    def squared(x, y):
        return ((x - y) ** 2).sum() / SIZE

    def of_D(w, fixed):
        x, _, _ = made(fixed, "D")
        fakes = verdict(w, x["aa"], x["bb"], "D rec", 0), verdict(w, x["ba"], x["ab"], "D fake", 0)
        classes = two_logits(w["D"], seen(w["D"], a, 0), draws("D cls", (0,))).mean((2, 3))
        return {
            "real": (weights.gan, verdict(w, a, b, "D real", 1)),
            "fake": (weights.gan, np.mean(fakes)),
            "feat_a": (weights.feat, squared(seen(w["D"], x["ab"], 1), seen(w["D"], x["aa"], 0))),
            "feat_b": (weights.feat, squared(seen(w["D"], x["ba"], 0), seen(w["D"], x["bb"], 1))),
            "cls": (weights.cls, cross_entropy(classes, label).mean()),
        }

    def of_G(w, fixed):
        x, mu, sigma = made(w, "G")
        looks = verdict(w, x["aa"], x["bb"], "G rec", 1), verdict(w, x["ba"], x["ab"], "G fake", 1)
        divergence = (mu**2 + sigma**2 - np.log(sigma**2)).sum(1).mean()
        return {
            "gan": (weights.gan, np.sum(looks)),
            "rec_a": (weights.rec, squared(x["aa"], a)),
            "rec_b": (weights.rec, squared(x["bb"], b)),
            "kl": (weights.kl, 2 * divergence),
        }

    return [Update("D", "D", ("D",), of_D), Update("G", "G", ("G",), of_G)]


def test_the_adaptations_steps_are_the_papers(monkeypatch):
    toys = {"G": Coder(code, 0.5, 0.7, 0.9, 0.1, 0.3, 0.6, 0.8, -0.4), "D": Judge(seen, 0.7, -0.4, 0.5, 0.9, 0.6)}
    monkeypatch.setattr(unit_digits, "CoupledVAE", lambda *_: toys["G"])
    monkeypatch.setattr(unit_digits, "CoupledDiscriminator", lambda *_: toys["D"])
    system = unit_digits.UNITDigitsSystem(DIGITS, 3, 32, 32, SEED)
    system.prepare_training(terms=())
    check_steps(
        system, toys, numpy_adams(l2=0.3), lambda step: labelled_parts(digits_arrays(step), step), digits_updates, steps=2
    )


SEGFORMER = segformer.SegFormerConfig(
    balance=0.7, optim=OptimConfig(lr_G=0.03, betas=(0.5, 0.9), weight_decay=2.0),
    weights=segformer.SegFormerWeights(cross_entropy=1.5),
)  # fmt: skip


def segmenter(w, image, draws):
    return (w[0] * image + w[1] * draws.reshape(draws.shape[0], 1, 1, 1)) * image + w[2] * image


class Segmenter(Toy):
    """Of numbers of two axes, as weights that AdamW decays."""

    shape, num_draws = (1, 1), 1


def segformer_arrays(step):
    """Photos and one-hot maps of three classes, the last of which is rare."""
    ids = np.random.default_rng(100 + step).choice(3, (SIZE, 1, 4, 4), p=[0.6, 0.3, 0.1])
    segmap = (ids == np.arange(3)[:, None, None]).astype(np.float64)
    return {"segmap": segmap, **images(step, "image")}


def segformer_updates(step):
    """Each part by the shares of its own classes."""
    x = segformer_arrays(step)
    draws = drawn("normal", "G", index_of(step), (1,))
    deviation, average = np.reshape(imagenet.STD, (3, 1, 1)), np.reshape(imagenet.MEAN, (3, 1, 1))
    image = ((x["image"] + 1) / 2 - average) / deviation

    def of_G(w, fixed):
        total = 0
        for first, last in CUTS:
            own = slice(first, last)
            found = cross_entropy(segmenter(w["G"], image[own], draws[own]), x["segmap"][own])
            share = x["segmap"][own].mean((0, 2, 3))
            factors = np.where(share > 0, np.maximum(share, 1e-12) ** -0.7, 0)
            factors = factors[x["segmap"][own].argmax(1)]
            total += (found * factors).sum() / factors.sum() * (last - first) / SIZE
        return {"cross_entropy": (1.5, total)}

    return [Update("G", "G", ("G",), of_G)]


def test_the_segmenters_steps_are_the_papers(monkeypatch):
    toys = {"G": Segmenter(segmenter, 0.6, 0.5, 0.3)}
    monkeypatch.setattr(segformer, "SegFormer", lambda *_: toys["G"])
    system = segformer.SegFormerSystem(SEGFORMER, 3, 32, 32, SEED)
    system.prepare_training(terms=())
    check_steps(
        system, toys, {"G": Adam(0.03, (0.5, 0.9), decay=2.0)},
        lambda step: parts_of(PairedBatch, segformer_arrays(step), step), segformer_updates, steps=3,
    )  # fmt: skip
