"""Whole steps of TSIT and SPADE, by NumPy: every loss term is on in one of them."""

import dataclasses

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
    kl,
    l1,
    mean,
    parts_of,
    penalty,
)
from helpers.step_options import SYNTHESIS
from jittor_tsit.data.batches import ImageBatch, PairedBatch
from jittor_tsit.layers import imagenet
from jittor_tsit.networks.first_tensor import MapStart
from jittor_tsit.networks.patchgan_multiscale import DiscriminatorOutput
from jittor_tsit.systems import spade, synthesis, system_class, tsit, tsit_style_transfer


def content_and_style(w, content, noise, style):
    return w[0] * content + w[1] * style * style + w[2] * noise + w[3]


def from_code(w, segmap, z):
    return w[0] * segmap + w[1] * z.reshape(z.shape[0], 3, 1, 1) + w[2]


def from_map(w, segmap, small):
    return w[0] * segmap + w[1] * small * segmap + w[2]


def encoder(w, image):
    x = mean(image, (2, 3))
    return w[0] * x + w[1], w[2] * x + w[3]


def discriminator(w, image, segmap=None):
    first = w[0] * image if segmap is None else w[0] * image + w[1] * segmap
    second = (w[2] * image + w[1]) * image
    return DiscriminatorOutput([w[3] * first + second, w[4] * second], [[first, second], [w[4] * second * first]])


def vgg(image):
    return [k * image * image + image for k in (1, 2, 3, 5, 7)]


def perceptual(image, target):
    return sum(weight * l1(x, y) for weight, x, y in zip((1 / 32, 1 / 16, 1 / 8, 1 / 4, 1), vgg(image), vgg(target)))


def segmenter(image):
    return 0.7 * image * image + image


def nima(image):
    """Shares of the ten scores of each image."""
    x = mean(image, (1, 2, 3))
    return (x * x).reshape(x.shape[0], 1) * np.arange(1, 11, dtype=np.float32) / 55


def labels(step):
    """One-hot maps of three classes, [3, 3, 4, 4]."""
    ids = np.random.default_rng(100 + step).integers(0, 3, (SIZE, 1, 4, 4))
    return (ids == np.arange(3)[:, None, None]).astype(np.float64)


@pytest.fixture
def toys(monkeypatch):
    """Networks in place of the real ones, by name."""
    made = {"D": Toy(discriminator, 0.9, 0.4, -0.6, 1.1, 0.8), "E": Toy(encoder, 0.5, 0.2, 0.8, -0.3)}

    def make(function, *numbers):
        made["G"] = Toy(function, *numbers)
        return made["G"]

    def make_synthesizer(channels, width, start, is_ast=False, *_, **options):
        if is_ast is True:
            return make(content_and_style, 0.6, 0.5, 0.3, 0.1)
        return make(from_map if isinstance(start, MapStart) else from_code, 0.6, 0.4, 0.1)

    monkeypatch.setattr(tsit, "TSITGenerator", make_synthesizer)
    monkeypatch.setattr(tsit_style_transfer, "TSITGenerator", make_synthesizer)
    monkeypatch.setattr(spade, "SPADEGenerator", make_synthesizer)
    monkeypatch.setattr(synthesis, "MultiscaleDiscriminator", lambda *_: made["D"])
    monkeypatch.setattr(synthesis, "ConvEncoder", lambda *_: made["E"])
    monkeypatch.setattr(synthesis, "find_vgg", lambda *_: vgg)
    monkeypatch.setattr(synthesis.SynthesisSystem, "find_segmenter", lambda self: segmenter)
    monkeypatch.setattr(synthesis, "load_nima", lambda file: nima)
    monkeypatch.setattr(synthesis, "SIDE", 4)
    return made


class Trace:
    """The step of TSIT and SPADE in NumPy."""

    def __init__(self, config):
        self.config, self.weights = config, config.weights
        self.is_ast, self.has_code = getattr(config, "form", "") == "ast", config.use_vae

    def arrays(self, step):
        """Inputs of a step."""
        return images(step, "a", "b") if self.is_ast else {"segmap": labels(step), **images(step, "image")}

    def images(self, w, step, purpose):
        """Generated images, the photographs that D and VGG know, the label map, and the terms of the code and cycle."""
        x, index = self.arrays(step), index_of(step)
        if self.is_ast:
            noise = drawn("normal", purpose, index, (3, 1, 1))
            fake = content_and_style(w["G"], x["a"], noise, x["b"])
            again = content_and_style(w["G"], fake, drawn("normal", "cycle", index, (3, 1, 1)), x["a"])
            return fake, x["b"], x["a"], None, {"cycle": l1(again, x["a"])}
        if not self.has_code:
            return from_map(w["G"], x["segmap"], x["segmap"][:, :, :1, :1]), x["image"], x["image"], x["segmap"], {}
        mu, logvar = encoder(w["E"], x["image"])
        z = mu + np.exp(logvar / 2) * drawn("normal", purpose, index, (3,))
        return from_code(w["G"], x["segmap"], z), x["image"], x["image"], x["segmap"], {"kld": kl(mu, logvar)}

    def of_G(self, w, step):
        fake, real, likeness, segmap, terms = self.images(w, step, "G")
        fakes, reals = discriminator(w["D"], fake, segmap), discriminator(w["D"], real, segmap)
        terms["gan"] = gan(self.config.gan_loss, GEN, fakes.logits)
        scales = [sum(l1(x, y) for x, y in zip(*feats)) for feats in zip(fakes.feats, reals.feats)]
        terms.update(feat=np.mean(scales), vgg=perceptual(fake, likeness))
        if self.weights.segmenter:
            deviation, average = np.reshape(imagenet.STD, (3, 1, 1)), np.reshape(imagenet.MEAN, (3, 1, 1))
            logits = segmenter(((fake + 1) / 2 - average) / deviation)
            found = cross_entropy(logits, segmap)
            rating = (nima(fake) * np.arange(1, 11)).sum(1)
            terms.update(segmenter=found.mean(), score=1 - (np.exp(-found).mean((1, 2)) * rating / 10).mean())
        return {name: (getattr(self.weights, name), value) for name, value in terms.items()}

    def of_D(self, w, fixed, step):
        fake, real, _, segmap, _ = self.images(fixed, step, "D")
        terms = {}
        for name, side, image in (("real", REAL, real), ("fake", FAKE, fake)):
            terms[name] = 1, gan(self.config.gan_loss, side, discriminator(w["D"], image, segmap).logits)
        if self.weights.gp:
            alpha = drawn("uniform", "gp", index_of(step), (1, 1, 1))
            value = penalty(lambda x: discriminator(w["D"], x, segmap).logits, real, fake, alpha)
            terms["gp"] = self.weights.gp, value
        return terms

    def updates(self, step):
        nets = ("G", "E") if self.has_code and not self.is_ast else ("G",)
        return [
            Update("G", "G", nets, lambda w, fixed: self.of_G(w, step)),
            Update("D", "D", ("D",), lambda w, fixed: self.of_D(w, fixed, step)),
        ]


@pytest.mark.parametrize("name", SYNTHESIS)
def test_steps_are_the_papers(toys, name):
    trace, config = Trace(SYNTHESIS[name]), dataclasses.replace(SYNTHESIS[name], segmenter="a toy takes its place")
    kind = system_class(name.partition("-")[0], config)
    system = kind(config, 3, 128, 256, SEED)
    system.start_size, system.image_multiple = (1, 1), 4  # images of 4 x 4 pixels
    system.prepare_training({term for term, weight in vars(config.weights).items() if weight})
    batch = ImageBatch if trace.is_ast else PairedBatch
    used = {net: toys[net] for net in (*trace.updates(0)[0].nets, "D")}
    check_steps(system, used, adams(), lambda step: parts_of(batch, trace.arrays(step), step), trace.updates, steps=2)
