"""Whole steps of UNIT's two forms and of its adaptation, by NumPy: every loss term is on in one of them."""

import numpy as np
import pytest

from helpers.hand_steps import (
    FAKE,
    GEN,
    REAL,
    SEED,
    SIZE,
    Toy,
    Update,
    adams,
    check_steps,
    cross_entropy,
    drawn,
    gan,
    images,
    index_of,
    join,
    l1,
    labelled_parts,
    mean,
    parts_of,
    penalty,
)
from helpers.step_options import DIGITS, UNIT
from jittor_tsit.data.batches import ImageBatch
from jittor_tsit.networks.unit_digits import DROPOUT
from jittor_tsit.systems import system_class, unit, unit_digits, unit_rewrite

SHAPE = (3, 4, 4)  # of an image and of a code


def domain_parts(step):
    return parts_of(ImageBatch, images(step, "a", "b"), step)


def coded(w, image, side, draw):
    return (w[side] * image + w[2]) * image * (1 + w[3] * draw)


def decoded(w, code, side, draw):
    return (w[4 + side] * code + w[6] * code * code) * (1 + w[7] * draw)


def judged(w, image, side):
    return [(w[side] * image + w[2]) * image, w[3 + side] * image]


def content(image):
    return 0.3 * image * image + image


class Coder(Toy):
    """UNIT's generator."""

    def encode(self, image, side, draws=None):
        """As the real one."""
        return coded(self.numbers(), image, side, 0 if draws is None else next(draws))

    def decode(self, code, side, draws=None):
        """As the real one."""
        return decoded(self.numbers(), code, side, 0 if draws is None else next(draws))


class UNITTrace:
    """The step in NumPy."""

    def __init__(self, config):
        self.config, self.weights = config, config.weights

    def coin(self, purpose, step):
        """What dropout draws."""
        return drawn("coins", f"{purpose} 0", index_of(step), SHAPE) if self.config.dropout else 0

    def code(self, w, image, side, step, way):
        """Of an image, and with noise."""
        code = coded(w["G"], image, side, self.coin(f"{way} encode", step))
        return code, code + drawn("normal", way, index_of(step), SHAPE)

    def image(self, w, code, side, step, way):
        """From a code."""
        return decoded(w["G"], code, side, self.coin(f"{way} decode", step))

    def of_D(self, w, fixed, step):
        x, terms, loss = images(step, "a", "b"), {}, self.config.gan_loss
        for side, name in enumerate("ab"):
            other = "ba"[side]
            noisy = self.code(fixed, x[other], 1 - side, step, f"D {other}")[1]
            fake = self.image(fixed, noisy, side, step, f"D {other}{name}")
            terms[f"real_{name}"] = self.weights.gan, 2 * gan(loss, REAL, judged(w["D"], x[name], side))
            terms[f"fake_{name}"] = self.weights.gan, 2 * gan(loss, FAKE, judged(w["D"], fake, side))
            if self.weights.gp:
                alpha = drawn("uniform", f"gp_{name}", index_of(step), (1, 1, 1))
                value = penalty(lambda image, side=side: judged(w["D"], image, side), x[name], fake, alpha)
                terms[f"gp_{name}"] = self.weights.gp, value
        return terms

    def of_G(self, w, step):
        x, found = images(step, "a", "b"), {}
        for side, name in enumerate("ab"):
            there, way, is_noisy = 1 - side, f"G {name}", self.config.form == "paper"
            code, noisy = self.code(w, x[name], side, step, way)
            fake = self.image(w, noisy, there, step, f"{way} fake")
            code_there, noisy_there = self.code(w, fake, there, step, f"{way} there")
            found[f"gan_{'ab'[there]}"] = 2 * gan(self.config.gan_loss, GEN, judged(w["D"], fake, there))
            found[f"rec_{name}"] = l1(self.image(w, noisy, side, step, f"{way} rec"), x[name])
            found[f"cycle_{name}"] = l1(self.image(w, noisy_there, side, step, f"{way} cycle"), x[name])
            found[f"kl_{name}"] = ((noisy if is_noisy else code) ** 2).mean()
            found[f"kl_cycle_{name}"] = ((noisy_there if is_noisy else code_there) ** 2).mean()
            if self.weights.vgg:
                found[f"vgg_{'ab'[there]}"] = ((content(fake) - content(x[name])) ** 2).mean()
        return {name: (getattr(self.weights, name.rpartition("_")[0]), value) for name, value in found.items()}

    def updates(self, step):
        of_D, of_G = (lambda w, fixed: self.of_D(w, fixed, step)), (lambda w, fixed: self.of_G(w, step))
        return [Update("D", "D", ("D",), of_D), Update("G", "G", ("G",), of_G)]


@pytest.mark.parametrize("name", UNIT)
def test_units_steps_are_the_papers(monkeypatch, name):
    config = UNIT[name]
    toys = {"G": Coder(coded, 0.5, 0.7, 0.3, 0.2, 0.6, 0.8, 0.1, -0.2), "D": Toy(judged, 0.7, -0.4, 0.5, 0.9, 0.6)}
    monkeypatch.setattr(unit, "SharedLatentGenerator", lambda *_: toys["G"])
    monkeypatch.setattr(unit_rewrite, "SeparateGenerator", lambda *_: toys["G"])
    monkeypatch.setitem(unit.DISCRIMINATORS, "shared", lambda *_: toys["D"])
    monkeypatch.setattr(unit_rewrite, "SidesDiscriminator", lambda *_: toys["D"])
    monkeypatch.setattr(unit_rewrite, "ContentFeatures", lambda path: content)
    system = system_class("unit", config)(config, 3, 8, 8, SEED)
    system.code_shape = SHAPE
    system.prepare_training({term for term, weight in vars(config.weights).items() if weight})
    trace = UNITTrace(config)
    check_steps(system, {"G": toys["G"], "D": toys["D"]}, adams(l2=0.3), domain_parts, trace.updates, steps=2)


def front(w, image, side):
    return w[side] * (image if side else mean(image, (1,)).reshape(image.shape[0], 1, *image.shape[2:]))


def code_of(w, x):
    return w[2] * x + w[3], w[4] * x * x + 0.5


def both_sides(w, z):
    """An image of either side."""
    return join([w[5] * z, w[6] * z * z, z], 1), w[7] * z


class DigitsCoder(Toy):
    """The adaptation's generator."""

    def front(self, image, side):
        """As the real one."""
        return front(self.numbers(), image, side)

    def code(self, x):
        """As the real one."""
        return code_of(self.numbers(), x)

    def decode(self, z):
        """As the real one."""
        return both_sides(self.numbers(), z)


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
        maps = [seen(self.numbers(), image, side) for side, image in enumerate(both)]
        return two_logits(self.numbers(), join(maps, 0), draws)

    def features(self, image, side):
        """As the real one."""
        return seen(self.numbers(), image, side)

    def classify(self, image, side, draws):
        """As the real one."""
        return mean(two_logits(self.numbers(), seen(self.numbers(), image, side), draws), (2, 3))


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
        mu, sigma = code_of(w["G"], np.concatenate([front(w["G"], a, 0), front(w["G"], b, 1)], 0))
        noise = np.concatenate([drawn("normal", f"{purpose} {k}", index, (1, 4, 4)) for k in (0, 1)], 0)
        as_a, as_b = both_sides(w["G"], mu + sigma * noise)
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
    toys = {"G": DigitsCoder(code_of, 0.5, 0.7, 0.9, 0.1, 0.3, 0.6, 0.8, -0.4)}
    toys["D"] = Judge(seen, 0.7, -0.4, 0.5, 0.9, 0.6)
    monkeypatch.setattr(unit_digits, "CoupledVAE", lambda *_: toys["G"])
    monkeypatch.setattr(unit_digits, "CoupledDiscriminator", lambda *_: toys["D"])
    system = unit_digits.UNITDigitsSystem(DIGITS, 3, 32, 32, SEED)
    system.prepare_training(terms=())
    check_steps(
        system, toys, adams(l2=0.3), lambda step: labelled_parts(digits_arrays(step), step), digits_updates, steps=2
    )
