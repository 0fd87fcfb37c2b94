"""Whole steps of CycleGAN and SimGAN, by NumPy: every loss term is on in one of them."""

import jittor as jt
import numpy as np
import pytest

from helpers.hand_steps import (
    FAKE,
    GEN,
    REAL,
    SEED,
    SGD,
    Dropping,
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
    parts_of,
    penalty,
)
from helpers.step_options import CYCLEGAN, SIMGAN
from jittor_tsit.config.systems.simgan import LEAST_SIDE
from jittor_tsit.data.batches import ImageBatch
from jittor_tsit.systems import cyclegan, simgan
from jittor_tsit.systems.image_pool import ImagePool

SHAPE = (3, 4, 4)  # of an image


def domain_parts(step):
    return parts_of(ImageBatch, images(step, "a", "b"), step)


def grey_images(step):
    """The images as the data give them to a system of one channel; the mean of the channels stands for their luma."""
    return {name: image.mean(1, keepdims=True) for name, image in images(step, "a", "b").items()}


def grey_parts(step):
    return parts_of(ImageBatch, grey_images(step), step)


def translator(w, image, draws=None):
    y = (w[0] * image + w[1]) * image + w[2]
    return y if draws is None else y * (1 + w[3] * draws[0])


def judge(w, image):
    return (w[0] * image + w[1]) * image


class CycleGANTrace:
    """The step in NumPy, each side with a history of its own."""

    def __init__(self, config):
        self.config, self.weights = config, config.weights
        self.pools = {side: ImagePool(config.pool_size, SHAPE, side, SEED) for side in "ab"}  # what is kept where
        self.kept = {side: {} for side in "ab"}
        self.fakes = {}

    def of_G(self, w, fixed, step):
        x = images(step, "a", "b")

        def made(net, image, purpose):
            return translator(w[net], image, [drawn("normal", f"dropout {purpose} 0", index_of(step), SHAPE)])

        fake_a, fake_b = made("ba", x["b"], "fake_a"), made("ab", x["a"], "fake_b")
        if w is fixed:
            self.fakes = {"a": fake_a, "b": fake_b}
        loss = self.config.gan_loss
        terms = {
            "gan_a": gan(loss, GEN, [judge(w["D_a"], fake_a)]),
            "gan_b": gan(loss, GEN, [judge(w["D_b"], fake_b)]),
            "cycle_a": l1(made("ba", fake_b, "rec_a"), x["a"]),
            "cycle_b": l1(made("ab", fake_a, "rec_b"), x["b"]),
            "idt_a": l1(made("ba", x["a"], "idt_a"), x["a"]),
            "idt_b": l1(made("ab", x["b"], "idt_b"), x["b"]),
        }
        return {name: (getattr(self.weights, name), value) for name, value in terms.items()}

    def shown(self, step):
        """What the Ds see in place of a step's generated images; called once a step."""
        found = {}
        for side, fakes in self.fakes.items():
            given = []
            for place, image in zip(index_of(step), fakes):
                slot = self.pools[side].slot(place)
                given.append(image if slot is None else self.kept[side].get(slot, image))
                if slot is not None:
                    self.kept[side][slot] = image
            found[side] = np.stack(given)
        return found

    def of_D(self, w, step, shown):
        x, terms = images(step, "a", "b"), {}
        for side in "ab":
            numbers, real, fake = w[f"D_{side}"], x[side], shown[side]
            alpha = drawn("uniform", f"gp_{side}", index_of(step), (1, 1, 1))
            value = penalty(lambda image, numbers=numbers: [judge(numbers, image)], real, fake, alpha)
            terms[f"real_{side}"] = 0.5, gan(self.config.gan_loss, REAL, [judge(numbers, real)])
            terms[f"fake_{side}"] = 0.5, gan(self.config.gan_loss, FAKE, [judge(numbers, fake)])
            terms[f"gp_{side}"] = self.weights.gp, value
        return terms

    def updates(self, step):
        seen = []

        def of_D(w, fixed):
            if not seen:
                seen.append(self.shown(step))
            return self.of_D(w, step, seen[0])

        return [
            Update("G", "G", ("ab", "ba"), lambda w, fixed: self.of_G(w, fixed, step)),
            Update("D", "D", ("D_a", "D_b"), of_D),
        ]


def lazily(query):
    """A pool's query as in training: where operators run one by one, Jittor 1.3.11 assigns into copies, too."""

    def run(images, index):
        with jt.flag_scope(lazy_execution=1):
            return query(images, index)

    return run


@pytest.mark.parametrize("name", CYCLEGAN)
def test_cyclegans_steps_are_the_papers(monkeypatch, name):
    toys = {"ab": Dropping(translator, 0.3, 0.6, 0.1, 0.2), "ba": Dropping(translator, -0.2, 0.8, 0.05, 0.3)}
    toys.update(D_a=Toy(judge, 0.7, 0.4), D_b=Toy(judge, -0.5, 0.8))
    generators, discriminators = iter([toys["ab"], toys["ba"]]), iter([toys["D_a"], toys["D_b"]])
    monkeypatch.setattr(cyclegan, "ResNetGenerator", lambda *_: next(generators))
    monkeypatch.setattr(cyclegan, "PatchGAN", lambda *_: next(discriminators))
    system = cyclegan.CycleGANSystem(CYCLEGAN[name], 3, 4, 4, SEED)
    system.prepare_training(terms=())
    for pool in system.pools.values():
        monkeypatch.setattr(pool, "query", lazily(pool.query))
    trace = CycleGANTrace(CYCLEGAN[name])
    check_steps(system, toys, adams(), domain_parts, trace.updates, steps=5)
    assert any(slot is not None for pool in trace.pools.values() for slot in map(pool.slot, range(4, 15)))


def refiner(w, image):
    return (w[0] * image + w[1]) * image + w[2]


def patches(w, image):
    """Logits of refined and of real, [N, 2, H, W]."""
    return join([(w[0] * image + w[1]) * image, w[2] * image], 1)


def patch_loss(logits, answer):
    return cross_entropy(logits, np.eye(2)[answer][None, :, None, None]).mean()


@pytest.mark.parametrize("name", SIMGAN)
def test_simgans_steps_are_the_papers(monkeypatch, name):
    """First G alone for two steps, D alone for two, then G twice and D once in turn."""
    config = SIMGAN[name]
    toys = {"G": Toy(refiner, 0.3, 0.6, 0.1), "D": Toy(patches, 0.7, 0.4, -0.9)}
    monkeypatch.setattr(simgan, "Refiner", lambda *_: toys["G"])
    monkeypatch.setattr(simgan, "LocalDiscriminator", lambda *_: toys["D"])
    monkeypatch.setitem(LEAST_SIDE, "gaze", 4)
    system = simgan.SimGANSystem(config, 3, 4, 4, SEED)
    system.prepare_training(terms=())
    asked, query = [], system.pool.query

    def watched(refined, index):
        given = query(refined, index)
        asked.append((refined.numpy(), given.numpy(), list(index)))
        return given

    monkeypatch.setattr(system.pool, "query", watched)

    def updates(step):
        a, b = grey_images(step).values()

        def alone(w, fixed):
            return {"reg": (config.weights.reg, l1(refiner(w["G"], a), a))}

        def of_G(w, fixed):
            refined = refiner(w["G"], a)
            return {**alone(w, fixed), "gan": (config.weights.gan, patch_loss(patches(w["D"], refined), 1))}

        def of_D(w, fixed):
            refined, given, index = (np.concatenate(parts) for parts in zip(*asked[-2:]))
            np.testing.assert_allclose(refined, refiner(fixed["G"], a), atol=1e-5)  # a few roundings of 6e-8
            assert list(index) == list(index_of(step))
            shown, real = patches(w["D"], given.astype(np.float64)), patches(w["D"], b)
            return {"refined": (0.5, patch_loss(shown, 0)), "real": (0.5, patch_loss(real, 1))}

        terms_of = [alone, alone, of_D, of_D, of_G, of_G, of_D, of_G, of_G, of_D][step]
        name = "D" if terms_of is of_D else "G"
        return [Update(name, name, (name,), terms_of)]

    check_steps(system, toys, {"G": SGD(0.05, 0.8), "D": SGD(0.3, 0.8)}, grey_parts, updates, steps=10)
    assert len(asked) == 2 * 4  # of two parts, in the four steps of D
