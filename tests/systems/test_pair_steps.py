"""Whole steps of pix2pix and BicycleGAN, by NumPy: every loss term is on in one of them."""

import numpy as np
import pytest

from data_tools.sets.classes import colorize
from helpers.hand_steps import (
    FAKE,
    GEN,
    REAL,
    SEED,
    SIZE,
    Dropping,
    Toy,
    Update,
    adams,
    check_steps,
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
from helpers.step_options import BICYCLEGAN, PIX2PIX
from jittor_tsit.data.batches import ImageBatch, PairedBatch
from jittor_tsit.systems import bicyclegan, pix2pix

NUM_CLASSES = 3


def palette_image(ids):
    """Label maps [N, 1, H, W] in the classes' colours, in [-1, 1]."""
    colors = colorize(np.arange(NUM_CLASSES, dtype=np.uint8)[None], NUM_CLASSES)[0] / 127.5 - 1
    return colors[ids[:, 0]].transpose(0, 3, 1, 2)


def label_ids(step):
    return np.random.default_rng(100 + step).integers(0, NUM_CLASSES, (SIZE, 1, 4, 4))


def with_dropout(w, a, draws):
    return w[0] * a * a + w[1] * draws[0] * a + w[2]


def beside(w, pair):
    """Logits of an image beside its input."""
    a, b = pair[:, :3], pair[:, 3:]
    return (w[0] * b + w[1]) * b + w[2] * a * b


def arrays_of(step, config, *others):
    """Inputs of a step, and of the networks."""
    if config.source == "images":
        arrays = images(step, "a", "b", *others)
        arrays["a"] = arrays["a"][:, : config.in_channels]
        return arrays, arrays["a"], arrays["b"]
    ids = label_ids(step)
    segmap = (ids == np.arange(NUM_CLASSES)[:, None, None]).astype(np.float64)
    arrays = {"segmap": segmap, **images(step, "image", *others)}
    return arrays, palette_image(ids), arrays["image"]


def pix2pix_updates(step, config):
    """D first, by the image that G learns from afterwards."""
    _, a, b = arrays_of(step, config)
    draws = [drawn("normal", "dropout0", index_of(step), (3, 4, 4))]

    def judge(w, image):
        return [beside(w["D"], np.concatenate([a, image], 1))]

    def of_D(w, fixed):
        fake, terms = with_dropout(fixed["G"], a, draws), {}
        for name, side, image in (("fake", FAKE, fake), ("real", REAL, b)):
            terms[name] = 0.5, gan(config.gan_loss, side, judge(w, image))
        if config.weights.gp:
            alpha = drawn("uniform", "gp", index_of(step), (1, 1, 1))
            terms["gp"] = config.weights.gp, penalty(lambda x: judge(w, x), b, fake, alpha)
        return terms

    def of_G(w, fixed):
        fake = with_dropout(w["G"], a, draws)
        found = {"gan": gan(config.gan_loss, GEN, judge(w, fake)), "l1": l1(fake, b)}
        return {name: (getattr(config.weights, name), value) for name, value in found.items()}

    return [Update("D", "D", ("D",), of_D), Update("G", "G", ("G",), of_G)]


@pytest.mark.parametrize("name", PIX2PIX)
def test_pix2pixs_steps_are_the_papers(monkeypatch, name):
    config = PIX2PIX[name]
    toys = {"G": Dropping(with_dropout, 0.6, 0.3, 0.1), "D": Toy(beside, 0.7, 0.4, -0.9)}
    monkeypatch.setattr(pix2pix, "UNetGenerator", lambda *_: toys["G"])
    monkeypatch.setattr(pix2pix, "PatchGAN", lambda *_: toys["D"])
    system = pix2pix.Pix2PixSystem(config, NUM_CLASSES, 256, 256, SEED)
    system.prepare_training(terms=())
    batch = ImageBatch if config.source == "images" else PairedBatch
    check_steps(
        system,
        toys,
        adams(),
        lambda step: parts_of(batch, arrays_of(step, config)[0], step),
        lambda step: pix2pix_updates(step, config),
        steps=2,
    )


def latent_generator(w, a, z, draws=None):
    image = w[0] * a + w[1] * z.reshape(z.shape[0], 3, 1, 1) * a * a + w[2]
    return image if draws is None else image * (1 + w[3] * draws[0])


def latent_encoder(w, image):
    x = mean(image, (2, 3))
    return w[0] * x + w[1], w[2] * x + w[3]


def two_scales(w, image):
    return [(w[0] * image + w[1]) * image, w[2] * image]


def bicyclegan_updates(step, config):
    """G and E, then both Ds by the images that G made before."""
    (x, a, b), index, made = arrays_of(step, config, "other"), index_of(step), []
    weights = config.weights
    z = drawn("normal", "z", index, (3,))
    draws = dict.fromkeys(("encoded", "drawn"))
    if config.dropout:
        draws = {way: [drawn("normal", f"dropout {way} 0", index, (3, 4, 4))] for way in draws}

    def of_G(w, fixed):
        mu, logvar = latent_encoder(w["E"], b)
        code = mu + drawn("normal", "G", index, (3,)) * np.exp(logvar / 2)
        encoded = latent_generator(w["G"], a, code, draws["encoded"])
        styled = latent_generator(w["G"], a, z, draws["drawn"])
        if w is fixed:
            made[:] = [encoded, styled]
        found = {
            "gan": 2 * gan(config.gan_loss, GEN, two_scales(w["D"], encoded)),
            "gan2": 2 * gan(config.gan_loss, GEN, two_scales(w["D2"], styled)),
            "l1": l1(encoded, b),
            "kl": kl(mu, logvar),
            "latent": l1(latent_encoder(fixed["E"], styled)[0], z),
        }
        return {name: (getattr(weights, name), value) for name, value in found.items()}

    def of_D(w, fixed):
        terms = {}
        for net, suffix, real, fake in (("D", "", b, made[0]), ("D2", "2", x["other"], made[1])):
            terms[f"fake{suffix}"] = 1, 2 * gan(config.gan_loss, FAKE, two_scales(w[net], fake))
            terms[f"real{suffix}"] = 1, 2 * gan(config.gan_loss, REAL, two_scales(w[net], real))
            if weights.gp:
                alpha = drawn("uniform", f"gp{suffix}", index, (1, 1, 1))
                value = penalty(lambda image, net=net: two_scales(w[net], image), real, fake, alpha)
                terms[f"gp{suffix}"] = weights.gp, value
        return terms

    return [Update("G", "G", ("G", "E"), of_G), Update("D", "D", ("D", "D2"), of_D)]


@pytest.mark.parametrize("name", BICYCLEGAN)
def test_bicyclegans_steps_are_the_papers(monkeypatch, name):
    config = BICYCLEGAN[name]
    numbers = (0.6, 0.3, 0.1, 0.2) if config.dropout else (0.6, 0.3, 0.1)
    toys = {"G": Dropping(latent_generator, *numbers), "E": Toy(latent_encoder, 0.5, 0.2, 0.8, -0.3)}
    toys.update(D=Toy(two_scales, 0.7, 0.4, -0.9), D2=Toy(two_scales, -0.5, 0.8, 0.6))
    of_sides = iter([toys["D"], toys["D2"]])
    monkeypatch.setattr(bicyclegan, "LatentUNet", lambda *_: toys["G"])
    monkeypatch.setattr(bicyclegan, "LatentEncoder", lambda *_: toys["E"])
    monkeypatch.setattr(bicyclegan, "TwoScalePatchGAN", lambda *_: next(of_sides))
    system = bicyclegan.BicycleGANSystem(config, NUM_CLASSES, 256, 256, SEED)
    system.prepare_training(terms=())
    batch = ImageBatch if config.source == "images" else PairedBatch
    check_steps(
        system,
        toys,
        adams(),
        lambda step: parts_of(batch, arrays_of(step, config, "other")[0], step),
        lambda step: bicyclegan_updates(step, config),
        steps=2,
    )
