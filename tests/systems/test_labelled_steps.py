"""Whole steps of StarGAN and of the segmenter, by NumPy: every loss term is on in one of them."""

import numpy as np
import pytest

from helpers.hand_steps import (
    CUTS,
    FAKE,
    GEN,
    REAL,
    SEED,
    SIZE,
    Adam,
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
    softplus,
)
from helpers.step_options import SEGFORMER, STARGAN
from jittor_tsit.data.batches import PairedBatch
from jittor_tsit.layers import imagenet
from jittor_tsit.systems import segformer, stargan

MEANINGS = np.float32([0.5, -0.4, 0.3, -0.2, 0.1, 0.6])  # of the values of a label, to the generator


def relabelled(w, image, label):
    strength = mean(label * MEANINGS[: label.shape[1]], (1,)).reshape(label.shape[0], 1, 1, 1)
    return w[0] * image + (w[1] * strength + w[2]) * image * image


def judge(num_labels):
    """A discriminator that reads so many labels."""

    def function(w, image):
        x = mean(image, (2, 3))
        return (w[0] * image + w[1]) * image, join([w[2] * x, w[3] * x + w[2]], 1)[:, :num_labels]

    return function


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
        system,
        toys,
        adams(),
        lambda step: labelled_parts(stargan_arrays(step, config), step),
        lambda step: stargan_updates(step, config),
        steps=4,
    )
    assert {key: system.updates_of(key, 5) for key in "GD"} == {"G": 2 * num_sets(config), "D": 5 * num_sets(config)}


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
        system,
        toys,
        {"G": Adam(0.03, (0.5, 0.9), decay=2.0)},
        lambda step: parts_of(PairedBatch, segformer_arrays(step), step),
        segformer_updates,
        steps=3,
    )
